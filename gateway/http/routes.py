"""The table of the REST API: `server` makes the routes from it, `openapi` the document."""

from collections.abc import AsyncGenerator
from typing import Any, Literal

import msgspec
from msgspec import Struct

from gateway.http import openapi
from gateway.http.route import Stream, route
from gateway.usecases import (
    Parts,
    assets,
    attempts,
    audit,
    bulks,
    codecs,
    commands,
    commissioning,
    devices,
    events,
    lamps,
    programmes,
    quarantine,
    schedules,
    series,
    stories,
    stream,
    street,
    webhooks,
)
from gateway.usecases.series import SeriesRange
from gateway.usecases.stream import StreamHeaders, StreamQuery


class Health(Struct):
    """The service answers. troubles: what is wrong, one sentence each that says who acts next."""

    status: Literal["ok", "trouble"]
    version: str
    troubles: list[str]


async def _health(parts: Parts) -> Health:
    """Whether the service answers, and what is wrong at the network server or the store."""
    await parts.store.read(lambda view: view.last_cursor())
    troubles = [*parts.network.troubles(), *parts.store.troubles()]
    return Health("trouble" if troubles else "ok", openapi.VERSION, troubles)


async def _document(_parts: Parts) -> dict[str, Any]:
    """This document."""
    return openapi.document(ROUTES)


async def _stream(parts: Parts, *, query: StreamQuery, headers: StreamHeaders) -> Stream:
    """Events as they come, as server-sent events; `Last-Event-ID` goes on behind that one."""
    return Stream(await stream.follow(parts, query=query, headers=headers), stream.SEND_S)


async def _table(parts: Parts, dev_eui: str, *, query: SeriesRange) -> Stream:
    """The whole series as CSV; a spreadsheet computes no text in it."""
    return Stream(await series.table(parts, dev_eui, query=query))


async def _geojson(parts: Parts) -> dict[str, Any]:
    """All assets as GeoJSON, which `lamplighter asset import` takes."""
    return msgspec.json.decode(await assets.export(parts, geojson=True))


async def _assets_csv(parts: Parts) -> Stream:
    """All assets as CSV; a spreadsheet computes no text in it."""

    async def chunks() -> AsyncGenerator[bytes, None]:
        yield (await assets.export(parts, geojson=False)).encode()

    return Stream(chunks())


ROUTES = (
    route("health", "GET /v1/health", "", _health),
    route("openapi", "GET /v1/openapi.json", "", _document),
    route("devices", "GET /v1/devices", "read", devices.find_all),
    route("add_device", "POST /v1/devices", "admin", devices.add, status=201),
    route(
        "commission",
        "POST /v1/commissionings",
        "admin",
        commissioning.commission,
        status=201,
        errors=(404,),
    ),
    route("device", "GET /v1/devices/{dev_eui}", "read", devices.find),
    route("remove_device", "DELETE /v1/devices/{dev_eui}", "admin", devices.remove, errors=(422,)),
    route("latest", "GET /v1/devices/{dev_eui}/latest", "read", devices.latest),
    route("series", "GET /v1/devices/{dev_eui}/series", "read", series.page, errors=(422,)),
    route(
        "series_table",
        "GET /v1/devices/{dev_eui}/series.csv",
        "read",
        _table,
        content="text/csv",
        errors=(422,),
    ),
    route("explain_device", "GET /v1/devices/{dev_eui}/story", "read", stories.of_device),
    route("assets", "GET /v1/assets", "read", assets.find_all, errors=(422,)),
    route("assets_geojson", "GET /v1/assets.geojson", "read", _geojson),
    route("assets_csv", "GET /v1/assets.csv", "read", _assets_csv, content="text/csv"),
    route("asset", "GET /v1/assets/{id}", "read", assets.find),
    route("assign", "PUT /v1/assets/{id}/device", "admin", assets.assign),
    route("remove_asset", "DELETE /v1/assets/{id}", "admin", assets.remove, errors=(422,)),
    route("street", "GET /v1/street", "read", street.find),
    route("public", "GET /v1/public", "", street.public, errors=(404,)),
    route("tag", "PUT /v1/devices/{dev_eui}/tags", "admin", devices.tag),
    route("ask", "POST /v1/devices/{dev_eui}/commands", "command", commands.ask, status=202),
    route("commands", "GET /v1/commands", "read", commands.find_all),
    route("command", "GET /v1/commands/{id}", "read", commands.find),
    route("cancel", "POST /v1/commands/{id}/cancel", "command", commands.cancel, errors=(422,)),
    route("ask_many", "POST /v1/bulks", "command", bulks.ask, status=202, errors=(404,)),
    route("try_bulk", "POST /v1/bulks/trial", "command", bulks.attempt, errors=(404,)),
    route("bulks", "GET /v1/bulks", "read", bulks.find_all),
    route("bulk", "GET /v1/bulks/{id}", "read", bulks.find),
    route("cancel_bulk", "POST /v1/bulks/{id}/cancel", "command", bulks.cancel, errors=(422,)),
    route("approve_bulk", "POST /v1/bulks/{id}/approve", "command", bulks.approve, errors=(422,)),
    route("schedules", "GET /v1/schedules", "read", schedules.find_all),
    route(
        "add_schedule", "POST /v1/schedules", "command", schedules.add, status=201, errors=(404,)
    ),
    route("remove_schedule", "DELETE /v1/schedules/{id}", "command", schedules.remove),
    route(
        "approve_schedule",
        "POST /v1/schedules/{id}/approve",
        "command",
        schedules.approve,
        errors=(422,),
    ),
    route("programmes", "GET /v1/programmes", "read", programmes.find_all),
    route("edit_programme", "POST /v1/programmes", "command", programmes.edit, status=201),
    route("programme", "GET /v1/programmes/{name}", "read", programmes.find),
    route(
        "preview_programme",
        "GET /v1/programmes/{name}/preview",
        "read",
        programmes.see,
        errors=(422,),
    ),
    route(
        "push_programme", "POST /v1/programmes/{name}/push", "command", programmes.push, status=202
    ),
    route("try_push", "POST /v1/programmes/{name}/trial", "command", programmes.attempt),
    route("lamps", "GET /v1/lamps", "read", programmes.status),
    route("lamps_health", "GET /v1/lamps/health", "read", lamps.health_of_all),
    route("codecs", "GET /v1/codecs", "admin", codecs.find_all),
    route("add_codec", "POST /v1/codecs", "admin", codecs.add, status=201),
    route("try_codec", "POST /v1/codecs/{id}/try", "admin", codecs.attempt),
    route("remove_codec", "DELETE /v1/codecs/{id}", "admin", codecs.remove, errors=(422,)),
    route("events", "GET /v1/events", "read", events.page, errors=(422,)),
    route(
        "stream",
        "GET /v1/events/stream",
        "read",
        _stream,
        content="text/event-stream",
        errors=(422,),
    ),
    route("redecode", "POST /v1/events/redecode", "admin", quarantine.redecode),
    route("explain", "GET /v1/events/{id}", "read", stories.of_event),
    route("audit", "GET /v1/audit", "admin", audit.page),
    route("webhooks", "GET /v1/webhooks", "admin", webhooks.find_all),
    route("add_webhook", "POST /v1/webhooks", "admin", webhooks.add, status=201),
    route("webhook", "GET /v1/webhooks/{id}", "admin", webhooks.find),
    route("remove_webhook", "DELETE /v1/webhooks/{id}", "admin", webhooks.remove),
    route("deliveries", "GET /v1/webhooks/{id}/deliveries", "admin", webhooks.deliveries),
    route("attempts", "GET /v1/webhooks/{id}/attempts", "admin", attempts.find_all),
    route("replay", "POST /v1/webhooks/{id}/replay", "admin", webhooks.replay),
    route("pause_webhook", "POST /v1/webhooks/{id}/pause", "admin", webhooks.pause),
    route("resume_webhook", "POST /v1/webhooks/{id}/resume", "admin", webhooks.resume),
    route(
        "test_webhook",
        "POST /v1/webhooks/{id}/test",
        "admin",
        webhooks.test,
        status=202,
        errors=(422,),
    ),
    route("retry", "POST /v1/webhooks/{id}/retry", "admin", webhooks.retry),
    route("rotate", "POST /v1/webhooks/{id}/rotate", "admin", webhooks.rotate),
    route("enable_webhook", "POST /v1/webhooks/{id}/enable", "admin", webhooks.enable),
)
"""Every operation of the API."""

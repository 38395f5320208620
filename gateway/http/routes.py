"""The table of the REST API: `server` makes the routes from it, `openapi` the document."""

from typing import Any

from msgspec import Struct

from gateway.http import views


class Route(Struct, frozen=True, kw_only=True):
    """One operation.

    name: of the method of `api.Api` that does it, and the operation's id.
    scope: of the API key, empty is open to all.  body, query: what it takes.
    status, reply: what it gives.  errors: other statuses, each with a `views.Problem`.
    """

    name: str
    method: str
    path: str
    scope: str
    summary: str
    reply: type[Struct] | None
    status: int = 200
    body: type[Struct] | None = None
    query: type[Struct] | None = None
    errors: tuple[int, ...] = ()


def _route(
    name: str, line: str, scope: str, summary: str, reply: type[Struct] | None, **more: Any
) -> Route:
    method, path = line.split()
    errors = {500, 503, *more.pop("errors", ())}
    errors |= {401, 403} if scope else set()
    errors |= {400, 413, 422} if "body" in more else set()
    errors |= {400} if "query" in more else set()
    errors |= {404} if "{" in path else set()
    return Route(
        name=name,
        method=method,
        path=path,
        scope=scope,
        summary=summary,
        reply=reply,
        errors=tuple(sorted(errors)),
        **more,
    )


ROUTES = (
    _route("health", "GET /v1/health", "", "Whether the service answers.", views.Health),
    _route("openapi", "GET /v1/openapi.json", "", "This document.", None),
    _route("devices", "GET /v1/devices", "read", "All devices.", views.Devices),
    _route(
        "add_device", "POST /v1/devices", "admin",
        "Register a device here and at the network server; its key is shown once.",
        views.DeviceCreated, status=201, body=views.DeviceRequest,
    ),
    _route("device", "GET /v1/devices/{dev_eui}", "read", "One device.", views.DeviceView),
    _route(
        "remove_device", "DELETE /v1/devices/{dev_eui}", "admin",
        "Remove a device here and at the network server; its events stay.",
        views.Done, errors=(422,),
    ),
    _route(
        "latest", "GET /v1/devices/{dev_eui}/latest", "read",
        "The newest value of each property.", views.LatestView,
    ),
    _route(
        "ask", "POST /v1/devices/{dev_eui}/commands", "command",
        "Ask something of a device; the answer's id names it in `command` events.",
        views.CommandView, status=202, body=views.CommandRequest,
    ),
    _route(
        "commands", "GET /v1/commands", "read", "Commands, newest first.",
        views.Commands, query=views.CommandsQuery,
    ),
    _route("command", "GET /v1/commands/{id}", "read", "One command.", views.CommandView),
    _route(
        "events", "GET /v1/events", "read", "Events in the order of their commits.",
        views.EventPage, query=views.EventsQuery,
    ),
    _route(
        "explain", "GET /v1/events/{id}", "read",
        "An event and what became of it at each webhook.", views.Story,
    ),
    _route("webhooks", "GET /v1/webhooks", "admin", "All webhooks.", views.Webhooks),
    _route(
        "add_webhook", "POST /v1/webhooks", "admin",
        "Add a webhook: it gets the events from now on; its secret is shown once.",
        views.WebhookCreated, status=201, body=views.WebhookRequest,
    ),
    _route("webhook", "GET /v1/webhooks/{id}", "admin", "One webhook.", views.WebhookView),
    _route(
        "remove_webhook", "DELETE /v1/webhooks/{id}", "admin",
        "Remove a webhook; what is pending for it is withdrawn.", views.Done,
    ),
    _route(
        "deliveries", "GET /v1/webhooks/{id}/deliveries", "admin",
        "What is on its way to a webhook, or dead.",
        views.Deliveries, query=views.DeliveriesQuery,
    ),
    _route(
        "replay", "POST /v1/webhooks/{id}/replay", "admin",
        "Send its dead letters again, with a fresh schedule.", views.Done,
    ),
    _route(
        "enable_webhook", "POST /v1/webhooks/{id}/enable", "admin",
        "Deliver again to a webhook that was disabled.", views.WebhookView,
    ),
)  # fmt: skip
"""Every operation of the API."""

"""Lamps' programmes: keep versions, preview a night, push to lamps, see who follows what."""

import asyncio
from datetime import date, datetime
from typing import Annotated

from msgspec import Meta, Struct

from gateway import bulk_trial
from gateway.bulk_trial import Request
from gateway.clock import Instant, rfc3339, time_zone
from gateway.errors import Refused
from gateway.lighting import encoded, kept, preview, source
from gateway.lighting.preview import BASELINES, Place, Preview
from gateway.plans import Programme
from gateway.store import View
from gateway.usecases import Eui, Parts, Tag, bulks, one_of
from gateway.usecases.bulks import BulkTrial, BulkView


class ProgrammeRequest(Struct, forbid_unknown_fields=True):
    """A programme. source: its file, TOML or JSON; its name is in it."""

    source: Annotated[str, Meta(max_length=source.SOURCE_BYTES)]


class ProgrammeView(Struct):
    """One version of a programme. bytes, parts: on the lamp, and commands to push it."""

    version: int
    name: str
    who: str
    created_at: Instant
    bytes: int
    parts: int
    source: str


class Programmes(Struct):
    """Every version, newest first."""

    programmes: list[ProgrammeView]


class PreviewQuery(Struct):
    """Which night. date: on which it begins, empty is today.  rated_w, standby_w: of a lamp."""

    date: str = ""
    latitude: Annotated[float, Meta(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Meta(ge=-180, le=180)] | None = None
    rated_w: Annotated[float, Meta(gt=0, le=10_000)] = 70.0
    standby_w: Annotated[float, Meta(ge=0, le=10_000)] = 1.0
    baseline: Annotated[str, one_of(*BASELINES)] = "full_night"


class PushRequest(Struct, forbid_unknown_fields=True):
    """The lamps that fit all of what is given, as of a bulk."""

    devices: Annotated[list[Eui], Meta(max_length=1000)] = []
    tags: Annotated[list[Tag], Meta(max_length=20)] = []
    profile: Annotated[str, Meta(max_length=24)] = ""
    expires_in_s: Annotated[int, Meta(ge=1, le=30 * 86400)] | None = None
    idempotency_key: Annotated[str, Meta(max_length=200)] = ""


class LampView(Struct):
    """What a lamp follows: version in force by its newest report, version pushed last, state."""

    dev_eui: str
    name: str
    version: int | None
    pushed: int
    state: str
    reason: str


class Lamps(Struct):
    """Every lamp."""

    lamps: list[LampView]


async def edit(parts: Parts, *, body: ProgrammeRequest, caller: str) -> ProgrammeView:
    """Keep the next version of a programme; lamps follow it once it is pushed."""
    now_ms = parts.clock()
    made = await parts.store.write(lambda tx: kept.edit(tx, body.source, caller, now_ms))
    return _shown(made)


async def find_all(parts: Parts) -> Programmes:
    """Every version of every programme, newest first."""
    found = await parts.store.read(kept.versions)
    return Programmes([_shown(one) for one in found])


async def find(parts: Parts, name: str) -> ProgrammeView:
    """One programme: a version, or the newest of a name."""
    return _shown(await parts.store.read(lambda view: kept.find(view, name)))


async def see(parts: Parts, name: str, *, query: PreviewQuery) -> Preview:
    """What a lamp does in one night by a programme, what it uses, and the French decree."""

    def question(view: View) -> tuple[Programme, Programme | None]:
        found = kept.find(view, name)
        return found, kept.before(view, found)

    found, older = await parts.store.read(question)
    if query.baseline == "previous" and older is None:
        raise Refused(f"there is no version of {found.name} before {found.version}", "baseline")
    against = older.source if older and query.baseline == "previous" else ""
    return await asyncio.to_thread(previewed, found.source, against, query, parts.clock())


def previewed(text: str, against: str, query: PreviewQuery, now_ms: int) -> Preview:
    """A preview of a text. against: the baseline's, empty is the full night. Raises Refused."""
    read = source.read(text)
    place = Place(
        read.latitude if query.latitude is None else query.latitude,
        read.longitude if query.longitude is None else query.longitude,
        query.rated_w,
        query.standby_w,
    )
    if not place.latitude and not place.longitude:
        raise Refused("a preview needs a place: give `latitude` and `longitude`", "latitude")
    data = encoded.encode(read, 0)
    other = encoded.encode(source.read(against), 0) if against else None
    return preview.preview(read, data, other, _date(query.date, read.zone, now_ms), place)


def _date(text: str, zone: str, now_ms: int) -> date:
    if not text:
        return datetime.fromtimestamp(now_ms / 1000, time_zone(zone)).date()
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise Refused(f"`date` is {text[:50]!r}: give a day as 2026-06-21", "date") from None
    if not 1971 <= found.year <= 2099:
        raise Refused("`date` is not within 1971 and 2099", "date")
    return found


async def push(parts: Parts, name: str, *, body: PushRequest, caller: str) -> BulkView:
    """Push a programme to lamps, in parts; each lamp acknowledges it by its version."""
    request = await _request(parts, name, body, caller)
    return await bulks.begin(parts, request)


async def attempt(parts: Parts, name: str, *, body: PushRequest, caller: str) -> BulkTrial:
    """What a push would do: to whom, airtime, until when, and which limit refuses it."""
    return await bulks.trial(parts, await _request(parts, name, body, caller))


async def _request(parts: Parts, name: str, body: PushRequest, caller: str) -> Request:
    selection = bulks.selection_of(body.devices, body.tags, body.profile)

    def question(view: View) -> Programme:
        found = kept.find(view, name)
        chosen = {one.dev_eui for one in bulk_trial.select(view, selection)}
        if not body.idempotency_key:
            kept.check_free(chosen, bulk_trial.running(view))
        return found

    found = await parts.store.read(question)
    read = source.read(found.source)
    return Request(
        who=caller,
        name="programme",
        parts=encoded.parts(encoded.encode(read, found.version), found.version),
        selection=selection,
        expires_in_s=body.expires_in_s,
        key=body.idempotency_key,
        least=read.least(),
    )


async def status(parts: Parts) -> Lamps:
    """Which version each lamp follows, and how far its newest push came."""

    def question(view: View) -> list[kept.Lamp]:
        return [kept.lamp(view, one) for one in view.devices() if one.profile == "lamp"]

    found = await parts.store.read(question)
    return Lamps(
        [
            LampView(one.dev_eui, one.name, one.version, one.pushed, one.state, one.reason)
            for one in found
        ]
    )


def _shown(one: Programme) -> ProgrammeView:
    data = encoded.encode(source.read(one.source), one.version)
    return ProgrammeView(
        version=one.version,
        name=one.name,
        who=one.who,
        created_at=rfc3339(one.created_at_ms),
        bytes=len(data),
        parts=len(encoded.parts(data, one.version)),
        source=one.source,
    )

"""Events as they come, as server-sent events: resumed by id, in the order of their commits.

An `id` is a cursor of the store, so that a client that sends it back as `Last-Event-ID` gets all
that came since, also after the service was started again. An event has no name, so that a
browser's `onmessage` gets it; `gap` and `doubt` are told by events of these names.
"""

import asyncio
from collections.abc import AsyncGenerator
from typing import Annotated

import msgspec
from msgspec import Meta, Struct, field

from gateway import filters
from gateway.doubts import doubts
from gateway.errors import Problem, Refused
from gateway.events import Entry
from gateway.filters import Filter
from gateway.marks import patiently
from gateway.store import View
from gateway.usecases import Parts

LOOK_S = 0.5
"""How often the store is looked at; another process may have written it."""
KEEP_S = 15.0
"""How often a client without events gets a comment, so that nothing between cuts the connection.

Source: HTML Standard, 9.2.7 "Authoring notes".
"""
SEND_S = 20.0
"""How long a client may take to read what one look found; then it is dropped."""
PAGE = 200
"""Events read at a time."""
Cursor = Annotated[int, Meta(ge=0, le=2**62)]
Names = Annotated[str, Meta(max_length=2000, description="separated by commas; empty is any")]


class StreamQuery(Struct):
    """Which events. after: as `next` of `GET /v1/events`; without it, from now on.

    types, devices, properties, tags: a filter as that of a webhook.
    """

    after: Cursor | None = None
    types: Names = ""
    devices: Names = ""
    properties: Names = ""
    tags: Names = ""


class StreamHeaders(Struct):
    """What a browser's EventSource sends when it connects again; goes before `after`."""

    last_event_id: Cursor | None = field(default=None, name="Last-Event-ID")


class Gap(Struct):
    """Data of `gap`: events between these cursors may be gone, as they were too old to be kept."""

    after: int
    oldest: int


async def follow(
    parts: Parts, *, query: StreamQuery, headers: StreamHeaders
) -> AsyncGenerator[bytes, None]:
    """Begin a stream; gives its pieces. Raises Refused for an id that is not of this store."""
    asked = filters.checked(
        *map(_listed, (query.types, query.devices, query.properties, query.tags))
    )
    after = query.after if headers.last_event_id is None else headers.last_event_id
    begin, said = await parts.store.read(lambda view: _begin(view, asked, after))
    return _pieces(parts, asked, begin, said)


def _listed(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


def _begin(view: View, asked: Filter, after: int | None) -> tuple[int, bytes]:
    """Where to begin, and what to say first."""
    last = view.last_cursor()
    said = b"".join(_named("doubt", Problem(one, Refused.act)) for one in doubts(view, asked))
    if after is None:
        return last, said
    if after > last:
        raise Refused(
            f"there is no event {after} here, the newest is {last}: that id is of another store, "
            "so begin without it and read from `GET /v1/events` what is missing",
            "after",
        )
    oldest = view.events(limit=1)
    if after and oldest and oldest[0].cursor > after + 1:
        said += _named("gap", Gap(after, oldest[0].cursor))
    return after, said


async def _pieces(
    parts: Parts, asked: Filter, begin: int, said: bytes
) -> AsyncGenerator[bytes, None]:
    yield said + _at(begin)  # an id to come back with, also before any event
    loop = asyncio.get_running_loop()
    due = loop.time() + KEEP_S
    seen = begin
    while True:
        found, passing = await _after(parts, asked, seen)
        seen = found[-1].cursor if found else seen
        piece = b"".join(map(_told, passing))
        if loop.time() >= due and not piece:
            piece = b": nothing new\n" + _at(seen)
        if piece:
            due = loop.time() + KEEP_S
            yield piece
        if len(found) < PAGE:
            await asyncio.sleep(LOOK_S)


async def _after(parts: Parts, asked: Filter, cursor: int) -> tuple[list[Entry], list[Entry]]:
    """What comes next, and what of it the filter lets through."""

    def look(view: View) -> tuple[list[Entry], list[Entry]]:
        found = view.events(cursor, PAGE)
        tags_of = view.tags_of
        return found, [one for one in found if filters.lets_through(asked, one.body, tags_of)]

    return await patiently(lambda: parts.store.read(look))


def _told(entry: Entry) -> bytes:
    return b"id: %d\ndata: %b\n\n" % (entry.cursor, bytes(entry.body))


def _at(cursor: int) -> bytes:
    """Moves the client's id; no event comes of it. Source: HTML Standard, 9.2.6."""
    return b"id: %d\n\n" % cursor


def _named(name: str, data: Struct) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), msgspec.json.encode(data))

"""Events: read them in order."""

from collections.abc import Callable
from typing import Annotated

import msgspec
from msgspec import Meta, Raw, Struct

from gateway import filters
from gateway.clock import Instant, parse_ms
from gateway.doubts import doubts
from gateway.errors import Refused
from gateway.events import KINDS, Event
from gateway.usecases import Limit, Parts, one_of, span_ms

CHUNK = 500
"""Events of one look at the store, where few may pass."""
LOOKED = 20_000
"""Events that are looked at for one page."""

_decode = msgspec.json.Decoder(Event).decode


class EventsQuery(Struct):
    """Which events. after: the `next` of the page before.  kind, subject: empty is any.

    since, until: of their `time`, RFC 3339; until is not among them.  property: which they tell.
    last: instead of a page, the newest so many, newest first; then `after`, `limit`, `since`,
    `until` and `property` are left out.
    """

    after: Annotated[int, Meta(ge=0, le=2**62)] = 0
    limit: Limit = 100
    last: Limit | None = None
    kind: Annotated[str, one_of(*KINDS, "")] = ""
    subject: str = ""
    since: Instant = ""
    until: Instant = ""
    property: str = ""


class EventPage(Struct):
    """Events in the order of their commits, or the newest, newest first.

    next: `after` of the page that begins behind these.  more: events behind these are there, or
    were not looked at yet: of a filter that few events pass, a page may be empty and not the last.
    doubts: what of `property` matched nothing so far, one sentence that says who acts next.
    """

    events: list[Event]
    next: int
    more: bool
    doubts: list[str]


async def page(parts: Parts, *, query: EventsQuery) -> EventPage:
    """Events in the order of their commits; with `last` the newest, newest first."""
    if query.last is not None:
        return await _newest(parts, query, query.last)
    since_ms, until_ms = span_ms(query.since, query.until)
    asked = filters.checked((), (), (query.property,) * bool(query.property))
    after = query.after
    if query.since and not after:
        after = await parts.store.read(lambda view: view.cursor_before(since_ms))
    made = EventPage([], after, more=True, doubts=[])

    def passing(body: Raw) -> Event | None:
        if query.property and not filters.lets_through(asked, body, lambda _: ()):
            return None
        event = _decode(body)
        return event if since_ms <= parse_ms(event.time) < until_ms else None

    every = not (query.since or query.until or query.property)
    await _fill(parts, made, query, query.limit if every else CHUNK, passing)
    if query.property:
        made.doubts = await parts.store.read(lambda view: doubts(view, asked))
    return made


async def _fill(
    parts: Parts,
    made: EventPage,
    query: EventsQuery,
    size: int,
    passing: Callable[[Raw], Event | None],
) -> None:
    """Fill a page. size: events of one look at the store."""
    subject = query.subject.lower()
    for _ in range(0, LOOKED, size):
        found = await parts.store.read(
            lambda view: view.events(made.next, size, query.kind, subject)
        )
        made.more = len(found) == size
        for entry in found:
            made.next = entry.cursor
            event = passing(entry.body)
            made.events += [event] if event else []
            if len(made.events) == query.limit:
                made.more = made.more or entry is not found[-1]
                return
        if not made.more:
            return


async def _newest(parts: Parts, query: EventsQuery, last: int) -> EventPage:
    told = (query.after, query.since, query.until, query.property)
    if any(told) or query.limit != EventsQuery().limit:
        raise Refused(
            "`last` gives the newest events: leave `after` and `limit` out, and `since`, `until` "
            "and `property`",
            "last",
        )
    subject = query.subject.lower()
    found, end = await parts.store.read(
        lambda view: (view.newest_events(last, query.kind, subject), view.last_cursor())
    )
    return EventPage([_decode(one.body) for one in found], end, more=False, doubts=[])

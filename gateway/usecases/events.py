"""Events: read them in order, and explain one."""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from gateway.errors import Refused, Unknown
from gateway.events import KINDS, Event
from gateway.store import View
from gateway.usecases import Limit, Parts, one_of
from gateway.usecases.webhooks import DeliveryView, delivery_view

_decode = msgspec.json.Decoder(Event).decode


class EventsQuery(Struct):
    """Which events. after: the `next` of the page before.  kind, subject: empty is any.

    last: instead of a page, the newest so many, newest first; then `after` and `limit` are left
    out.
    """

    after: Annotated[int, Meta(ge=0, le=2**62)] = 0
    limit: Limit = 100
    last: Limit | None = None
    kind: Annotated[str, one_of(*KINDS, "")] = ""
    subject: str = ""


class EventPage(Struct):
    """Events in the order of their commits, or the newest, newest first.

    next: `after` of the page that begins behind these.
    """

    events: list[Event]
    next: int


class Story(Struct):
    """An event and what became of it at each webhook that wants it."""

    event: Event
    deliveries: list[DeliveryView]


async def page(parts: Parts, *, query: EventsQuery) -> EventPage:
    """Events in the order of their commits; with `last` the newest, newest first."""
    if query.last is not None:
        return await _newest(parts, query, query.last)
    found = await parts.store.read(
        lambda view: view.events(query.after, query.limit, query.kind, query.subject.lower())
    )
    events = [_decode(one.body) for one in found]
    return EventPage(events, found[-1].cursor if found else query.after)


async def _newest(parts: Parts, query: EventsQuery, last: int) -> EventPage:
    if query.after or query.limit != EventsQuery().limit:
        raise Refused("`last` gives the newest events: leave `after` and `limit` out", "last")
    subject = query.subject.lower()
    found, end = await parts.store.read(
        lambda view: (view.newest_events(last, query.kind, subject), view.last_cursor())
    )
    return EventPage([_decode(one.body) for one in found], end)


async def explain(parts: Parts, event_id: str) -> Story:
    """An event and what became of it at each webhook."""
    found = await parts.store.read(lambda view: _story(view, event_id))
    if found is None:
        raise Unknown(f"there is no event {event_id}; `lamplighter event list` shows them")
    return found


def _story(view: View, event_id: str) -> Story | None:
    entry = view.event(event_id)
    if entry is None:
        return None
    deliveries = [delivery_view(one) for one in view.deliveries(event_id=event_id)]
    return Story(_decode(entry.body), deliveries)

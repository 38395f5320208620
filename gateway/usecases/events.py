"""Events: read them in order, and explain one."""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from gateway.errors import Unknown
from gateway.events import KINDS, Event
from gateway.store import View
from gateway.usecases import Limit, Parts, one_of
from gateway.usecases.webhooks import DeliveryView, delivery_view


class EventsQuery(Struct):
    """Which events. after: the `next` of the page before.  kind, subject: empty is any."""

    after: Annotated[int, Meta(ge=0, le=2**62)] = 0
    limit: Limit = 100
    kind: Annotated[str, one_of(*KINDS, "")] = ""
    subject: str = ""


class EventPage(Struct):
    """Events in the order of their commits. next: `after` of the next page."""

    events: list[Event]
    next: int


class Story(Struct):
    """An event and what became of it at each webhook that wants it."""

    event: Event
    deliveries: list[DeliveryView]


async def page(parts: Parts, *, query: EventsQuery) -> EventPage:
    """Events in the order of their commits."""
    found = await parts.store.read(
        lambda view: view.events(query.after, query.limit, query.kind, query.subject.lower())
    )
    events = [msgspec.json.decode(one.body, type=Event) for one in found]
    return EventPage(events, found[-1].cursor if found else query.after)


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
    return Story(msgspec.json.decode(entry.body, type=Event), deliveries)

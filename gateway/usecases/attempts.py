"""The attempts to deliver events: each that failed, and the one that succeeded after that."""

from typing import Annotated

from msgspec import Meta, Struct

from gateway import webhooks
from gateway.clock import Instant, rfc3339
from gateway.model import Attempt, Delivery
from gateway.store import ATTEMPTS_MOST
from gateway.usecases import Parts


class AttemptsQuery(Struct):
    """How many, the newest first."""

    limit: Annotated[int, Meta(ge=1, le=ATTEMPTS_MOST, description="how many at most")] = 100


class AttemptView(Struct):
    """One attempt. took_ms: until its outcome was known; null: not kept.

    number: of the event's attempts; 0: outside of the schedule, and not counted.
    error: the endpoint's answer or what kept us from it; empty: the event was taken.
    next_at: when the next was due then; null: none was to follow by itself.
    """

    event_id: str
    number: int
    at: Instant
    took_ms: int | None
    error: str
    next_at: Instant | None


class Attempts(Struct):
    """Attempts at a webhook, newest first."""

    attempts: list[AttemptView]


async def find_all(parts: Parts, webhook_id: str, *, query: AttemptsQuery) -> Attempts:
    """The last attempts at a webhook that failed, or succeeded after one that did."""

    def look(view: webhooks.View) -> list[Attempt]:
        webhooks.endpoint(view, webhook_id)
        return view.attempts(webhook_id, query.limit)

    return Attempts([attempt_view(one) for one in await parts.store.read(look)])


def attempt_view(one: Attempt) -> AttemptView:
    """An attempt as callers see it."""
    next_at = rfc3339(one.next_at_ms) if one.next_at_ms else None
    return AttemptView(
        one.event_id, one.number, rfc3339(one.at_ms), one.took_ms, one.error, next_at
    )


def attempts_of(delivery: Delivery, logged: list[Attempt]) -> list[AttemptView]:
    """The attempts of one delivery, oldest first. logged: newest first.

    A first attempt that succeeded is no row of the log: what is known of it is in the delivery.
    """
    if not logged and delivery.state == "delivered" and delivery.attempts == 1:
        at = rfc3339(delivery.first_at_ms)
        return [AttemptView(delivery.event_id, 1, at, None, "", None)]
    return [attempt_view(one) for one in reversed(logged)]

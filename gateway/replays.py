"""Sends to an endpoint again what it got in a span of time, and what it did not get then."""

from msgspec.structs import replace

from gateway import webhooks
from gateway.clock import parse_ms
from gateway.events import Entry, heading
from gateway.filters import lets_through
from gateway.store import Store, Transaction, View

PAGE = 500
"""Events of one look and of one transaction, so that others write between."""


async def again(store: Store, endpoint_id: str, since_ms: int, until_ms: int, now_ms: int) -> int:
    """Make the events of a span pending that its filter lets through; returns how many.

    until_ms: is not in it. What is pending stays as it is. Raises Unknown when there is no such
    endpoint.
    """
    endpoint = await store.read(lambda view: webhooks.endpoint(view, endpoint_id))
    after: int | None = await store.read(lambda view: view.cursor_before(since_ms))
    count = 0

    def look(view: View) -> tuple[list[Entry], int | None]:
        found = view.events(after or 0, PAGE)
        passing = [
            one
            for one in found
            if since_ms <= parse_ms(heading(one.body).time) < until_ms
            and lets_through(endpoint, one.body, view.tags_of)
        ]
        return passing, found[-1].cursor if len(found) == PAGE else None

    while after is not None:
        entries, after = await store.read(look)
        if entries:
            count += await store.write(lambda tx: _pending(tx, endpoint_id, entries, now_ms))  # noqa: B023 - it ends before the next look
    return count


def _pending(tx: Transaction, endpoint_id: str, entries: list[Entry], now_ms: int) -> int:
    webhooks.endpoint(tx, endpoint_id)
    count = tx.deliver(endpoint_id, [(one.cursor, heading(one.body).subject) for one in entries])
    for entry in entries:
        [one] = tx.deliveries(endpoint_id, event_id=heading(entry.body).id)
        if one.state in {"delivered", "dead"}:
            fresh = replace(one, state="pending", attempts=0, first_at_ms=0, note="")
            tx.put_delivery(replace(fresh, next_at_ms=now_ms))
            count += 1
    return count

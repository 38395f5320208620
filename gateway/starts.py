"""What a new endpoint gets of the events that are in the store already.

An endpoint that begins in the past gets nothing until all of its past is in its outbox: else a new
event would overtake an older one of its device. Until then it is disabled.
"""

from msgspec.structs import replace

from gateway import webhooks
from gateway.events import Entry, heading
from gateway.filters import lets_through, properties_told
from gateway.model import Endpoint
from gateway.store import Store, Transaction, View

PAGE = 500
"""Events of one transaction, so that others write between."""
LOOKED = 100
"""Readings of a device that are looked at for the newest values of its properties."""
GATHERING = "its earlier events are being gathered; if this stays, remove it and add it again"


def snapshot(view: View, endpoint: Endpoint) -> tuple[list[Entry], int]:
    """The readings that told the newest values of each device, and the newest cursor."""
    found: dict[int, Entry] = {}
    for device in view.devices():
        if endpoint.devices and device.dev_eui not in endpoint.devices:
            continue
        wanted = {one.property for one in view.latest(device.dev_eui)}
        if endpoint.properties:
            wanted &= set(endpoint.properties)
        for entry in view.newest_events(LOOKED, "reading", device.dev_eui) if wanted else ():
            told = properties_told(entry.body)
            if wanted & told and lets_through(endpoint, entry.body, view.tags_of):
                found[entry.cursor] = entry
                wanted -= told
            if not wanted:
                break
    return [found[cursor] for cursor in sorted(found)], view.last_cursor()


async def begin(store: Store, endpoint: Endpoint, after: int, first: list[Entry]) -> int:
    """Add an endpoint that gets `first` and all after a cursor; returns how many are pending.

    Raises Unknown when it is removed meanwhile.
    """

    def add(tx: Transaction) -> int:
        tx.add_endpoint(replace(endpoint, disabled_reason=GATHERING))
        return _deliver(tx, endpoint, first)

    def go_on(tx: Transaction) -> tuple[int, int | None]:
        now = webhooks.endpoint(tx, endpoint.id)
        found = tx.events(after, PAGE)
        passing = [one for one in found if lets_through(endpoint, one.body, tx.tags_of)]
        count = _deliver(tx, endpoint, passing)
        if len(found) == PAGE:
            return count, found[-1].cursor
        tx.put_endpoint(replace(now, disabled_reason=""))
        return count, None

    total = await store.write(add)
    more: int | None = after
    while more is not None:
        after = more
        count, more = await store.write(go_on)
        total += count
    return total


def _deliver(tx: Transaction, endpoint: Endpoint, entries: list[Entry]) -> int:
    return tx.deliver(endpoint.id, [(one.cursor, heading(one.body).subject) for one in entries])

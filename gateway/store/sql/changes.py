"""A Transaction over a Connection."""
# ruff: noqa: D102 - each method is described in gateway.store.Transaction

from collections import Counter
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any

import msgspec
from msgspec.structs import astuple, replace

from gateway.errors import Refused, Unknown
from gateway.events import Event, Value
from gateway.model import ApiKey, Attempt, AuditEntry, Command, Delivery, Device, Endpoint, Latest
from gateway.records import kind_of
from gateway.store import ATTEMPTS_MOST, LAST, Appended, Plan
from gateway.store.sql import Collecting, Row
from gateway.store.sql.event import first_id, new_event, wants
from gateway.store.sql.view import Endpoints, Rows

QUARANTINED_MOST = 10_000
"""Messages kept in quarantine; beyond, the oldest that are of no registered device go."""
_encode = msgspec.json.Encoder().encode
_device = lru_cache(4000)(msgspec.json.Decoder(Device).decode)
"""It is asked for with every uplink, and changes almost never."""


class Changes(Rows):
    """A Transaction, for all changes of one commit.

    appended: its events so far.  changed_endpoints: see gateway.store.Store.on_endpoints.
    """

    connection: Collecting

    def __init__(self, connection: Collecting, endpoints: Endpoints, source: str) -> None:
        super().__init__(connection, endpoints)
        self._source = source
        self.appended: list[Appended] = []
        self._reread: set[str] = set()
        self._endpoints: list[Endpoint] | None = None
        self.changed_endpoints = False

    def undone(self, appended: int) -> None:
        """Go on after a change was rolled back. appended: how many there were before it."""
        del self.appended[appended:]
        self._reread.clear()
        self._endpoints = None

    def endpoints(self) -> list[Endpoint]:
        """See gateway.store.View; the table is looked at once, others cannot change it now."""
        if self._endpoints is None:
            # what is not committed must not be kept for the transactions to come
            uncommitted = self.changed_endpoints
            self._endpoints = (
                self._structs(Endpoint, "endpoints") if uncommitted else super().endpoints()
            )
        return self._endpoints

    def device(self, dev_eui: str) -> Device | None:
        row = self.connection.row("device", dev_eui)
        return _device(row[0]) if row else None

    def _insert(self, refusal: str, name: str, *values: Any) -> None:
        """Run an INSERT that does nothing where a unique value is taken."""
        if not self.connection.change(name, *values):
            raise Refused(refusal)

    def _change(self, unknown: str, name: str, *values: Any) -> None:
        if not self.connection.change(name, *values):
            raise Unknown(unknown)

    def _endpoints_change(self) -> None:
        self.changed_endpoints = True
        self._endpoints = None

    def append(self, kind: str, dev_eui: str, at_ms: int, data: Any) -> Event:
        connection = self.connection
        sequence = connection.next_sequence(dev_eui)
        event, body = new_event(self._source, kind, dev_eui, at_ms, sequence=sequence, data=data)
        cursor = connection.append(event.id, event.type, dev_eui, body)
        endpoints = self._endpoints if self._endpoints is not None else self.endpoints()
        wanted = tuple([one.id for one in endpoints if wants(one, event, self.tags_of)])
        for endpoint_id in wanted:
            connection.put_outbox(endpoint_id, cursor, dev_eui)
        self.appended.append(Appended(cursor, event.id, event.type, dev_eui, body, wanted))
        return event

    def add_device(self, device: Device) -> None:
        taken = (
            f"the DevEUI {device.dev_eui} or the name {device.name!r} is taken by another device"
        )
        self._insert(taken, "add_device", device.dev_eui, device.name, _encode(device))

    def put_device(self, device: Device) -> None:
        unknown = f"no device has the DevEUI {device.dev_eui}"
        self._change(unknown, "put_device", device.dev_eui, _encode(device))

    def remove_device(self, dev_eui: str) -> None:
        self._change(f"no device has the DevEUI {dev_eui}", "remove_device", dev_eui)
        self.connection.change("remove_latest", dev_eui)

    def put_latest(
        self,
        dev_eui: str,
        seq: int | None,
        observed_at: str,
        values: tuple[Value, ...],
        now: str = LAST,
    ) -> None:
        new = [
            Latest(one.property, one.value, one.unit, one.quality, observed_at, seq)
            for one in values
        ]
        self.connection.put_latest(dev_eui, new, now)

    def put_seen(self, dev_eui: str, seen: bytes) -> None:
        self.connection.put_seen(dev_eui, seen)

    def quarantine(self, at_ms: int, dev_eui: str, topic: str, body: bytes, reason: str) -> int:
        number = self._number("quarantine", at_ms, dev_eui, topic, body, reason)
        if number % 100 == 0:
            self.connection.change("trim_quarantine", number - QUARANTINED_MOST)
        return number

    def release(self, number: int) -> None:
        self.connection.change("release", number)

    def put_command(self, command: Command) -> None:
        due = (command.final, command.next_at_ms, _encode(command))
        self.connection.change("put_command", command.id, command.dev_eui, command.token, *due)
        if command.queue_item_id:
            self.connection.change("put_command_item", command.queue_item_id, command.id)
        if command.key:
            self.connection.change("put_command_key", command.key, command.id)

    def put_key(self, key: str, of_id: str) -> None:
        self.connection.change("put_command_key", key, of_id)

    def put_plan(self, plan: Plan) -> None:
        kind = type(plan).__name__
        self.connection.change("put_plan", kind, plan.id, plan.due_at_ms, _encode(plan))

    def remove_plan(self, plan: Plan) -> None:
        self.connection.change("remove_plan", type(plan).__name__, plan.id)

    def next_token(self, dev_eui: str) -> int:
        return self._number("next_token", dev_eui)

    def add_endpoint(self, endpoint: Endpoint) -> None:
        self._endpoints_change()
        taken = f"the webhook id {endpoint.id} is taken"
        self._insert(taken, "add_endpoint", endpoint.id, _encode(endpoint))

    def put_endpoint(self, endpoint: Endpoint) -> None:
        self._endpoints_change()
        unknown = f"there is no webhook {endpoint.id}"
        self._change(unknown, "put_endpoint", endpoint.id, _encode(endpoint))

    def remove_endpoint(self, endpoint_id: str) -> None:
        self._endpoints_change()
        self._change(f"there is no webhook {endpoint_id}", "remove_endpoint", endpoint_id)
        pending = self.connection.change("withdraw_pending", endpoint_id)
        dead = self.connection.change("withdraw_dead", endpoint_id)
        self.connection.change("count_done", endpoint_id, 0, -dead, pending + dead)
        self.thaw(endpoint_id)

    def claim(
        self,
        endpoint_id: str,
        worker: str,
        now_ms: int,
        until_ms: int,
        *,
        limit: int = 100,
        each: int = 1,
        without: Collection[str] = (),
    ) -> list[Delivery]:
        due = self.due_deliveries(endpoint_id, now_ms, limit + len(without), each)
        free = [one for one in due if one.subject not in without]
        wanted = set(list(dict.fromkeys(one.subject for one in free))[:limit])
        claimed: list[Delivery] = []
        for one in free:
            if one.subject not in wanted:
                continue
            new = (worker, until_ms, now_ms)
            if self.connection.change("claim", endpoint_id, one.cursor, *new):
                claimed.append(replace(one, worker=worker, until_ms=until_ms))
            else:  # claimed by another worker since the look: the later ones must wait for it
                wanted.discard(one.subject)
        return claimed

    def mark(self, taken: Delivery, outcome: Delivery) -> bool:
        marked = self.connection.change("mark", *_marked(taken, outcome)) > 0
        if marked:
            self._count(taken.endpoint_id, "pending", outcome.state)
        return marked

    def mark_all(self, marks: Sequence[tuple[Delivery, Delivery]]) -> int:
        groups: dict[tuple[str, str], list[Row]] = {}
        for taken, outcome in marks:
            rows = groups.setdefault((taken.endpoint_id, outcome.state), [])
            rows.append(_marked(taken, outcome))
        recorded = 0
        for (endpoint_id, state), rows in groups.items():
            count = self.connection.many("mark", rows)
            self._count(endpoint_id, "pending", state, count)
            recorded += count
        return recorded

    def log_attempts(self, attempts: Sequence[Attempt]) -> None:
        self.connection.many("log_attempt", [astuple(one) for one in attempts])
        for endpoint_id in sorted({one.endpoint_id for one in attempts}):
            self.connection.change("trim_attempts", endpoint_id, ATTEMPTS_MOST)

    def put_delivery(self, delivery: Delivery) -> None:
        key = (delivery.endpoint_id, delivery.cursor)
        row = self.connection.row("delivery_state", *key)
        if not row:
            raise Unknown(f"event {delivery.event_id} has no delivery to {delivery.endpoint_id}")
        if row[0] == "withdrawn":
            return
        times = (delivery.first_at_ms, delivery.next_at_ms)
        new = (delivery.state, delivery.attempts, *times, delivery.note)
        self.connection.change("put_delivery", *key, *new)
        self._count(delivery.endpoint_id, row[0], delivery.state)
        self._outbox_changes(delivery.endpoint_id)

    def deliver(self, endpoint_id: str, entries: Sequence[tuple[int, str]]) -> int:
        new = [
            one
            for one in entries
            if not self.connection.row("delivery_state", endpoint_id, one[0])
        ]
        for cursor, subject in new:
            self.connection.put_outbox(endpoint_id, cursor, subject)
        if new:
            self._outbox_changes(endpoint_id)
        return len(new)

    def _outbox_changes(self, endpoint_id: str) -> None:
        """Whoever keeps rows of this outbox in memory reads them again."""
        if endpoint_id not in self._reread:
            self._reread.add(endpoint_id)
            self._endpoints_change()
            self.connection.change("outbox_changes", endpoint_id)

    def _count(self, endpoint_id: str, was: str, now: str, count: int = 1) -> None:
        """Take deliveries from one sum of their endpoint to another."""
        delivered, dead = ((now == one) - (was == one) for one in ("delivered", "dead"))
        if count and (delivered or dead):
            change = (delivered * count, dead * count, 0)
            self.connection.change("count_done", endpoint_id, *change)

    def freeze(self, endpoint_id: str, cursors: Sequence[int]) -> None:
        first = min(cursors, default=0)
        self.connection.many("freeze", [(endpoint_id, cursor, first) for cursor in cursors])

    def thaw(self, endpoint_id: str) -> None:
        self.connection.change("thaw", endpoint_id)

    def hasten(self, endpoint_id: str, now_ms: int) -> int:
        count = self.connection.change("hasten", endpoint_id, now_ms)
        if count:
            self._outbox_changes(endpoint_id)
        return count

    def add_api_key(self, key: ApiKey) -> None:
        taken = f"the key name {key.name!r} is taken"
        self._insert(taken, "add_api_key", key.id, key.name, key.digest, _encode(key))

    def remove_api_key(self, key_id: str) -> None:
        self._change(f"there is no key {key_id}", "remove_api_key", key_id)

    def put_record(self, key: str, record: msgspec.Struct) -> None:
        self.connection.change("put_record", kind_of(type(record)), key, _encode(record))

    def remove_record(self, kind: type[msgspec.Struct], key: str) -> bool:
        return bool(self.connection.change("remove_record", kind_of(kind), key))

    def forget(self, before_ms: int, after: int, limit: int) -> int:
        rows = self.connection.rows("oldest_events", after, limit + 1)
        old = [cursor for cursor, id_ in rows[:-1] if id_ < first_id(before_ms)]
        if not old:
            return 0
        for (endpoint_id,) in self.connection.rows("all_endpoints"):
            gone = self.connection.rows("forget_deliveries", endpoint_id, old[0], old[-1])
            states = Counter(state for (state,) in gone)
            self.connection.many(
                "put_forgotten", [(endpoint_id, *counted) for counted in states.items()]
            )
            self.connection.change("forget_attempts", endpoint_id)
        self.connection.change("forget_events", old[0], old[-1])
        return old[-1]

    def add_audit(self, entry: AuditEntry) -> None:
        self.connection.change("add_audit", entry.at_ms, _encode(entry))

    def forget_audit(self, before_ms: int, limit: int) -> int:
        return self.connection.change("forget_audit", before_ms, limit)

    def take_lease(self, name: str, holder: str, now_ms: int, until_ms: int) -> int:
        return self._number("take_lease", name, holder, now_ms, until_ms) or 0


def _marked(taken: Delivery, outcome: Delivery) -> Row:
    """The values of `mark`: which delivery, as it was taken, and what becomes of it."""
    fence = (taken.endpoint_id, taken.cursor, taken.worker, taken.attempts)
    times = (outcome.first_at_ms, outcome.next_at_ms)
    return (*fence, outcome.state, outcome.attempts, *times, outcome.note)

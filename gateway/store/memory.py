"""The store in memory, for trials and tests: the promises of the SQLite store without its disk."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, Generic, Self, TypeVar

from msgspec import Raw
from msgspec.structs import replace

from gateway.errors import Refused, Unknown
from gateway.model import (
    ApiKey,
    Command,
    Delivery,
    Device,
    Endpoint,
    Entry,
    Event,
    Latest,
    Quarantined,
    Totals,
    Value,
    event_type,
)
from gateway.store import Transaction, View
from gateway.store._event import new_event, wants

K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T")


class _Table(Generic[K, V]):
    """Rows by key, in the order they were first put. undo: what takes the changes back."""

    def __init__(self, undo: list[Callable[[], None]]) -> None:
        self._rows: dict[K, V | None] = {}  # None: dropped, but its place is kept
        self._undo = undo

    def get(self, key: K) -> V | None:
        return self._rows.get(key)

    def all(self) -> list[V]:
        return [row for row in self._rows.values() if row is not None]

    def items(self) -> list[tuple[K, V]]:
        return [(key, row) for key, row in self._rows.items() if row is not None]

    def put(self, key: K, row: V | None) -> None:
        had, before = key in self._rows, self._rows.get(key)
        self._rows[key] = row
        if had:
            self._undo.append(lambda: self._rows.__setitem__(key, before))
        else:
            self._undo.append(lambda: self._rows.__delitem__(key))


class _Rows:
    """View and Transaction over tables."""

    def __init__(self, source: str) -> None:
        self._source = source
        self.undo: list[Callable[[], None]] = []
        self.appended = 0
        self._devices: _Table[str, Device] = _Table(self.undo)
        self._latest: _Table[tuple[str, str], Latest] = _Table(self.undo)
        self._seen: _Table[str, bytes] = _Table(self.undo)
        self._counted: _Table[tuple[str, str], int] = _Table(self.undo)
        self._events: _Table[int, tuple[Event, bytes]] = _Table(self.undo)
        self._endpoints: _Table[str, Endpoint] = _Table(self.undo)
        self._removed: _Table[str, bool] = _Table(self.undo)
        self._outbox: _Table[tuple[str, int], Delivery] = _Table(self.undo)
        self._commands: _Table[str, Command] = _Table(self.undo)
        self._items: _Table[str, str] = _Table(self.undo)
        self._quarantine: _Table[int, Quarantined] = _Table(self.undo)
        self._keys: _Table[str, ApiKey] = _Table(self.undo)

    def _count(self, what: str, key: str, most: int = 0) -> int:
        number = (self._counted.get((what, key)) or 0) + 1
        number = 1 if most and number > most else number
        self._counted.put((what, key), number)
        return number

    # View; each method is said there

    def device(self, dev_eui: str) -> Device | None:
        return self._devices.get(dev_eui)

    def devices(self) -> list[Device]:
        return sorted(self._devices.all(), key=lambda one: one.name)

    def latest(self, dev_eui: str) -> list[Latest]:
        found = [row for key, row in self._latest.items() if key[0] == dev_eui]
        return sorted(found, key=lambda one: one.property)

    def seen(self, dev_eui: str) -> bytes:
        return self._seen.get(dev_eui) or b""

    def event(self, event_id: str) -> Entry | None:
        found = (
            Entry(at, Raw(row[1])) for at, row in self._events.items() if row[0].id == event_id
        )
        return next(found, None)

    def events(
        self, after: int = 0, limit: int = 100, kind: str = "", subject: str = ""
    ) -> list[Entry]:
        wanted = event_type(kind) if kind else ""
        return [
            Entry(cursor, Raw(body))
            for cursor, (event, body) in self._events.items()
            if cursor > after and wanted in {"", event.type} and subject in {"", event.subject}
        ][:limit]

    def last_cursor(self) -> int:
        return self._counted.get(("event", "")) or 0

    def command(self, command_id: str) -> Command | None:
        return self._commands.get(command_id)

    def commands(self, dev_eui: str = "", limit: int = 100) -> list[Command]:
        every = reversed(self._commands.all())
        return [one for one in every if dev_eui in {"", one.dev_eui}][:limit]

    def open_commands(self, dev_eui: str = "") -> list[Command]:
        every = self._commands.all()
        return [one for one in every if not one.final and dev_eui in {"", one.dev_eui}]

    def due_commands(self, now_ms: int, limit: int = 100) -> list[Command]:
        due = [one for one in self.open_commands() if one.next_at_ms <= now_ms]
        return sorted(due, key=lambda one: one.next_at_ms)[:limit]

    def command_of_item(self, queue_item_id: str) -> Command | None:
        return self._commands.get(self._items.get(queue_item_id) or "")

    def command_of_token(self, dev_eui: str, token: int) -> Command | None:
        every = reversed(self._commands.all())
        return next((o for o in every if (o.dev_eui, o.token) == (dev_eui, token)), None)

    def endpoint(self, endpoint_id: str) -> Endpoint | None:
        return None if self._removed.get(endpoint_id) else self._endpoints.get(endpoint_id)

    def endpoints(self) -> list[Endpoint]:
        return [one for one in self._endpoints.all() if not self._removed.get(one.id)]

    def totals(self, endpoint_id: str) -> Totals:
        states = Counter(one.state for one in self._of(endpoint_id))
        return Totals(matched=self._counted.get(("matched", endpoint_id)) or 0, **states)

    def due_deliveries(self, endpoint_id: str, now_ms: int, limit: int = 100) -> list[Delivery]:
        return [one for one in self._foremost(endpoint_id) if one.next_at_ms <= now_ms][:limit]

    def next_delivery_at_ms(self, endpoint_id: str) -> int | None:
        return min((one.next_at_ms for one in self._foremost(endpoint_id)), default=None)

    def deliveries(
        self, endpoint_id: str = "", state: str = "", event_id: str = "", limit: int = 100
    ) -> list[Delivery]:
        every = sorted(self._outbox.all(), key=lambda one: (one.cursor, one.endpoint_id))
        return [
            one
            for one in every
            if endpoint_id in {"", one.endpoint_id}
            and state in {"", one.state}
            and event_id in {"", one.event_id}
        ][:limit]

    def _of(self, endpoint_id: str) -> Iterable[Delivery]:
        return (one for one in self._outbox.all() if one.endpoint_id == endpoint_id)

    def _foremost(self, endpoint_id: str) -> list[Delivery]:
        first: dict[str, Delivery] = {}
        for one in self._of(endpoint_id):
            if one.state == "pending":
                first.setdefault(one.subject, one)
        return list(first.values())

    def api_key(self, digest: str) -> ApiKey | None:
        return next((one for one in self._keys.all() if one.digest == digest), None)

    def api_keys(self) -> list[ApiKey]:
        return self._keys.all()

    def quarantined(self, after: int = 0, limit: int = 100) -> list[Quarantined]:
        return [one for one in self._quarantine.all() if one.id > after][:limit]

    # Transaction; each method is said there

    def append(self, kind: str, dev_eui: str, at_ms: int, data: Any) -> Event:
        sequence = self._count("sequence", dev_eui)
        event, body = new_event(self._source, kind, dev_eui, at_ms, sequence=sequence, data=data)
        cursor = self.appended = self._count("event", "")
        self._events.put(cursor, (event, body))
        for endpoint in self.endpoints():
            if wants(endpoint, event):
                key = {"endpoint_id": endpoint.id, "cursor": cursor, "event_id": event.id}
                row = Delivery(**key, type=event.type, subject=dev_eui, body=body)
                self._outbox.put((endpoint.id, cursor), row)
                self._count("matched", endpoint.id)
        return event

    def add_device(self, device: Device) -> None:
        if self.device(device.dev_eui) or any(o.name == device.name for o in self.devices()):
            key = f"the DevEUI {device.dev_eui} or the name {device.name!r}"
            raise Refused(f"{key} is taken by another device")
        self._devices.put(device.dev_eui, device)

    def remove_device(self, dev_eui: str) -> None:
        if not self.device(dev_eui):
            raise Unknown(f"no device has the DevEUI {dev_eui}")
        self._devices.put(dev_eui, None)
        for one in self.latest(dev_eui):
            self._latest.put((dev_eui, one.property), None)

    def put_latest(
        self, dev_eui: str, seq: int, observed_at: str, values: tuple[Value, ...]
    ) -> None:
        for one in values:
            key, new = (dev_eui, one.property), (one.property, one.value, one.unit, one.quality)
            old = self._latest.get(key)
            if old is None or old.observed_at <= observed_at:
                self._latest.put(key, Latest(*new, observed_at, seq))

    def put_seen(self, dev_eui: str, seen: bytes) -> None:
        self._seen.put(dev_eui, seen)

    def quarantine(self, at_ms: int, dev_eui: str, topic: str, body: bytes, reason: str) -> int:
        number = self._count("quarantine", "")
        self._quarantine.put(number, Quarantined(number, at_ms, dev_eui, topic, body, reason))
        return number

    def put_command(self, command: Command) -> None:
        self._commands.put(command.id, command)
        if command.queue_item_id and not self._items.get(command.queue_item_id):
            self._items.put(command.queue_item_id, command.id)

    def next_token(self, dev_eui: str) -> int:
        return self._count("token", dev_eui, 65535)

    def add_endpoint(self, endpoint: Endpoint) -> None:
        if self._endpoints.get(endpoint.id):
            raise Refused(f"the webhook id {endpoint.id} is taken")
        self._endpoints.put(endpoint.id, endpoint)

    def put_endpoint(self, endpoint: Endpoint) -> None:
        if not self.endpoint(endpoint.id):
            raise Unknown(f"there is no webhook {endpoint.id}")
        self._endpoints.put(endpoint.id, endpoint)

    def remove_endpoint(self, endpoint_id: str) -> None:
        if not self.endpoint(endpoint_id):
            raise Unknown(f"there is no webhook {endpoint_id}")
        self._removed.put(endpoint_id, True)
        for one in self._of(endpoint_id):
            if one.state in {"pending", "dead"}:
                self._outbox.put((endpoint_id, one.cursor), replace(one, state="withdrawn"))

    def put_delivery(self, delivery: Delivery) -> None:
        key = (delivery.endpoint_id, delivery.cursor)
        old = self._outbox.get(key)
        if not old:
            raise Unknown(f"event {delivery.event_id} has no delivery to {delivery.endpoint_id}")
        if old.state != "withdrawn":
            times = {"first_at_ms": delivery.first_at_ms, "next_at_ms": delivery.next_at_ms}
            new = {"state": delivery.state, "attempts": delivery.attempts, "note": delivery.note}
            self._outbox.put(key, replace(old, **times, **new))

    def hasten(self, endpoint_id: str, now_ms: int) -> int:
        waiting = [o for o in self._of(endpoint_id) if o.state == "pending" and o.attempts]
        late = [one for one in waiting if one.next_at_ms > now_ms]
        for one in late:
            self._outbox.put((endpoint_id, one.cursor), replace(one, next_at_ms=now_ms))
        return len(late)

    def add_api_key(self, key: ApiKey) -> None:
        if any(key.name == one.name or key.id == one.id for one in self.api_keys()):
            raise Refused(f"the key name {key.name!r} is taken")
        self._keys.put(key.id, key)

    def remove_api_key(self, key_id: str) -> None:
        if not self._keys.get(key_id):
            raise Unknown(f"there is no key {key_id}")
        self._keys.put(key_id, None)


class Store:
    """The store in memory. source: that of every event, `lamplighter/<site>`."""

    def __init__(self, source: str = "lamplighter/street") -> None:
        self._rows = _Rows(source)
        self._listeners: list[Callable[[int], None]] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        pass

    def on_append(self, listener: Callable[[int], None]) -> None:
        """See gateway.store.Store."""
        self._listeners.append(listener)

    async def read(self, question: Callable[[View], T]) -> T:
        """See gateway.store.Store."""
        return question(self._rows)

    async def write(self, change: Callable[[Transaction], T]) -> T:
        """See gateway.store.Store."""
        rows = self._rows
        rows.appended = 0
        try:
            result = change(rows)
        except Exception:
            for step in reversed(rows.undo):
                step()
            raise
        finally:
            rows.undo.clear()
        if rows.appended:
            for listener in self._listeners:
                listener(rows.appended)
        return result

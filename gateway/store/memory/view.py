"""A View over tables in memory, which can take their changes back."""
# ruff: noqa: D102 - each method is described in gateway.store.View

from collections import Counter
from collections.abc import Callable, Iterable

from msgspec import Raw

from gateway.events import Entry, Event, event_type
from gateway.model import ApiKey, Command, Delivery, Device, Endpoint, Latest, Quarantined, Totals
from gateway.store.memory.table import Table


class Rows:
    """A View over tables."""

    def __init__(self, source: str) -> None:
        self._source = source
        self.undo: list[Callable[[], None]] = []
        self.appended = 0
        self._devices: Table[str, Device] = Table(self.undo)
        self._latest: Table[tuple[str, str], Latest] = Table(self.undo)
        self._seen: Table[str, bytes] = Table(self.undo)
        self._counted: Table[tuple[str, str], int] = Table(self.undo)
        self._events: Table[int, tuple[Event, bytes]] = Table(self.undo)
        self._endpoints: Table[str, Endpoint] = Table(self.undo)
        self._removed: Table[str, bool] = Table(self.undo)
        self._outbox: Table[tuple[str, int], Delivery] = Table(self.undo)
        self._commands: Table[str, Command] = Table(self.undo)
        self._items: Table[str, str] = Table(self.undo)
        self._quarantine: Table[int, Quarantined] = Table(self.undo)
        self._keys: Table[str, ApiKey] = Table(self.undo)

    def _count(self, what: str, key: str, most: int = 0) -> int:
        number = (self._counted.get((what, key)) or 0) + 1
        number = 1 if most and number > most else number
        self._counted.put((what, key), number)
        return number

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

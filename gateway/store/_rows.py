"""View and Transaction over one SQLite connection. Statements: sql/sqlite/queries.sql."""

import sqlite3
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Raw

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
from gateway.store._event import new_event, wants

SQL = Path(__file__).parent / "sql" / "sqlite"
S = TypeVar("S", bound=msgspec.Struct)
_encode = msgspec.json.Encoder().encode
_decoder = cache(msgspec.json.Decoder)


@cache
def queries() -> dict[str, str]:
    """The named statements of queries.sql."""
    parts = (SQL / "queries.sql").read_text(encoding="utf-8").split("-- name: ")[1:]
    return {name.strip(): text.strip() for name, _, text in (one.partition("\n") for one in parts)}


class Rows:
    """A View on a connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._sql = queries()

    def _run(self, name: str, *values: Any) -> sqlite3.Cursor:
        return self._connection.execute(self._sql[name], values)

    def _structs(self, kind: type[S], name: str, *values: Any) -> list[S]:
        decode = _decoder(kind).decode
        return [decode(body) for (body,) in self._run(name, *values)]

    def _struct(self, kind: type[S], name: str, *values: Any) -> S | None:
        row = self._run(name, *values).fetchone()
        return _decoder(kind).decode(row[0]) if row else None

    def device(self, dev_eui: str) -> Device | None:
        return self._struct(Device, "device", dev_eui)

    def devices(self) -> list[Device]:
        return self._structs(Device, "devices")

    def latest(self, dev_eui: str) -> list[Latest]:
        return self._structs(Latest, "latest", dev_eui)

    def seen(self, dev_eui: str) -> bytes:
        row = self._run("seen", dev_eui).fetchone()
        return row[0] if row else b""

    def event(self, event_id: str) -> Entry | None:
        row = self._run("event", event_id).fetchone()
        return Entry(row[0], Raw(row[1])) if row else None

    def events(
        self, after: int = 0, limit: int = 100, kind: str = "", subject: str = ""
    ) -> list[Entry]:
        name = "events_of_subject" if subject else "events_of_type" if kind else "events"
        values = (after, limit, event_type(kind) if kind else "", subject)
        used = {"events": 2, "events_of_type": 3}.get(name, 4)
        return [Entry(cursor, Raw(body)) for cursor, body in self._run(name, *values[:used])]

    def last_cursor(self) -> int:
        return self._run("last_cursor").fetchone()[0]

    def command(self, command_id: str) -> Command | None:
        return self._struct(Command, "command", command_id)

    def commands(self, dev_eui: str = "", limit: int = 100) -> list[Command]:
        if dev_eui:
            return self._structs(Command, "commands_of_device", dev_eui, limit)
        return self._structs(Command, "commands", limit)

    def open_commands(self, dev_eui: str = "") -> list[Command]:
        if dev_eui:
            return self._structs(Command, "open_commands_of_device", dev_eui)
        return self._structs(Command, "open_commands")

    def due_commands(self, now_ms: int, limit: int = 100) -> list[Command]:
        return self._structs(Command, "due_commands", now_ms, limit)

    def command_of_item(self, queue_item_id: str) -> Command | None:
        return self._struct(Command, "command_of_item", queue_item_id)

    def command_of_token(self, dev_eui: str, token: int) -> Command | None:
        return self._struct(Command, "command_of_token", dev_eui, token)

    def endpoint(self, endpoint_id: str) -> Endpoint | None:
        return self._struct(Endpoint, "endpoint", endpoint_id)

    def endpoints(self) -> list[Endpoint]:
        return self._structs(Endpoint, "endpoints")

    def totals(self, endpoint_id: str) -> Totals:
        row = self._run("totals", endpoint_id).fetchone() or (0, 0, 0, 0, 0)
        return Totals(**dict(zip(Totals.__struct_fields__, row, strict=True)))

    def due_deliveries(self, endpoint_id: str, now_ms: int, limit: int = 100) -> list[Delivery]:
        return self._deliveries("due_deliveries", endpoint_id, now_ms, limit)

    def next_delivery_at_ms(self, endpoint_id: str) -> int | None:
        return self._run("next_delivery", endpoint_id).fetchone()[0]

    def deliveries(
        self, endpoint_id: str = "", state: str = "", event_id: str = "", limit: int = 100
    ) -> list[Delivery]:
        if event_id:
            return self._deliveries("deliveries_of_event", event_id, endpoint_id, state, limit)
        if endpoint_id and state in {"pending", "dead"}:
            return self._deliveries(f"deliveries_{state}", endpoint_id, limit)
        return self._deliveries("deliveries", endpoint_id, state, limit)

    def _deliveries(self, name: str, *values: Any) -> list[Delivery]:
        fields = Delivery.__struct_fields__
        return [
            Delivery(**dict(zip(fields, row, strict=True))) for row in self._run(name, *values)
        ]

    def api_key(self, digest: str) -> ApiKey | None:
        return self._struct(ApiKey, "api_key", digest)

    def api_keys(self) -> list[ApiKey]:
        return self._structs(ApiKey, "api_keys")

    def quarantined(self, after: int = 0, limit: int = 100) -> list[Quarantined]:
        return [Quarantined(*row) for row in self._run("quarantined", after, limit)]


class Changes(Rows):
    """A Transaction on a connection, BEGIN to COMMIT. appended: cursor of the newest event."""

    def __init__(self, connection: sqlite3.Connection, source: str) -> None:
        super().__init__(connection)
        self._source = source
        self.appended = 0

    def _insert(self, refusal: str, name: str, *values: Any) -> None:
        try:
            self._run(name, *values)
        except sqlite3.IntegrityError:
            raise Refused(refusal) from None

    def _change(self, unknown: str, name: str, *values: Any) -> None:
        if not self._run(name, *values).rowcount:
            raise Unknown(unknown)

    def append(self, kind: str, dev_eui: str, at_ms: int, data: Any) -> Event:
        sequence = self._run("next_sequence", dev_eui).fetchone()[0]
        event, body = new_event(self._source, kind, dev_eui, at_ms, sequence=sequence, data=data)
        cursor = self._run("append", event.id, event.type, dev_eui, body).fetchone()[0]
        for endpoint in self.endpoints():
            if wants(endpoint, event):
                self._run("put_outbox", endpoint.id, cursor, dev_eui)
                self._run("match", endpoint.id)
        self.appended = cursor
        return event

    def add_device(self, device: Device) -> None:
        taken = (
            f"the DevEUI {device.dev_eui} or the name {device.name!r} is taken by another device"
        )
        self._insert(taken, "add_device", device.dev_eui, device.name, _encode(device))

    def remove_device(self, dev_eui: str) -> None:
        self._change(f"no device has the DevEUI {dev_eui}", "remove_device", dev_eui)
        self._run("remove_latest", dev_eui)

    def put_latest(
        self, dev_eui: str, seq: int, observed_at: str, values: tuple[Value, ...]
    ) -> None:
        for one in values:
            new = Latest(one.property, one.value, one.unit, one.quality, observed_at, seq)
            self._run("put_latest", dev_eui, one.property, observed_at, _encode(new))

    def put_seen(self, dev_eui: str, seen: bytes) -> None:
        self._run("put_seen", dev_eui, seen)

    def quarantine(self, at_ms: int, dev_eui: str, topic: str, body: bytes, reason: str) -> int:
        return self._run("quarantine", at_ms, dev_eui, topic, body, reason).fetchone()[0]

    def put_command(self, command: Command) -> None:
        due = (command.final, command.next_at_ms, _encode(command))
        self._run("put_command", command.id, command.dev_eui, command.token, *due)
        if command.queue_item_id:
            self._run("put_command_item", command.queue_item_id, command.id)

    def next_token(self, dev_eui: str) -> int:
        return self._run("next_token", dev_eui).fetchone()[0]

    def add_endpoint(self, endpoint: Endpoint) -> None:
        taken = f"the webhook id {endpoint.id} is taken"
        self._insert(taken, "add_endpoint", endpoint.id, _encode(endpoint))

    def put_endpoint(self, endpoint: Endpoint) -> None:
        unknown = f"there is no webhook {endpoint.id}"
        self._change(unknown, "put_endpoint", endpoint.id, _encode(endpoint))

    def remove_endpoint(self, endpoint_id: str) -> None:
        self._change(f"there is no webhook {endpoint_id}", "remove_endpoint", endpoint_id)
        for state in ("pending", "dead"):
            count = self._run(f"withdraw_{state}", endpoint_id).rowcount
            self._run("count_done", endpoint_id, 0, count)

    def put_delivery(self, delivery: Delivery) -> None:
        key = (delivery.endpoint_id, delivery.cursor)
        row = self._run("delivery_state", *key).fetchone()
        if not row:
            raise Unknown(f"event {delivery.event_id} has no delivery to {delivery.endpoint_id}")
        if row[0] == "withdrawn":
            return
        times = (delivery.first_at_ms, delivery.next_at_ms)
        new = (delivery.state, delivery.attempts, *times, delivery.note)
        self._run("put_delivery", *key, *new)
        change = (delivery.state == "delivered") - (row[0] == "delivered")
        if change:
            self._run("count_done", delivery.endpoint_id, change, 0)

    def hasten(self, endpoint_id: str, now_ms: int) -> int:
        return self._run("hasten", endpoint_id, now_ms).rowcount

    def add_api_key(self, key: ApiKey) -> None:
        taken = f"the key name {key.name!r} is taken"
        self._insert(taken, "add_api_key", key.id, key.name, key.digest, _encode(key))

    def remove_api_key(self, key_id: str) -> None:
        self._change(f"there is no key {key_id}", "remove_api_key", key_id)

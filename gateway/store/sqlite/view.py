"""A View over one SQLite connection. Its statements are in queries.sql."""
# ruff: noqa: D102 - each method is described in gateway.store.View

import sqlite3
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Raw

from gateway.events import Entry, event_type
from gateway.model import ApiKey, Command, Delivery, Device, Endpoint, Latest, Quarantined, Totals

FOLDER = Path(__file__).parent
S = TypeVar("S", bound=msgspec.Struct)
_decoder = cache(msgspec.json.Decoder)


@cache
def queries() -> dict[str, str]:
    """The named statements of queries.sql."""
    parts = (FOLDER / "queries.sql").read_text(encoding="utf-8").split("-- name: ")[1:]
    return {name.strip(): text.strip() for name, _, text in (one.partition("\n") for one in parts)}


class Rows:
    """A View on a connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._sql = queries()

    def run(self, name: str, *values: Any) -> sqlite3.Cursor:
        """Execute a named statement."""
        return self._connection.execute(self._sql[name], values)

    def _structs(self, kind: type[S], name: str, *values: Any) -> list[S]:
        decode = _decoder(kind).decode
        return [decode(body) for (body,) in self.run(name, *values)]

    def _struct(self, kind: type[S], name: str, *values: Any) -> S | None:
        row = self.run(name, *values).fetchone()
        return _decoder(kind).decode(row[0]) if row else None

    def device(self, dev_eui: str) -> Device | None:
        return self._struct(Device, "device", dev_eui)

    def devices(self) -> list[Device]:
        return self._structs(Device, "devices")

    def latest(self, dev_eui: str) -> list[Latest]:
        return self._structs(Latest, "latest", dev_eui)

    def seen(self, dev_eui: str) -> bytes:
        row = self.run("seen", dev_eui).fetchone()
        return row[0] if row else b""

    def event(self, event_id: str) -> Entry | None:
        row = self.run("event", event_id).fetchone()
        return Entry(row[0], Raw(row[1])) if row else None

    def events(
        self, after: int = 0, limit: int = 100, kind: str = "", subject: str = ""
    ) -> list[Entry]:
        name = "events_of_subject" if subject else "events_of_type" if kind else "events"
        values = (after, limit, event_type(kind) if kind else "", subject)
        used = {"events": 2, "events_of_type": 3}.get(name, 4)
        return [Entry(cursor, Raw(body)) for cursor, body in self.run(name, *values[:used])]

    def last_cursor(self) -> int:
        return self.run("last_cursor").fetchone()[0]

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
        row = self.run("totals", endpoint_id).fetchone() or (0, 0, 0, 0, 0)
        return Totals(**dict(zip(Totals.__struct_fields__, row, strict=True)))

    def due_deliveries(self, endpoint_id: str, now_ms: int, limit: int = 100) -> list[Delivery]:
        return self._deliveries("due_deliveries", endpoint_id, now_ms, limit)

    def next_delivery_at_ms(self, endpoint_id: str) -> int | None:
        return self.run("next_delivery", endpoint_id).fetchone()[0]

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
        return [Delivery(**dict(zip(fields, row, strict=True))) for row in self.run(name, *values)]

    def api_key(self, digest: str) -> ApiKey | None:
        return self._struct(ApiKey, "api_key", digest)

    def api_keys(self) -> list[ApiKey]:
        return self._structs(ApiKey, "api_keys")

    def quarantined(self, after: int = 0, limit: int = 100) -> list[Quarantined]:
        return [Quarantined(*row) for row in self.run("quarantined", after, limit)]

"""A View over a Connection."""
# ruff: noqa: D102 - each method is described in gateway.store.View

from collections import Counter
from collections.abc import Callable, Collection
from itertools import takewhile
from typing import Any, TypeVar

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from gateway.events import Entry, event_type
from gateway.model import (
    ApiKey,
    Attempt,
    AuditEntry,
    Command,
    Counts,
    Delivery,
    Device,
    Endpoint,
    Latest,
    Lease,
    Quarantined,
    Totals,
    Waiting,
)
from gateway.plans import PLANS
from gateway.records import RECORDS, kind_of
from gateway.store.sql import Connection
from gateway.store.sql.event import first_id

S = TypeVar("S", bound=msgspec.Struct)
_DECODERS: dict[type[Any], msgspec.json.Decoder[Any]] = {
    kind: msgspec.json.Decoder(kind)
    for kind in (ApiKey, AuditEntry, Command, Device, Endpoint, Latest, *PLANS, *RECORDS)
}
"""Made while there is one thread: two that first use a type at once crash msgspec 0.22."""
_DELIVERY = Delivery.__struct_fields__
_USED = {"": 0, "_of_reading": 0, "_of_type": 1, "_of_subject": 2}
"""How many of (type, subject) each question about events compares."""


def _which(kind: str, subject: str) -> str:
    """The question about events: readings are most of them, and in no index over types."""
    if subject:
        return "_of_subject"
    return "_of_reading" if kind == "reading" else "_of_type" if kind else ""


class Endpoints:
    """The endpoints of one connection, decoded once for each version of the table.

    version: changes with every commit that adds, replaces or removes one, in any process.
    """

    def __init__(self) -> None:
        self.version = -1
        self.rows: list[Endpoint] = []


class Rows:
    """A View. endpoints: kept from one transaction to the next, for this connection only."""

    def __init__(self, connection: Connection, endpoints: Endpoints) -> None:
        self.connection = connection
        self._kept = endpoints

    def _structs(self, kind: type[S], name: str, *values: Any) -> list[S]:
        decode: Callable[[Any], S] = _DECODERS[kind].decode
        return [decode(body) for (body,) in self.connection.rows(name, *values)]

    def _struct(self, kind: type[S], name: str, *values: Any) -> S | None:
        row = self.connection.row(name, *values)
        return _DECODERS[kind].decode(row[0]) if row else None

    def _number(self, name: str, *values: Any) -> Any:
        """The only column of the first row, None when there is no row."""
        return (self.connection.row(name, *values) or (None,))[0]

    def device(self, dev_eui: str) -> Device | None:
        return self._struct(Device, "device", dev_eui)

    def tags_of(self, dev_eui: str) -> tuple[str, ...]:
        found = self.device(dev_eui)
        return found.tags if found else ()

    def devices(self) -> list[Device]:
        return self._structs(Device, "devices")

    def latest(self, dev_eui: str) -> list[Latest]:
        return self._structs(Latest, "latest", dev_eui)

    def counts(self) -> Counts:
        return Counts(*(self.connection.row("counts") or (0, 0, 0)))

    def seen(self, dev_eui: str) -> bytes:
        return self._number("seen", dev_eui) or b""

    def event(self, event_id: str) -> Entry | None:
        row = self.connection.row("event", event_id)
        return Entry(row[0], Raw(row[1])) if row else None

    def events(
        self, after: int = 0, limit: int = 100, kind: str = "", subject: str = ""
    ) -> list[Entry]:
        which = _which(kind, subject)
        values = (after, limit, event_type(kind) if kind else "", subject)
        rows = self.connection.rows(f"events{which}", *values[: 2 + _USED[which]])
        return [Entry(cursor, Raw(body)) for cursor, body in rows]

    def newest_events(self, limit: int = 100, kind: str = "", subject: str = "") -> list[Entry]:
        which = _which(kind, subject)
        values = (limit, event_type(kind) if kind else "", subject)
        rows = self.connection.rows(f"newest_events{which}", *values[: 1 + _USED[which]])
        return [Entry(cursor, Raw(body)) for cursor, body in rows]

    def last_cursor(self) -> int:
        return self._number("last_cursor")

    def cursor_before(self, at_ms: int) -> int:
        return self._number("cursor_before", first_id(at_ms))

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

    def command_of_key(self, key: str) -> Command | None:
        return self._struct(Command, "command_of_key", key)

    def id_of_key(self, key: str) -> str:
        return self._number("id_of_key", key) or ""

    def commands_since(self, at_ms: int) -> int:
        return self._number("commands_since", f"{at_ms:012x}")

    def plan(self, kind: type[S], plan_id: str) -> S | None:
        return self._struct(kind, "plan", kind.__name__, plan_id)

    def plans(self, kind: type[S], limit: int = 100) -> list[S]:
        return self._structs(kind, "plans", kind.__name__, limit)

    def due_plans(self, kind: type[S], now_ms: int, limit: int = 100) -> list[S]:
        return self._structs(kind, "due_plans", kind.__name__, now_ms, limit)

    def command_of_token(self, dev_eui: str, token: int) -> Command | None:
        return self._struct(Command, "command_of_token", dev_eui, token)

    def endpoint(self, endpoint_id: str) -> Endpoint | None:
        return self._struct(Endpoint, "endpoint", endpoint_id)

    def endpoints(self) -> list[Endpoint]:
        version = self._number("endpoints_version")
        if version != self._kept.version:
            self._kept.rows = self._structs(Endpoint, "endpoints")
            self._kept.version = version
        return list(self._kept.rows)

    def endpoint_versions(self) -> dict[str, int]:
        return dict(self.connection.rows("endpoint_versions"))

    def totals(self, endpoint_id: str) -> Totals:
        row = self.connection.row("totals", endpoint_id) or (0, 0, 0, 0, 0)
        return Totals(**dict(zip(Totals.__struct_fields__, row, strict=True)))

    def recount(self) -> dict[str, Totals]:
        counts: dict[str, Counter[str]] = {
            id_: Counter() for (id_,) in self.connection.rows("all_endpoints")
        }
        for endpoint_id, state, count in self.connection.rows("recount"):
            counts.setdefault(endpoint_id, Counter())[state] += count
        return {key: Totals(matched=sum(one.values()), **one) for key, one in counts.items()}

    def due_deliveries(
        self, endpoint_id: str, now_ms: int, limit: int = 100, each: int = 1
    ) -> list[Delivery]:
        foremost = self._deliveries("due_deliveries", endpoint_id, now_ms, limit)
        if each == 1:
            return foremost

        def due(one: Delivery) -> bool:
            return max(one.next_at_ms, one.until_ms) <= now_ms

        found: list[Delivery] = []
        for first in foremost:
            later = self.next_deliveries(endpoint_id, first.subject, first.cursor, each - 1)
            found += [first, *takewhile(due, later)]
        return found

    def waiting(self, endpoint_id: str, after: int = 0) -> list[Waiting]:
        return [Waiting(*row) for row in self.connection.rows("waiting", endpoint_id, after)]

    def next_deliveries(
        self, endpoint_id: str, subject: str, after: int, limit: int
    ) -> list[Delivery]:
        return self._deliveries("next_deliveries", endpoint_id, subject, after, limit)

    def next_delivery_at_ms(self, endpoint_id: str) -> int | None:
        return self._number("next_delivery", endpoint_id)

    def deliveries(
        self, endpoint_id: str = "", state: str = "", event_id: str = "", limit: int = 100
    ) -> list[Delivery]:
        if event_id:
            return self._deliveries("deliveries_of_event", event_id, endpoint_id, state, limit)
        if endpoint_id and state in {"pending", "dead"}:
            return self._deliveries(f"deliveries_{state}", endpoint_id, limit)
        if endpoint_id:
            return self._deliveries("deliveries_of_endpoint", endpoint_id, state, limit)
        return self._deliveries("deliveries", state, limit)

    def attempts(self, endpoint_id: str, limit: int = 100, cursor: int = 0) -> list[Attempt]:
        rows = self.connection.rows("attempts", endpoint_id, limit, cursor)
        return [Attempt(*row) for row in rows]

    def batched(self, endpoint_id: str, cursors: Collection[int]) -> set[int]:
        if not cursors:
            return set()
        rows = self.connection.rows("batched", endpoint_id, min(cursors), max(cursors))
        return {cursor for (cursor,) in rows}.intersection(cursors)

    def frozen(self, endpoint_id: str, cursor: int) -> list[Delivery]:
        batch = self._number("batch_of", endpoint_id, cursor)
        return [] if batch is None else self._deliveries("frozen", endpoint_id, batch)

    def _deliveries(self, name: str, *values: Any) -> list[Delivery]:
        rows = self.connection.rows(name, *values)
        return [Delivery(**dict(zip(_DELIVERY, row, strict=True))) for row in rows]

    def api_key(self, digest: str) -> ApiKey | None:
        return self._struct(ApiKey, "api_key", digest)

    def api_keys(self) -> list[ApiKey]:
        return self._structs(ApiKey, "api_keys")

    def quarantined(self, after: int = 0, limit: int = 100) -> list[Quarantined]:
        return [Quarantined(*row) for row in self.connection.rows("quarantined", after, limit)]

    def lease(self, name: str) -> Lease | None:
        row = self.connection.row("lease", name)
        return Lease(*row) if row else None

    def record(self, kind: type[S], key: str) -> S | None:
        return self._struct(kind, "record", kind_of(kind), key)

    def records(self, kind: type[S]) -> list[S]:
        return self._structs(kind, "records", kind_of(kind))

    def audit(self, after: int = 0, limit: int = 100) -> list[AuditEntry]:
        return self._audit("audit", after, limit)

    def newest_audit(self, limit: int = 100) -> list[AuditEntry]:
        return self._audit("newest_audit", limit)

    def _audit(self, name: str, *values: Any) -> list[AuditEntry]:
        decode = _DECODERS[AuditEntry].decode
        rows = self.connection.rows(name, *values)
        return [replace(decode(body), number=number) for number, body in rows]

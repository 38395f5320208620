"""Runs the statements of queries.sql in a transaction.

The rows of a group's events are collected and sent table by table, at its end or before a
statement that could see them: a statement costs a way to the server and back, a row of many far
less. Nobody else writes meanwhile, see gateway.store.postgresql; so what the group has read or
written of a device is known until its end.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import psycopg

from gateway.model import Latest
from gateway.store.postgresql.deferred import Deferred
from gateway.store.sql import APART, Row, statements

TOKENS = 65535
CURSOR = ("put_cursor", "")
SUMS = ("matched", "delivered", "dead", "withdrawn")
LATER = ("append", "put_outbox", "put_latest", "put_seen")
"""Statements whose rows are collected, in the order in which they are written."""
_encode = msgspec.json.Encoder().encode
CHANGES_DEVICES = frozenset({"add_device", "remove_device"})


@cache
def queries() -> dict[str, bytes]:
    """The statements of queries.sql by name."""
    found = statements(Path(__file__).parent / "queries.sql")
    return {name: text.encode() for name, text in found.items()}


class Connection:
    """See gateway.store.sql.Connection; what a transaction counts up is written by `flush`."""

    def __init__(self, opened: psycopg.Connection[Row]) -> None:
        self._cursor = psycopg.RawCursor(opened)
        self._sql = queries()
        self.undo()

    def undo(self) -> None:
        """See gateway.store.sql.Collecting: a transaction begins, or a change was undone."""
        self.deferred = Deferred()
        self._later: dict[str, list[Row]] = {name: [] for name in LATER}
        self._known: dict[tuple[str, str], Row | None] = {}

    def rows(self, name: str, *values: Any) -> list[Row]:
        """See gateway.store.sql.Connection."""
        return self._seeing(name, *values).fetchall()

    def row(self, name: str, *values: Any) -> Row | None:
        """See gateway.store.sql.Connection."""
        match name:
            case "device" | "seen":
                key = (name, *values)
                if key not in self._known:
                    self._known[key] = self._run(name, *values).fetchone()
                return self._known[key]
            case "last_cursor":
                cursor = self.deferred.get(CURSOR)
                return self._run(name).fetchone() if cursor is None else (cursor,)
            case "next_token":
                return (self._next("token", *values, wrap=TOKENS),)
            case _:
                return self._seeing(name, *values).fetchone()

    def change(self, name: str, *values: Any) -> int:
        """See gateway.store.sql.Connection."""
        if name == "count_done":
            endpoint_id, *counts = values
            self._add(endpoint_id, 0, *counts)
            return 1
        if name in CHANGES_DEVICES:
            self._known.pop(("device", values[0]), None)
        return self._seeing(name, *values).rowcount

    def many(self, name: str, rows: Iterable[Row]) -> int:
        """See gateway.store.sql.Connection; the rows wait for one answer, not for one each."""
        self._write_rows()
        return self._send(name, rows)

    def next_sequence(self, dev_eui: str) -> int:
        """See gateway.store.sql.Collecting."""
        return self._next("sequence", dev_eui)

    def append(self, event_id: str, kind: str, dev_eui: str, body: bytes) -> int:
        """See gateway.store.sql.Collecting."""
        cursor = self._counted(CURSOR, "last_cursor") + 1
        self.deferred.put(CURSOR, cursor)
        self._later["append"].append((cursor, event_id, kind, dev_eui, body))
        return cursor

    def put_outbox(self, endpoint_id: str, cursor: int, dev_eui: str) -> None:
        """See gateway.store.sql.Collecting."""
        self._later["put_outbox"].append((endpoint_id, cursor, dev_eui))
        self._add(endpoint_id, 1, 0, 0, 0)

    def put_latest(self, dev_eui: str, values: Sequence[Latest], now: str) -> None:
        """See gateway.store.sql.Collecting."""
        rows = [(dev_eui, one.property, one.observed_at, _encode(one), now) for one in values]
        self._later["put_latest"] += rows

    def put_seen(self, dev_eui: str, seen: bytes) -> None:
        """See gateway.store.sql.Collecting."""
        self._known["seen", dev_eui] = (seen,)
        self._later["put_seen"].append((dev_eui, seen))

    def flush(self) -> None:
        """Write what was collected and counted up since the transaction or the last flush."""
        self._write_rows()
        numbers: defaultdict[str, list[Row]] = defaultdict(list)
        sums: defaultdict[str, list[int]] = defaultdict(lambda: [0] * len(SUMS))
        for key, value in self.deferred.unwritten():
            name, row = key
            if name in SUMS:
                sums[row][SUMS.index(name)] = value
                self.deferred.read(key, 0)
            else:
                numbers[name].append((value,) if key == CURSOR else (row, value))
        numbers["add_sums"] = [(endpoint_id, *counts) for endpoint_id, counts in sums.items()]
        for name, rows in numbers.items():
            self._send(name, rows)

    def _write_rows(self) -> None:
        for name, rows in self._later.items():
            if name == "put_seen":  # of a device that sent twice, the last
                rows[:] = dict(rows).items()
            self._send(name, rows)
            rows.clear()

    def _send(self, name: str, rows: Iterable[Row]) -> int:
        rows = list(rows)
        if not rows:
            return 0
        self._cursor.executemany(self._sql[name], rows)
        return max(self._cursor.rowcount, 0)

    def _seeing(self, name: str, *values: Any) -> "psycopg.RawCursor[Row]":
        """Run a statement that sees what was collected, unless it cannot."""
        if name == "totals":
            self.flush()
        elif name not in APART:
            self._write_rows()
        return self._run(name, *values)

    def _run(self, name: str, *values: Any) -> "psycopg.RawCursor[Row]":
        return self._cursor.execute(self._sql[name], values, binary=True)

    def _counted(self, key: tuple[str, str], question: str, *values: Any) -> int:
        """A number, from the table when this transaction has not asked yet."""
        found = self.deferred.get(key)
        if found is None:
            row = self._run(question, *values).fetchone()
            found = row[0] if row else 0
            self.deferred.read(key, found)
        return found

    def _next(self, column: str, dev_eui: str, wrap: int = 0) -> int:
        key = (f"put_{column}", dev_eui)
        number = self._counted(key, column, dev_eui)
        number = number % wrap + 1 if wrap else number + 1
        self.deferred.put(key, number)
        return number

    def _add(self, endpoint_id: str, *counts: int) -> None:
        for name, count in zip(SUMS, counts, strict=True):
            if count:
                key = (name, endpoint_id)
                self.deferred.put(key, (self.deferred.get(key) or 0) + count)

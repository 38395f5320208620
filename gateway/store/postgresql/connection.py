"""Runs the statements of queries.sql in a transaction."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import psycopg

from gateway.store.postgresql.deferred import Deferred
from gateway.store.sql import Row, statements

TOKENS = 65535
CURSOR = ("put_cursor", "")
SUMS = ("matched", "delivered", "dead", "withdrawn")


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
        self.deferred = Deferred()

    def rows(self, name: str, *values: Any) -> list[Row]:
        """See gateway.store.sql.Connection."""
        return self._run(name, *values).fetchall()

    def row(self, name: str, *values: Any) -> Row | None:
        """See gateway.store.sql.Connection."""
        match name:
            case "append":
                cursor = self._counted(CURSOR, "last_cursor") + 1
                self.deferred.put(CURSOR, cursor)
                self._run(name, cursor, *values)
                return (cursor,)
            case "last_cursor":
                cursor = self.deferred.get(CURSOR)
                return self._run(name).fetchone() if cursor is None else (cursor,)
            case "next_sequence":
                return (self._next("sequence", *values),)
            case "next_token":
                return (self._next("token", *values, wrap=TOKENS),)
            case "totals":
                self.flush()
                return self._run(name, *values).fetchone()
            case _:
                return self._run(name, *values).fetchone()

    def change(self, name: str, *values: Any) -> int:
        """See gateway.store.sql.Connection."""
        match name:
            case "match":
                endpoint_id, count = values
                return self._add(endpoint_id, count, 0, 0, 0)
            case "count_done":
                endpoint_id, *counts = values
                return self._add(endpoint_id, 0, *counts)
            case _:
                return self._run(name, *values).rowcount

    def many(self, name: str, rows: Iterable[Row]) -> int:
        """See gateway.store.sql.Connection; the rows wait for one answer, not for one each."""
        self._cursor.executemany(self._sql[name], rows)
        return max(self._cursor.rowcount, 0)

    def flush(self) -> None:
        """Write what was counted up since the transaction began, or since the last flush."""
        sums: dict[str, list[int]] = {}
        for key, value in self.deferred.unwritten():
            name, row = key
            if name in SUMS:
                sums.setdefault(row, [0] * len(SUMS))[SUMS.index(name)] = value
                self.deferred.read(key, 0)
            elif key == CURSOR:
                self._run(name, value)
            else:
                self._run(name, row, value)
        for endpoint_id, counts in sums.items():
            self._run("add_sums", endpoint_id, *counts)

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

    def _add(self, endpoint_id: str, *counts: int) -> int:
        for name, count in zip(SUMS, counts, strict=True):
            if count:
                key = (name, endpoint_id)
                self.deferred.put(key, (self.deferred.get(key) or 0) + count)
        return 1

"""What a group writes, in rows that go to the file together; and what the writer knows of it.

A statement costs some 4 us by itself and 1 us as one of many. So the rows of a group's events are
collected and written table by table, at its end or before a statement that could see them. Until
then the cursor, a device's sequence number, its row and what was seen of it come from memory.

The memory is that of the writer's connection, and never wrong: it is used inside BEGIN IMMEDIATE
alone, where no other process can write, and only while `PRAGMA data_version` says that none has
written since it was filled. A change that is undone forgets all of it.
Source: sqlite.org/pragma.html#pragma_data_version.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from gateway.store.sql import Row
from gateway.store.sqlite.file import Connection

KEPT = 4000
"""Rows of each kind that are kept in memory; some 4 kB each for what was seen."""
LATER = ("append", "put_outbox", "put_latest", "put_seen", "put_sequence")
"""Statements whose rows are collected, in the order in which they are written."""
OTHERS = frozenset(
    {
        "device", "devices", "endpoint", "endpoints", "endpoints_version", "api_key", "quarantine",
        "trim_quarantine", "put_command", "put_command_item", "command", "command_of_item",
        "command_of_token", "commands_of_device", "open_commands_of_device", "open_commands",
        "lease", "take_lease",
    }
)  # fmt: skip
"""Statements on tables of which nothing is collected."""
FORGETS = {"add_device": "device", "remove_device": "device", "next_token": "sequence"}
"""Statements after which rows of a kind are read again."""


class Memory:
    """What the writer knows of the file as of data_version. last: the newest cursor, None: ask."""

    def __init__(self) -> None:
        self.version: int | None = None
        self.last: int | None = None
        self.rows: dict[str, dict[str, Row | None]] = {}
        self.forget()

    def forget(self) -> None:
        """Know nothing any more."""
        self.last = None
        self.rows = {"device": {}, "seen": {}, "sequence": {}}

    def keep(self, kind: str, key: str, row: Row | None) -> None:
        """Remember a row."""
        rows = self.rows[kind]
        if len(rows) >= KEPT:
            rows.pop(next(iter(rows)))
        rows[key] = row


class Buffered(Connection):
    """A Connection for the changes of one group, inside its transaction."""

    def __init__(self, opened: sqlite3.Connection, memory: Memory) -> None:
        super().__init__(opened)
        self._memory = memory
        self._later: dict[str, list[Row]] = {name: [] for name in LATER}
        self._sums: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        self._sequences: dict[str, int] = {}
        self._seen: dict[str, Any] = {}
        (version,) = self._execute("PRAGMA data_version").fetchone()
        if version != memory.version:
            memory.forget()
            memory.version = version

    def row(self, name: str, *values: Any) -> Row | None:
        """See gateway.store.sql.Connection."""
        match name:
            case "append":
                return (self._append(values),)
            case "next_sequence":
                return (self._sequence(*values),)
            case "device" | "seen":
                return self._known(name, *values)
            case _:
                self._before(name, values)
                return super().row(name, *values)

    def rows(self, name: str, *values: Any) -> list[Row]:
        """See gateway.store.sql.Connection."""
        self._before(name, values)
        return super().rows(name, *values)

    def change(self, name: str, *values: Any) -> int:
        """See gateway.store.sql.Connection."""
        match name:
            case "put_outbox" | "put_latest":
                self._later[name].append(values)
            case "put_seen":
                self._seen[values[0]] = values[1]
                self._memory.keep("seen", values[0], (values[1],))
            case "match":
                self._sums[values[0]][0] += values[1]
            case "count_done":
                sums = self._sums[values[0]]
                sums[1:] = [had + more for had, more in zip(sums[1:], values[1:], strict=True)]
            case _:
                self._before(name, values)
                return super().change(name, *values)
        return 1

    def many(self, name: str, rows: Iterable[Row]) -> int:
        """See gateway.store.sql.Connection."""
        self.flush()
        return super().many(name, rows)

    def flush(self) -> None:
        """Write what was collected."""
        self._later["put_seen"] = list(self._seen.items())
        self._later["put_sequence"] = list(self._sequences.items())
        for name, rows in self._later.items():
            if rows:
                super().many(name, rows)
                rows.clear()
        if self._sums:
            super().many("add_sums", [(key, *sums) for key, sums in self._sums.items()])
        self._sums.clear()
        self._seen.clear()
        self._sequences.clear()

    def undo(self) -> None:
        """Forget what was collected and known: the change that did it is undone."""
        for rows in (*self._later.values(), self._sums, self._seen, self._sequences):
            rows.clear()
        self._memory.forget()

    def _before(self, name: str, values: Row) -> None:
        """Let a statement see what was collected, and what it changes be read again."""
        if name not in OTHERS:
            self.flush()
        if name in FORGETS:
            self._memory.rows[FORGETS[name]].pop(values[0], None)

    def _append(self, values: Row) -> int:
        last = self._memory.last
        if last is None:
            last = self._execute(self._sql["last_given"]).fetchone()[0]
        self._memory.last = cursor = last + 1
        self._later["append"].append((cursor, *values))
        return cursor

    def _sequence(self, dev_eui: str) -> int:
        row = self._known("sequence", dev_eui)
        number = (row[0] if row else 0) + 1
        self._sequences[dev_eui] = number
        self._memory.keep("sequence", dev_eui, (number,))
        return number

    def _known(self, kind: str, key: str) -> Row | None:
        rows = self._memory.rows[kind]
        if key not in rows:
            self._memory.keep(kind, key, super().row(kind, key))
        return rows[key]

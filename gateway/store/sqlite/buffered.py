"""What a group writes, in rows that go to the file together; and what the writer knows of it.

A statement costs some 4 us by itself and 1 us as one of many. So the rows of a group's events are
collected and written table by table, at its end or before a statement that could see them. Until
then the cursor, a device's row and its State come from memory.

The memory is that of the writer's connection, and never wrong: it is used inside BEGIN IMMEDIATE
alone, where no other process can write, and only while `PRAGMA data_version` says that none has
written since it was filled. A change that is undone forgets all of it.
Source: sqlite.org/pragma.html#pragma_data_version.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from gateway.model import Latest
from gateway.store.sql import APART, Row
from gateway.store.sqlite.file import Connection
from gateway.store.sqlite.state import State

KEPT = 4000
"""Rows of each kind that are kept in memory; some 6 kB each for a state."""
LATER = ("append", "put_outbox", "put_state")
"""Statements whose rows are collected, in the order in which they are written."""
FORGETS = {
    "add_device": "device", "put_device": "device", "remove_device": "device",
    "remove_latest": "state", "next_token": "state",
}  # fmt: skip
"""Statements after which rows of a kind are read again."""


class Memory:
    """What the writer knows of the file as of data_version. last: the newest cursor, None: ask."""

    def __init__(self) -> None:
        self.version: int | None = None
        self.forget()

    def forget(self) -> None:
        """Know nothing any more."""
        self.last: int | None = None
        self.devices: dict[str, Row | None] = {}
        self.states: dict[str, State] = {}


class Buffered(Connection):
    """A Connection for the changes of one group, inside its transaction."""

    def __init__(self, opened: sqlite3.Connection, memory: Memory) -> None:
        super().__init__(opened)
        self._memory = memory
        self._later: dict[str, list[Row]] = {name: [] for name in LATER}
        self._sums: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        self._changed: dict[str, State] = {}
        (version,) = self._execute("PRAGMA data_version").fetchone()
        if version != memory.version:
            memory.forget()
            memory.version = version

    def row(self, name: str, *values: Any) -> Row | None:
        """See gateway.store.sql.Connection."""
        if name == "seen":
            return (self._state(*values).seen,)
        if name == "device":
            return self._device(*values)
        self._before(name, values)
        return super().row(name, *values)

    def rows(self, name: str, *values: Any) -> list[Row]:
        """See gateway.store.sql.Connection."""
        self._before(name, values)
        return super().rows(name, *values)

    def change(self, name: str, *values: Any) -> int:
        """See gateway.store.sql.Connection."""
        if name == "count_done":
            sums = self._sums[values[0]]
            sums[1:] = [had + more for had, more in zip(sums[1:], values[1:], strict=True)]
            return 1
        self._before(name, values)
        return super().change(name, *values)

    def many(self, name: str, rows: Iterable[Row]) -> int:
        """See gateway.store.sql.Connection."""
        self.flush()
        return super().many(name, rows)

    def next_sequence(self, dev_eui: str) -> int:
        """See gateway.store.sql.Collecting."""
        state = self._change_of(dev_eui)
        state.sequence += 1
        return state.sequence

    def append(self, event_id: str, kind: str, dev_eui: str, body: bytes) -> int:
        """See gateway.store.sql.Collecting."""
        last = self._memory.last
        if last is None:
            last = self._execute(self._sql["last_given"]).fetchone()[0]
        self._memory.last = cursor = last + 1
        self._later["append"].append((cursor, event_id, kind, dev_eui, body))
        return cursor

    def put_outbox(self, endpoint_id: str, cursor: int, dev_eui: str) -> None:
        """See gateway.store.sql.Collecting."""
        self._later["put_outbox"].append((endpoint_id, cursor, dev_eui))
        self._sums[endpoint_id][0] += 1

    def put_latest(self, dev_eui: str, values: Sequence[Latest], now: str) -> None:
        """See gateway.store.sql.Collecting."""
        self._change_of(dev_eui).put(values, now)

    def put_seen(self, dev_eui: str, seen: bytes) -> None:
        """See gateway.store.sql.Collecting."""
        self._change_of(dev_eui).seen = seen

    def flush(self) -> None:
        """See gateway.store.sql.Collecting."""
        if self._changed:
            self._later["put_state"] = [one.row(key) for key, one in self._changed.items()]
            self._changed.clear()
        for name, rows in self._later.items():
            if rows:
                super().many(name, rows)
                rows.clear()
        if self._sums:
            super().many("add_sums", [(key, *sums) for key, sums in self._sums.items()])
            self._sums.clear()

    def undo(self) -> None:
        """See gateway.store.sql.Collecting."""
        for rows in (*self._later.values(), self._sums, self._changed):
            rows.clear()
        self._memory.forget()

    def _before(self, name: str, values: Row) -> None:
        """Let a statement see what was collected, and what it changes be read again."""
        if name not in APART:
            self.flush()
        kind = FORGETS.get(name)
        if kind == "device":
            self._memory.devices.pop(values[0], None)
        elif kind:
            self._memory.states.pop(values[0], None)

    def _device(self, dev_eui: str) -> Row | None:
        devices = self._memory.devices
        if dev_eui not in devices:
            _keep(devices, dev_eui, super().row("device", dev_eui))
        return devices[dev_eui]

    def _state(self, dev_eui: str) -> State:
        found = self._changed.get(dev_eui) or self._memory.states.get(dev_eui)
        if found is None:
            found = State(*(super().row("state", dev_eui) or ()))
            _keep(self._memory.states, dev_eui, found)
        return found

    def _change_of(self, dev_eui: str) -> State:
        """The state, which is written with the group."""
        state = self._changed.get(dev_eui)
        if state is None:
            state = self._changed[dev_eui] = self._state(dev_eui)
        return state


def _keep(rows: dict[str, Any], key: str, row: Any) -> None:
    if len(rows) >= KEPT:
        rows.pop(next(iter(rows)))
    rows[key] = row

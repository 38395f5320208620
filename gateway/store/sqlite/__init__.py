"""The store in one SQLite database: a writer thread with group commit, and reader threads.

WAL and synchronous=FULL: what was committed is on the disk. A group, see gateway.store.sql.writer,
is carried out without savepoints; when a change of it raises, the group is undone and each change
is carried out again, in a savepoint of its own.
Source: sqlite.org/wal.html and sqlite.org/pragma.html#pragma_synchronous.

In memory (`MEMORY`) there is one connection, which readers and the writer use in turn: a question
waits there for the group that is being written.
"""

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Self, TypeVar

from gateway.store import View
from gateway.store.sql.changes import Changes
from gateway.store.sql.grouped import Alone, Grouped
from gateway.store.sql.view import Endpoints, Rows
from gateway.store.sql.writer import Change
from gateway.store.sqlite.buffered import Buffered, Memory
from gateway.store.sqlite.file import (
    MEMORY,
    Connection,
    connect,
    open_store,
    transaction,
    translated,
)

T = TypeVar("T")


class _Reader(threading.local):
    """What a reader thread keeps: its View, and the connection below it."""

    rows: Rows | None = None
    opened: sqlite3.Connection


class Store(Grouped):
    """The store in the file `path`, or in memory. source: of every event, `lamplighter/<site>`."""

    ERROR = sqlite3.Error

    def __init__(self, path: Path = MEMORY, source: str = "lamplighter/street") -> None:
        super().__init__(source)
        self.path = path
        self._endpoints = Endpoints()
        self._reader = _Reader()
        self._opened: list[sqlite3.Connection] = []
        self._turn = threading.Lock() if path == MEMORY else contextlib.nullcontext()
        self._memory = Memory()

    async def __aenter__(self) -> Self:
        self._writer = open_store(self.path)
        self._begin()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._end()
        for connection in (*self._opened, self._writer):
            connection.close()

    def _answer(self, question: Callable[[View], T]) -> T:
        with self._turn, translated(self.path):
            rows = self._reader.rows or self._open_reader()
            opened = self._reader.opened
            opened.execute("BEGIN")  # one state for all that the question asks
            try:
                return question(rows)
            finally:
                opened.execute("ROLLBACK")

    def _open_reader(self) -> Rows:
        """Give this thread its View; in memory all share the writer's connection."""
        reader = self._reader
        if self.path == MEMORY:
            reader.opened = self._writer
        else:
            reader.opened = connect(self.path)
            self._opened.append(reader.opened)
            reader.opened.execute("PRAGMA query_only = ON")
        reader.rows = Rows(Connection(reader.opened), Endpoints())
        return reader.rows

    @contextlib.contextmanager
    def _guarded(self) -> Generator[None]:
        with self._turn, translated(self.path):
            yield

    def _carry_out(self, group: list[Change]) -> Changes:
        """All together; when one of them raises, each by itself."""
        with contextlib.suppress(Alone), self._changing() as (changes, connection):
            self._together(group, changes, connection)
            return changes
        with self._changing() as (changes, connection):
            self._each(group, changes, connection, self._writer.execute)
            return changes

    @contextlib.contextmanager
    def _changing(self) -> Generator[tuple[Changes, Buffered]]:
        """A transaction, and what is known of the file inside it."""
        try:
            with transaction(self._writer):
                connection = Buffered(self._writer, self._memory)
                yield Changes(connection, self._endpoints, self.source), connection
        except BaseException:
            self._memory.forget()
            raise

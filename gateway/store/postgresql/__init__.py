"""The store in a PostgreSQL database: a writer thread with group commit, and reader threads.

A group takes one advisory lock before its first statement and holds it until the commit, in every
process: so cursors are in the order of commits, two writers never wait for each other, and what a
change looked at is still so when it writes. It is the order that SQLite's one writer has.

A connection that is lost undoes the group that was under way. When it is lost during the commit
itself, the server is asked by the number of the transaction whether it was committed; so a change
is reported as failed only when nothing of it was kept.
Source: PostgreSQL 15, 9.27.11, pg_xact_status; 13.3.5, advisory locks.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Self, TypeVar

import psycopg

from gateway.errors import Retry, Unsure
from gateway.store import View
from gateway.store.postgresql.connection import Connection
from gateway.store.postgresql.database import LOCK, connect, end_stalled, open_store, place
from gateway.store.postgresql.refusals import translated
from gateway.store.sql import Row
from gateway.store.sql.changes import Changes
from gateway.store.sql.grouped import Alone, Grouped
from gateway.store.sql.view import Endpoints, Rows
from gateway.store.sql.writer import Change

T = TypeVar("T")
DOUBT_S = 30.0
"""How long to ask whether a commit was made whose connection was lost, s."""
BEGIN = f"BEGIN; SELECT pg_advisory_xact_lock({LOCK})"
SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
"""One state for all that a question asks."""


class _Opened:
    """A connection, and what is kept with it."""

    def __init__(self, connection: psycopg.Connection[Row]) -> None:
        self.connection = connection
        self.statements = Connection(connection)
        self.endpoints = Endpoints()
        self.rows = Rows(self.statements, self.endpoints)

    def run(self, statement: str) -> None:
        """Carry out a statement without values."""
        self.connection.execute(statement.encode())

    def asked(self, question: str) -> Any:
        """The one value of the one row."""
        row = self.connection.execute(question.encode()).fetchone()
        return row[0] if row else None


class _Reader(threading.local):
    opened: _Opened | None = None


class Store(Grouped):
    """The store in the database at `url`. source: of every event, `lamplighter/<site>`."""

    ERROR = psycopg.Error

    def __init__(self, url: str, source: str = "lamplighter/street") -> None:
        super().__init__(source)
        self.place = place(url)
        self._url = url
        self._reader = _Reader()
        self._opened: set[_Opened] = set()
        self._write_by: _Opened | None = None

    async def __aenter__(self) -> Self:
        self._write_by = _Opened(await asyncio.to_thread(open_store, self._url))
        self._begin()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._end()
        for one in (*self._opened, self._write_by):
            if one:
                one.connection.close()

    def _answer(self, question: Callable[[View], T]) -> T:
        with translated(self.place):
            opened = self._begin_reading()
            try:
                return question(opened.rows)
            finally:
                if not opened.connection.closed:
                    opened.run("ROLLBACK")

    def _begin_reading(self) -> _Opened:
        opened = self._reader.opened
        if opened and _begun(opened, SNAPSHOT):
            return opened
        if opened:
            self._opened.discard(opened)
        opened = self._reader.opened = _Opened(connect(self._url))
        self._opened.add(opened)
        opened.run(SNAPSHOT)
        return opened

    def _guarded(self) -> AbstractContextManager[object]:
        return translated(self.place)

    def _begin_writing(self) -> _Opened:
        opened = self._to_write()
        if not _begun(opened, BEGIN):
            opened = self._to_write()
            if not _begun(opened, BEGIN):
                raise Retry(f"the store {self.place} was lost again at once")
        return opened

    def _to_write(self) -> _Opened:
        """The connection of the writer, a new one when it was lost."""
        if self._write_by is None or self._write_by.connection.closed:
            self._write_by = None
            self._write_by = _Opened(open_store(self._url, again=True))
        return self._write_by

    def _carry_out(self, group: list[Change]) -> Changes:
        opened = self._begin_writing()
        run = opened.run
        try:
            try:
                changes = self._fresh(opened)
                self._together(group, changes, opened.statements)
            except Alone:
                run("ROLLBACK")
                run(BEGIN)
                changes = self._fresh(opened)
                self._each(group, changes, opened.statements, run)
            number = opened.asked("SELECT pg_current_xact_id_if_assigned()::text")
        except BaseException:
            if not opened.connection.closed:
                run("ROLLBACK")
            raise
        try:
            run("COMMIT")
        except psycopg.OperationalError:
            if not opened.connection.closed or not self._was_committed(number):
                raise
        return changes

    def _fresh(self, opened: _Opened) -> Changes:
        opened.statements.undo()
        return Changes(opened.statements, opened.endpoints, self.source)

    def _was_committed(self, number: str | None) -> bool:
        """Whether a transaction was committed whose connection was lost meanwhile."""
        if number is None:  # it changed nothing
            return True
        until = time.monotonic() + DOUBT_S
        while time.monotonic() < until:
            try:
                status = self._status(number)
            except Retry:
                time.sleep(0.1)
                continue
            if status != "in progress":
                return status == "committed"
            time.sleep(0.01)
        raise Unsure(f"the store {self.place} was lost while it confirmed a change")

    def _status(self, number: str) -> str | None:
        opened = self._to_write()
        with translated(self.place):
            try:
                return opened.asked(f"SELECT pg_xact_status('{number}'::xid8)")
            except psycopg.errors.InvalidParameterValue:
                return None  # the server that took over never heard of it


def _begun(opened: _Opened, statement: str) -> bool:
    """Begin a transaction; False when the connection was lost since the last one."""
    opened.statements.undo()
    try:
        opened.run(statement)
    except psycopg.OperationalError as error:
        if opened.connection.closed:
            return False
        opened.run("ROLLBACK")
        if isinstance(error, psycopg.errors.LockNotAvailable):
            end_stalled(opened.connection)
        raise
    return True

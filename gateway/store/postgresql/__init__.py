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
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self, TypeVar

import psycopg

from gateway.errors import Broken, GatewayError, Retry, Unsure
from gateway.store import Appended, Transaction, View
from gateway.store.postgresql.connection import Connection
from gateway.store.postgresql.database import LOCK, connect, open_store, place
from gateway.store.postgresql.deferred import Deferred
from gateway.store.postgresql.refusals import translated
from gateway.store.sql import Row
from gateway.store.sql.changes import Changes
from gateway.store.sql.view import Endpoints, Rows
from gateway.store.sql.writer import Change, Writer

T = TypeVar("T")
READERS = 2
"""Threads that answer questions; each has a connection of its own."""
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


class Store:
    """The store in the database at `url`. source: of every event, `lamplighter/<site>`."""

    def __init__(self, url: str, source: str = "lamplighter/street") -> None:
        self.place = place(url)
        self.source = source
        self._url = url
        self._listeners: list[Callable[[Sequence[Appended]], None]] = []
        self._reader = _Reader()
        self._opened: set[_Opened] = set()
        self._write_by: _Opened | None = None
        self._broken: Broken | None = None

    async def __aenter__(self) -> Self:
        self._write_by = _Opened(await asyncio.to_thread(open_store, self._url))
        self._loop = asyncio.get_running_loop()
        self._readers = ThreadPoolExecutor(READERS, "store-reader")
        self._writer = Writer(self._commit, self._settled)
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._writer.close()
        await asyncio.to_thread(self._readers.shutdown)
        for one in (*self._opened, self._write_by):
            if one:
                one.connection.close()

    def on_append(self, listener: Callable[[int], None]) -> None:
        """See gateway.store.Store."""
        self._listeners.append(lambda events: listener(events[-1].cursor))

    def on_commit(self, listener: Callable[[Sequence[Appended]], None]) -> None:
        """See gateway.store.Store."""
        self._listeners.append(listener)

    async def read(self, question: Callable[[View], T]) -> T:
        """See gateway.store.Store."""
        return await self._loop.run_in_executor(self._readers, self._answer, question)

    async def write(self, change: Callable[[Transaction], T], *, within_s: float = 0.0) -> T:
        """See gateway.store.Store."""
        return await self._writer.write(change, within_s)

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

    def _commit(self, group: list[Change]) -> list[Appended]:
        """Carry out a group; returns its events."""
        try:
            if self._broken:
                raise self._broken
            with translated(self.place):
                return self._carry_out(group)
        except GatewayError as error:
            self._broken = error if isinstance(error, Broken) else self._broken
            for change in group:
                change.error = error
            return []

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

    def _carry_out(self, group: list[Change]) -> list[Appended]:
        opened = self._begin_writing()
        run = opened.run
        try:
            opened.statements.deferred = Deferred()
            changes = Changes(opened.statements, opened.endpoints, self.source)
            for change in group:
                _carry_out_one(change, changes, opened)
            opened.statements.flush()
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
        return changes.appended

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

    def _settled(self, appended: list[Appended]) -> None:
        if appended:
            for listener in self._listeners:
                listener(appended)


def _carry_out_one(change: Change, changes: Changes, opened: _Opened) -> None:
    run, deferred = opened.run, opened.statements.deferred
    before = len(changes.appended)
    point = deferred.point
    run("SAVEPOINT one")
    try:
        change.result = change.run(changes)
    except psycopg.Error:
        raise  # of the database, so of the whole group
    except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to the caller alone
        change.error = error
        changes.undone(before)
        deferred.undo(point)
        run("ROLLBACK TO SAVEPOINT one")
    run("RELEASE SAVEPOINT one")


def _begun(opened: _Opened, statement: str) -> bool:
    """Begin a transaction; False when the connection was lost since the last one."""
    try:
        opened.run(statement)
    except psycopg.OperationalError:
        if opened.connection.closed:
            return False
        opened.run("ROLLBACK")
        raise
    return True

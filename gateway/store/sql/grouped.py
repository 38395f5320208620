"""What every SQL store does: changes in groups by one thread, questions by a few, and who hears.

A store says how a question is answered, how a group is carried out, and how the errors of its
database become ours.
"""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import ClassVar, TypeVar

import structlog

from gateway import audit
from gateway.errors import Broken, GatewayError, Retry
from gateway.store import Appended, Transaction, View
from gateway.store.sql import Collecting
from gateway.store.sql.changes import Changes
from gateway.store.sql.writer import Change, Writer

log = structlog.get_logger("store")
T = TypeVar("T")
READERS = 2
"""Threads that answer questions; each has a connection of its own."""


class Alone(Exception):  # noqa: N818 - no error: it is carried out again
    """A change of the group raised: each has to be carried out by itself."""


class Grouped(ABC):
    """See gateway.store.Store. source: of every event, `lamplighter/<site>`."""

    ERROR: ClassVar[type[Exception]]
    """What its database raises: it is of the whole group, another of the change that raised it."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._listeners: list[Callable[[Sequence[Appended]], None]] = []
        self._of_endpoints: list[Callable[[], None]] = []
        self._broken: Broken | None = None
        self._refused: tuple[str, float] | None = None  # why, and since when

    def _begin(self) -> None:
        """Start the threads."""
        self._loop = asyncio.get_running_loop()
        self._readers = ThreadPoolExecutor(READERS, "store-reader")
        self._changes = Writer(self._commit, self._settled)

    async def _end(self) -> None:
        """Carry out the changes that wait, then end the threads."""
        await self._changes.close()
        await asyncio.to_thread(self._readers.shutdown)

    def on_commit(self, listener: Callable[[Sequence[Appended]], None]) -> None:
        """See gateway.store.Store."""
        self._listeners.append(listener)

    def on_endpoints(self, listener: Callable[[], None]) -> None:
        """See gateway.store.Store."""
        self._of_endpoints.append(listener)

    def troubles(self) -> list[str]:
        """See gateway.store.Store."""
        refused = self._refused  # the writer's thread may take it back meanwhile
        if not refused:
            return []
        why, since = refused
        for_s = time.monotonic() - since
        held = f"nothing new has been kept for {for_s:.0f} s, and uplinks wait at the broker"
        return [f"{why}; {held}: the operator frees space or brings the database back"]

    async def read(self, question: Callable[[View], T]) -> T:
        """See gateway.store.Store."""
        return await self._loop.run_in_executor(self._readers, self._answer, question)

    async def write(self, change: Callable[[Transaction], T], *, within_s: float = 0.0) -> T:
        """See gateway.store.Store."""
        act = audit.current()
        if act is None:
            return await self._changes.write(change, within_s)
        result = await self._changes.write(act.entering(change), within_s)
        act.committed()
        return result

    @abstractmethod
    def _answer(self, question: Callable[[View], T]) -> T:
        """Answer a question, in a thread of the readers. Raises GatewayError."""

    @abstractmethod
    def _guarded(self) -> AbstractContextManager[object]:
        """Around a group: holds off what may not run beside it, raises GatewayError alone."""

    @abstractmethod
    def _carry_out(self, group: list[Change]) -> Changes:
        """Carry out a group in one commit; returns what it changed."""

    def _together(self, group: list[Change], changes: Changes, connection: Collecting) -> None:
        """All without savepoints. Raises Alone when one of them raises."""
        for change in group:
            try:
                change.result = change.run(changes)
            except self.ERROR:
                raise
            except Exception as error:
                raise Alone from error
        connection.flush()

    def _each(
        self,
        group: list[Change],
        changes: Changes,
        connection: Collecting,
        run: Callable[[str], object],
    ) -> None:
        """Each in a savepoint of its own; one that raises is undone alone. run: a statement."""
        for change in group:
            before = len(changes.appended)
            run("SAVEPOINT one")
            try:
                change.result = change.run(changes)
                connection.flush()
            except self.ERROR:
                raise
            except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to the caller alone
                change.error = error
                changes.undone(before)
                connection.undo()
                run("ROLLBACK TO SAVEPOINT one")
            run("RELEASE SAVEPOINT one")

    def _commit(self, group: list[Change]) -> Changes | None:
        """Carry out a group, unless the database failed before; returns what it changed."""
        try:
            if self._broken:
                raise self._broken
            with self._guarded():
                changes = self._carry_out(group)
        except GatewayError as error:
            # After a failed fsync SQLite takes the next commit as if nothing had been; we do not.
            self._broken = error if isinstance(error, Broken) else self._broken
            for change in group:
                change.error = error
            if isinstance(error, Retry) and not self._refused:
                self._refused = (str(error), time.monotonic())
                log.warning("the store takes nothing", why=str(error))
            return None
        if self._refused:
            self._refused = None
            log.info("the store takes changes again")
        return changes

    def _settled(self, changes: Changes | None) -> None:
        if changes and changes.appended:
            for listener in self._listeners:
                listener(changes.appended)
        if changes and changes.changed_endpoints:
            for heard in self._of_endpoints:
                heard()

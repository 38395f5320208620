"""Records attempts in groups: an endpoint's slot is free at its answer, not at our fsync.

What was delivered and is not yet recorded when the process dies is delivered again, with the same
id and the same bytes. The device waits for the record, so that at most its last attempt comes
again and its events stay in order also then.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import structlog

from gateway.backoff import delay_s
from gateway.errors import Retry
from gateway.model import Attempt, Delivery
from gateway.store import Store, Transaction

PATIENCE_S = 1.0
"""How long a record waits for a commit that it can share, where nothing waits for it."""
CLOSE_S = 2.0

T = TypeVar("T")
log = structlog.get_logger("gateway.delivery")
Mark = tuple[Delivery, Delivery]
"""A delivery as it was taken, and as it is after the attempt."""


async def patiently(call: Callable[[], Awaitable[T]]) -> T:
    """Call until the store answers: a full disk delays delivery and loses nothing."""
    attempt = 0
    while True:
        try:
            return await call()
        except Retry as error:
            attempt += 1
            log.warning("the store cannot answer now", why=str(error))
            await asyncio.sleep(delay_s(attempt, 0.1, 10.0))


class Marks:
    """The outcomes on their way to the store. patience_s: see PATIENCE_S."""

    def __init__(self, store: Store, patience_s: float = PATIENCE_S) -> None:
        self._store = store
        self._patience_s = patience_s
        self._marks: list[Mark] = []
        self._attempts: list[Attempt] = []
        self._then: list[Callable[[], None]] = []
        self._urgent = False
        self._added = 0
        self._written = 0
        self._hurried: asyncio.Task[None] | None = None
        self._calm: asyncio.Task[None] | None = None

    def add(self, marks: Sequence[Mark], then: Callable[[], None], *, urgent: bool) -> None:
        """Record; `then` is called once it is on the disk. urgent: something waits for it."""
        self._marks += marks
        self._added += len(marks)
        self._then.append(then)
        self._urgent = self._urgent or urgent
        self._start()

    def log(self, attempt: Attempt) -> None:
        """Log an attempt with the next that is recorded, or within patience_s."""
        self._attempts.append(attempt)
        self._added += 1
        asyncio.get_running_loop().call_soon(self._start)  # behind a mark that follows at once

    async def flushed(self) -> None:
        """Wait until all that was added so far is on the disk."""
        wanted = self._added
        while self._written < wanted:
            if self._marks or self._attempts:
                self._urgent = True
                self._start()
            elif self._calm and not self._calm.done():  # it waits for a commit that it can share
                await patiently(lambda: self._store.write(lambda _tx: None))
            tasks = [one for one in (self._hurried, self._calm) if one and not one.done()]
            if tasks:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)

    async def close(self) -> None:
        """Record what waits, but do not wait long for a store that takes nothing."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                await self.flushed()
        for task in (self._hurried, self._calm):
            if task:
                task.cancel()
                await asyncio.wait([task])

    def _start(self) -> None:
        """Begin to write, unless a write is under way that what waits may follow."""
        if not (self._marks or self._attempts):
            return
        hurried = self._hurried is not None and not self._hurried.done()
        calm = self._calm is not None and not self._calm.done()
        if self._urgent and not hurried:
            self._hurried = asyncio.create_task(self._write(0.0))
        elif not (self._urgent or hurried or calm):
            self._calm = asyncio.create_task(self._write(self._patience_s))

    async def _write(self, within_s: float) -> None:
        while self._marks or self._attempts:
            marks, self._marks = self._marks, []
            attempts, self._attempts = self._attempts, []
            then, self._then = self._then, []
            self._urgent = False
            recorded = await self._record(marks, attempts, within_s)
            if recorded < len(marks):
                log.info(
                    "attempts not recorded: withdrawn, or taken over by another worker",
                    count=len(marks) - recorded,
                )
            self._written += len(marks) + len(attempts)
            for one in then:
                one()

    async def _record(
        self, marks: Sequence[Mark], attempts: Sequence[Attempt], within_s: float
    ) -> int:
        def change(tx: Transaction) -> int:
            if attempts:
                tx.log_attempts(attempts)
            return tx.mark_all(marks)

        return await patiently(lambda: self._store.write(change, within_s=within_s))

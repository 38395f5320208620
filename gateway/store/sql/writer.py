"""The thread that carries out changes in groups, each group in one commit.

A group is every change that arrived during the commit before it: no change waits for a group to
fill, and the longer a commit takes, the more changes share the next one.
"""

import asyncio
import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from gateway.store import Transaction

T = TypeVar("T")
GROUP = 1000
"""Most changes in one commit."""


class Change:
    """One call of write: its function, and where its result goes."""

    def __init__(self, run: Callable[[Transaction], Any], loop: asyncio.AbstractEventLoop) -> None:
        self.run = run
        self.future: asyncio.Future[Any] = loop.create_future()
        self.result: Any = None
        self.error: BaseException | None = None

    def settle(self) -> None:
        """Hand over the result; on the event loop."""
        if self.future.done():  # the caller was cancelled
            return
        if self.error:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class Writer:
    """A thread beside the event loop on which it is made.

    commit: carries out a group in that thread, sets `result` or `error` of each change, and
    returns what `settled` gets on the loop, after the callers.
    """

    def __init__(
        self, commit: Callable[[list[Change]], Any], settled: Callable[[Any], None]
    ) -> None:
        self._commit = commit
        self._settled = settled
        self._loop = asyncio.get_running_loop()
        self._changes: queue.SimpleQueue[Change | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="store-writer")
        self._thread.start()

    async def write(self, run: Callable[[Transaction], T]) -> T:
        """Have a change carried out; returns its result once it is committed."""
        waiting = Change(run, self._loop)
        self._changes.put(waiting)
        return await waiting.future

    async def close(self) -> None:
        """Carry out the changes that wait, then end the thread."""
        self._changes.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        while (first := self._changes.get()) is not None:
            group, ended = self._group(first)
            said = self._commit(group)
            self._loop.call_soon_threadsafe(self._settle, group, said)
            if ended:
                return

    def _group(self, first: Change) -> tuple[list[Change], bool]:
        group = [first]
        while len(group) < GROUP and not self._changes.empty():
            change = self._changes.get()
            if change is None:
                return group, True
            group.append(change)
        return group, False

    def _settle(self, group: list[Change], said: Any) -> None:
        for change in group:
            change.settle()
        self._settled(said)

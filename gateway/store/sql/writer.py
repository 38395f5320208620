"""The thread that carries out changes in groups, each group in one commit.

A group is every change that arrived during the commit before it: no change waits for a group to
fill, and the longer a commit takes, the more changes share the next one. A change that may wait
does not wake the thread, which costs as much as the change itself; the next commit takes it along.
"""

import asyncio
import queue
import threading
from collections import deque
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
        self._changes: deque[Change] = deque()
        self._calls: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="store-writer")
        self._thread.start()

    async def write(self, run: Callable[[Transaction], T], within_s: float = 0.0) -> T:
        """Have a change carried out; returns its result once it is committed.

        within_s: it may wait so long for a commit that it can share.
        """
        waiting = Change(run, self._loop)
        self._changes.append(waiting)
        if within_s:
            self._loop.call_later(within_s, self._remind, waiting)
        else:
            self._calls.put(None)
        return await waiting.future

    async def close(self) -> None:
        """Carry out the changes that wait, then end the thread."""
        self._ended = True
        self._calls.put(None)
        await asyncio.to_thread(self._thread.join)

    def _remind(self, change: Change) -> None:
        """No commit came by that it could have shared."""
        if not change.future.done():
            self._calls.put(None)

    def _run(self) -> None:
        while not self._ended or self._changes:
            self._calls.get()
            while not self._calls.empty():  # each is for a change that the next group takes
                self._calls.get()
            group = self._group()
            if len(group) == GROUP:
                self._calls.put(None)
            if group:
                said = self._commit(group)
                self._loop.call_soon_threadsafe(self._settle, group, said)

    def _group(self) -> list[Change]:
        """The next changes to commit together, in the order in which they were made."""
        return [self._changes.popleft() for _ in range(min(len(self._changes), GROUP))]

    def _settle(self, group: list[Change], said: Any) -> None:
        for change in group:
            change.settle()
        self._settled(said)

"""The thread that carries out changes in groups, each group in one commit.

A group is every change that arrived during the commit before it: no change waits for a group to
fill, and the longer a commit takes, the more changes share the next one.
"""

import asyncio
import math
import queue
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from gateway.store import Transaction

T = TypeVar("T")
GROUP = 1000
"""Most changes in one commit."""


class Change:
    """One call of write: its function, by when it is carried out, and where its result goes."""

    def __init__(
        self,
        run: Callable[[Transaction], Any],
        loop: asyncio.AbstractEventLoop,
        within_s: float,
    ) -> None:
        self.run = run
        self.by_s = time.monotonic() + within_s if within_s else 0.0
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

    async def write(self, run: Callable[[Transaction], T], within_s: float = 0.0) -> T:
        """Have a change carried out; returns its result once it is committed.

        within_s: it may wait so long for a commit that it can share.
        """
        waiting = Change(run, self._loop, within_s)
        self._changes.put(waiting)
        return await waiting.future

    async def close(self) -> None:
        """Carry out the changes that wait, then end the thread."""
        self._changes.put(None)
        await asyncio.to_thread(self._thread.join)

    def _run(self) -> None:
        ended = False
        while not ended:
            group, ended = self._group()
            if group:
                said = self._commit(group)
                self._loop.call_soon_threadsafe(self._settle, group, said)

    def _group(self) -> tuple[list[Change], bool]:
        """The next changes to commit together, and whether they are the last."""
        group: list[Change] = []
        by_s = math.inf  # until then the changes so far may wait for others
        while len(group) < GROUP:
            left_s = by_s - time.monotonic()
            if left_s <= 0 and self._changes.empty():
                break
            try:
                change = self._changes.get(timeout=max(left_s, 0) if group else None)
            except queue.Empty:
                break
            if change is None:
                return group, True
            group.append(change)
            by_s = min(by_s, change.by_s)
        return group, False

    def _settle(self, group: list[Change], said: Any) -> None:
        for change in group:
            change.settle()
        self._settled(said)

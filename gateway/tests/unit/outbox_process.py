"""Virtual time, and processes that die, for what runs on a store.

Time passes only while nothing can go on, so an hour of retries takes milliseconds.
"""

import asyncio
import contextlib
import json
import selectors

from gateway.errors import Retry
from gateway.store.sql.writer import Change
from gateway.store.sqlite import Store


class Jumping(selectors.DefaultSelector):
    """Instead of waiting, time goes on."""

    now_s = 0.0

    def select(self, timeout=None):
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:  # for a thread that ends
            return super().select(1.0)
        self.now_s += timeout
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose time is its selector's."""

    def __init__(self):
        self.jumping = Jumping()
        super().__init__(self.jumping)

    def time(self):
        return self.jumping.now_s


class Process:
    """A store as one process has it.

    full: so many calls are refused.  dead: nothing that it asks is carried out any more.
    told: called with each event that a change of its own appends, and who is to get it.
    """

    def __init__(self, store, told):
        self._store = store
        self._told = told
        self._shared = asyncio.Event()
        self.full = 0
        self.dead = False

    def on_commit(self, listener):
        self._store.on_commit(lambda events: self.dead or listener(events))

    def on_endpoints(self, listener):
        self._store.on_endpoints(lambda: self.dead or listener())

    async def read(self, question):
        return await self._call(self._store.read, question)

    async def write(self, change, *, within_s=0.0):
        if within_s:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._shared.wait(), within_s)
        else:
            self._shared.set()
            self._shared = asyncio.Event()
        return await self._call(self._store.write, self._telling(change))

    def _telling(self, change):
        def both(tx):
            last = tx.last_cursor()
            result = change(tx)
            enabled = [one.id for one in tx.endpoints() if not one.disabled_reason]
            for entry in tx.events(last):
                self._told(json.loads(bytes(entry.body)), enabled)
            return result

        return both

    async def _call(self, call, function):
        if self.dead:
            await asyncio.Event().wait()
        if self.full:
            self.full -= 1
            raise Retry("database or disk is full")
        return await call(function)


class OneThread(Store):
    """Answers and commits on the loop, so that the same examples go the same way again."""

    async def read(self, question):
        await asyncio.sleep(0)
        answer = self._answer(question)
        await asyncio.sleep(0)
        return answer

    async def write(self, change, *, within_s=0.0):
        made = Change(change, self._loop)
        await asyncio.sleep(0)
        changes = self._commit([made])
        made.settle()
        self._settled(changes)
        await asyncio.sleep(0)
        return await made.future

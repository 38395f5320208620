"""Events of several devices in one request, for endpoints that take batches.

What is delivered to such an endpoint at the same time waits until the batch is full, or for
WAIT_S; a device gives one event at a time, so its order is kept. Before its first attempt a batch
is frozen: the store records which deliveries it holds. From then on they go together, and a sink
makes the same bytes and the same id from the same events, also in a process that was started after
the first one was killed.

All events of a batch have one outcome. What of it a delivery has not heard yet it hears without a
request; so a batch is tried again when the first of its deliveries is due, not at each. A batch
that the endpoint refuses as a whole is divided, and its halves are frozen instead.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Sequence
from copy import copy
from typing import Any, Self, TypeVar

import structlog

from gateway.errors import GatewayError
from gateway.marks import patiently
from gateway.model import Delivery, Endpoint
from gateway.sinks import Divisible, Outlet
from gateway.store import Store, Transaction

WAIT_S = 0.02
"""How long the first event of a batch waits for others."""
THAW_EVERY = 16
"""Batches between two looks for those that are over; until then their rows stay."""
KEPT = 20_000
"""Deliveries whose batch is kept in memory; those of others are read when they are due."""
APART = "not all of them were taken together"

T = TypeVar("T")
log = structlog.get_logger("gateway.batches")


class _Batch:
    """Events that go together.

    tries: attempts so far.  heard: by cursor, the last attempt whose outcome the delivery has.
    error: of the last attempt.
    """

    def __init__(self, events: Sequence[Delivery]) -> None:
        self.events = tuple(events)
        self.tries = 0
        self.heard: dict[int, int] = {}
        self.error: GatewayError | None = None
        self.trying: asyncio.Task[None] | None = None


class _Gathering:
    """A batch that still takes events, by cursor."""

    def __init__(self) -> None:
        self.events: dict[int, Delivery] = {}
        self.full = asyncio.Event()
        self.ending: asyncio.Task[None]


class Batches:
    """An Outlet in front of another. An async context manager: it can deliver while inside."""

    def __init__(self, outlet: Outlet, store: Store, *, wait_s: float = WAIT_S) -> None:
        self._outlet = outlet
        self._store = store
        self._wait_s = wait_s
        self._gathering: dict[str, _Gathering] = {}
        self._batches: dict[tuple[str, int], _Batch] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._frozen = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def deliver(self, endpoint: Endpoint, events: Sequence[Delivery]) -> Coroutine[Any, Any, None]:
        """See gateway.sinks.Outlet. Several events are first attempts, one of a device.

        Then Divisible says nothing but that what became of an event is told to it alone, without
        another request.
        """
        if endpoint.batch < 2:
            return self._outlet.deliver(endpoint, events)
        if len(events) == 1:
            return self._together(endpoint, events[0])
        return self._all_together(endpoint, events)

    async def _all_together(self, endpoint: Endpoint, events: Sequence[Delivery]) -> None:
        keys = [(endpoint.id, one.cursor) for one in events]
        if any(key in self._batches for key in keys):
            raise Divisible(APART)
        endings = {self._gather(endpoint, one) for one in events}
        for ending in endings:
            await asyncio.shield(ending)
        for batch in {self._batches[key] for key in keys}:
            if batch.trying not in endings or batch.error:
                raise Divisible(APART)
        for key in keys:
            self._batches.pop(key, None)

    async def _together(self, endpoint: Endpoint, event: Delivery) -> None:
        key = (endpoint.id, event.cursor)
        if key not in self._batches:  # then this mostly is the wait for its outcome too
            await asyncio.shield(self._gather(endpoint, event))
        batch = self._batches[key]
        await self._attempted(endpoint, batch, event.cursor)
        while (part := self._batches.get(key, batch)) is not batch:  # it was divided
            batch = part
            await self._attempted(endpoint, batch, event.cursor)
        if batch.error:
            raise copy(batch.error)
        self._batches.pop(key, None)

    def _gather(self, endpoint: Endpoint, event: Delivery) -> asyncio.Task[None]:
        """Give an event a batch; the task ends when it has it, and mostly with its outcome."""
        gathering = self._gathering.get(endpoint.id)
        if gathering is None:
            gathering = self._gathering[endpoint.id] = _Gathering()
            gathering.ending = self._start(self._end_of(gathering, endpoint))
        gathering.events[event.cursor] = event
        if len(gathering.events) >= endpoint.batch:
            gathering.full.set()
            del self._gathering[endpoint.id]
        return gathering.ending

    async def _end_of(self, gathering: _Gathering, endpoint: Endpoint) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._wait_s):
                await gathering.full.wait()
        if self._gathering.get(endpoint.id) is gathering:
            del self._gathering[endpoint.id]
        events = [gathering.events[cursor] for cursor in sorted(gathering.events)]
        frozen = await self._freeze(endpoint.id, events)
        batches = [self._keep(endpoint.id, one) for one in frozen]
        if len(batches) == 1 and batches[0].trying is None:  # one wait for all of it, not two
            batches[0].tries += 1
            batches[0].trying = gathering.ending
            await self._try(endpoint, batches[0])

    async def _freeze(
        self, endpoint_id: str, events: Sequence[Delivery]
    ) -> list[Sequence[Delivery]]:
        """Record a batch; returns it, and those that some of the events already belonged to."""
        self._frozen += 1
        thaws = self._frozen % THAW_EVERY == 1

        def change(tx: Transaction) -> list[Sequence[Delivery]]:
            if thaws:
                tx.thaw(endpoint_id)
            batched = tx.batched(endpoint_id, [one.cursor for one in events])
            known = [tx.frozen(endpoint_id, cursor) for cursor in sorted(batched)]
            fresh = [one for one in events if one.cursor not in batched]
            tx.freeze(endpoint_id, [one.cursor for one in fresh])
            others = {batch[0].cursor: batch for batch in known}
            return [one for one in (fresh, *others.values()) if one]

        return await self._write(change)

    async def _attempted(self, endpoint: Endpoint, batch: _Batch, cursor: int) -> None:
        """Wait for an outcome of the batch that this delivery has not heard."""
        trying = batch.trying
        if trying is None or (trying.done() and batch.heard.get(cursor, 0) >= batch.tries):
            batch.tries += 1
            trying = batch.trying = self._start(self._try(endpoint, batch))
        await (trying if trying.done() else asyncio.shield(trying))
        batch.heard[cursor] = batch.tries

    async def _try(self, endpoint: Endpoint, batch: _Batch) -> None:
        batch.error = None
        try:
            await self._outlet.deliver(endpoint, batch.events)
        except Divisible as error:
            await self._divide(endpoint.id, batch, str(error))
        except GatewayError as error:
            batch.error = error

    async def _divide(self, endpoint_id: str, batch: _Batch, why: str) -> None:
        log.info("batch divided", webhook=endpoint_id, events=len(batch.events), why=why)
        half = len(batch.events) // 2
        halves = (batch.events[:half], batch.events[half:])

        def change(tx: Transaction) -> None:
            for part in halves:
                tx.freeze(endpoint_id, [one.cursor for one in part])

        await self._write(change)
        for part in halves:
            self._keep(endpoint_id, part, instead_of=batch)

    def _keep(
        self, endpoint_id: str, events: Sequence[Delivery], instead_of: _Batch | None = None
    ) -> _Batch:
        keys = [(endpoint_id, one.cursor) for one in events]
        known = self._batches.get(keys[0])
        batch = _Batch(events) if known is None or known is instead_of else known
        for key in keys:
            self._batches[key] = batch
        while len(self._batches) > KEPT:
            del self._batches[next(iter(self._batches))]
        return batch

    async def _write(self, change: Callable[[Transaction], T]) -> T:
        """A store that takes nothing now is no fault of the endpoint."""
        return await patiently(lambda: self._store.write(change))

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

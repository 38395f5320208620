"""What only one of several gateways at a store may do: take uplinks in, send commands.

One of them holds a lease and renews it; when it ends, another takes over with the next epoch. What
the leader writes goes through a Fenced store, which looks at the lease inside the transaction of
each change: a leader that was stopped and goes on later, not knowing that it was replaced, changes
nothing.

One leader takes the uplinks in, rather than each process its share of a shared subscription:
frames of a device then stay in order and a gap is seen once; and what the broker keeps for a
process that never comes back is kept for nobody, while here the next leader takes the session
over. A broker that hands out work by itself (NATS) takes the place of `work`, not of the fence.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Self, TypeVar

import structlog

from gateway.clock import Clock, wall_ms
from gateway.errors import Retry
from gateway.store import Appended, Store, Transaction, View

T = TypeVar("T")
NAME = "leader"
LEASE_S = 10.0
"""How long a leader that says nothing is waited for, s; clocks of the machines differ by less."""
RENEWALS = 4
"""How often a lease is renewed within its time."""

log = structlog.get_logger("gateway.leading")


class Fenced:
    """A Store that changes nothing once the lease has another epoch."""

    def __init__(self, store: Store, epoch: int) -> None:
        self._store = store
        self._epoch = epoch

    async def read(self, question: Callable[[View], T]) -> T:
        """See gateway.store.Store."""
        return await self._store.read(question)

    async def write(self, change: Callable[[Transaction], T], *, within_s: float = 0.0) -> T:
        """See gateway.store.Store. Raises Retry when another leads now."""

        def fenced(tx: Transaction) -> T:
            lease = tx.lease(NAME)
            if lease is None or lease.epoch != self._epoch:
                raise Retry("another gateway took over from this one")
            return change(tx)

        return await self._store.write(fenced, within_s=within_s)

    def troubles(self) -> list[str]:
        """See gateway.store.Store."""
        return self._store.troubles()

    def on_commit(self, listener: Callable[[Sequence[Appended]], None]) -> None:
        """See gateway.store.Store."""
        self._store.on_commit(listener)

    def on_endpoints(self, listener: Callable[[], None]) -> None:
        """See gateway.store.Store."""
        self._store.on_endpoints(listener)

    async def __aenter__(self) -> Self:
        """It is open: the store's owner opened it."""
        return self

    async def __aexit__(self, *exc: object) -> None:
        """The store's owner closes it."""


class Leader:
    """Stands for election until cancelled. holder: unique among the processes at the store."""

    def __init__(
        self, store: Store, holder: str, *, clock: Clock = wall_ms, lease_s: float = LEASE_S
    ) -> None:
        self._store = store
        self._holder = holder
        self._clock = clock
        self._lease_s = lease_s
        self._pause_s = lease_s / RENEWALS

    async def run(self, work: Callable[[Store], Awaitable[None]]) -> None:
        """Do `work` while this process leads; it is cancelled when another took over."""
        try:
            while True:
                epoch = await self._take()
                if epoch:
                    log.info("leading", holder=self._holder, epoch=epoch)
                    await self._lead(work, epoch)
                    log.warning("another gateway took over", holder=self._holder)
                await asyncio.sleep(self._pause_s)
        finally:
            with contextlib.suppress(Retry, TimeoutError):
                async with asyncio.timeout(self._pause_s):
                    await self._store.write(self._give_back)

    async def _lead(self, work: Callable[[Store], Awaitable[None]], epoch: int) -> None:
        async with asyncio.TaskGroup() as group:
            working = group.create_task(_awaited(work(Fenced(self._store, epoch))))
            ours: int | None = epoch
            while ours in {epoch, None}:
                await asyncio.sleep(self._pause_s)
                ours = await self._take()
            working.cancel()

    async def _take(self) -> int | None:
        """The epoch that is ours now, 0 when another leads, None when the store does not say."""
        now_ms = self._clock()
        until_ms = now_ms + int(self._lease_s * 1000)
        try:
            return await self._store.write(
                lambda tx: tx.take_lease(NAME, self._holder, now_ms, until_ms)
            )
        except Retry as error:
            log.warning("the store does not say who leads", why=str(error))
            return None

    def _give_back(self, tx: Transaction) -> None:
        lease = tx.lease(NAME)
        if lease and lease.holder == self._holder:
            tx.take_lease(NAME, self._holder, lease.until_ms, 0)


async def _awaited(work: Awaitable[None]) -> None:
    await work

"""An outbox for tests: a clock and a sink of its own, the store in memory."""

import asyncio
import contextlib
from typing import Any

from gateway.delivery import Deliverer
from gateway.events import JoinedData
from gateway.schedule import Schedule
from gateway.store.sqlite import Store
from gateway.webhooks import new_endpoint

LAMP, BIN = "0000000000000001", "0000000000000002"
SCHEDULE = Schedule((5.0, 300.0))


class Clock:
    """Stands until a test moves it, ms."""

    def __init__(self):
        self.now_ms = 1_700_000_000_000

    def __call__(self):
        return self.now_ms

    def pass_s(self, seconds):
        self.now_ms += int(seconds * 1000)


class ScriptedSink:
    """Answers each attempt with the next of `script` (an exception or None), then takes."""

    def __init__(self, *script):
        self.script = list(script)
        self.attempts = []
        self.hung = asyncio.Event()
        self.hanging = set()
        self.cancelled = []

    async def deliver(self, endpoint, events):
        [delivery] = events
        self.attempts.append((endpoint.id, delivery.event_id, delivery.body))
        if endpoint.id in self.hanging or delivery.subject in self.hanging:
            try:
                await self.hung.wait()
            except asyncio.CancelledError:
                self.cancelled.append(endpoint.id)
                raise
        outcome = self.script.pop(0) if self.script else None
        if outcome:
            raise outcome

    def ids(self):
        return [event_id for _, event_id, _ in self.attempts]


def joined(tx, dev_eui):
    data = JoinedData(dev_eui=LAMP, device="x", dev_addr="01020304")
    return tx.append("joined", dev_eui, 1, data)


async def append(store, *devices):
    """One event of each device, in one commit each; their ids."""
    made = [await store.write(lambda tx, eui=eui: joined(tx, eui)) for eui in devices]
    return [event.id for event in made]


@contextlib.asynccontextmanager
async def delivering(sink, endpoints=1, kept: Any = None, **options):
    """A running Deliverer with its store, clock and endpoints."""
    clock = Clock()
    async with kept or Store(source="lamplighter/test") as store:
        made = [new_endpoint("webhook", f"http://{n}/", [], 0) for n in range(endpoints)]
        for endpoint in made:
            await store.write(lambda tx, one=endpoint: tx.add_endpoint(one))
        async with running(store, sink, clock, **options):
            yield store, clock, [one.id for one in made]


@contextlib.asynccontextmanager
async def running(store, sink, clock, worker: Any = None, **options):
    """A Deliverer at work on a store."""
    fixed: Any = {"schedule": SCHEDULE, "draw": lambda: 0.5, "poll_s": 0.001, "patience_s": 0.0}
    deliverer = Deliverer(store, sink, clock=clock, worker=worker, **(fixed | options))
    task = asyncio.create_task(deliverer.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(condition):
    """Let the loop turn until it holds; the test's time-out is the limit."""
    while not await condition():  # noqa: ASYNC110 - any part may bring it about
        await asyncio.sleep(0.001)


async def settled(store, endpoint_id, **counts):
    """Wait for these sums, checking at every look that nothing is unaccounted for."""

    async def same():
        totals = await store.read(lambda view: view.totals(endpoint_id))
        parts = totals.delivered + totals.pending + totals.dead + totals.withdrawn
        assert totals.matched == parts
        return all(getattr(totals, name) == count for name, count in counts.items())

    await until(same)


async def noted(store, endpoint, **fields):
    """Whether the first delivery has these fields."""
    found = await store.read(lambda view: view.deliveries(endpoint))
    return bool(found) and all(getattr(found[0], k) == v for k, v in fields.items())


async def asked(sink, count):
    return len(sink.attempts) == count

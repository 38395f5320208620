"""The outbox against chance: endpoints that fail in all ways, restarts at any time, by seed.

Whatever happens: every event ends delivered or dead at every endpoint, the sums agree at every
look, and no endpoint gets an event of a device after a later one.
"""

import asyncio
import contextlib
import json
from collections import defaultdict
from random import Random

import pytest

from gateway.delivery import Deliverer, Worker
from gateway.errors import Refused, Retry
from gateway.events import JoinedData
from gateway.schedule import Schedule
from gateway.store.sqlite import Store
from gateway.webhooks import new_endpoint

DEVICES = [f"{n:016x}" for n in range(4)]
EVENTS = 60
DATA = JoinedData(dev_eui=DEVICES[0], device="x", dev_addr="01020304")


class ChanceSink:
    """Takes, fails or refuses by chance until `well`, sometimes after a while."""

    def __init__(self, random):
        self.random = random
        self.well = False
        self.taken = defaultdict(list)

    async def deliver(self, endpoint, events):
        [delivery] = events
        for _ in range(self.random.randrange(4)):
            await asyncio.sleep(0)
        draw = 1.0 if self.well else self.random.random()
        if draw < 0.25:
            raise Retry("500", after_s=self.random.choice([None, 3.0]))
        if draw < 0.35:
            raise Refused("400")
        sequence = int(json.loads(delivery.body)["sequence"])
        self.taken[endpoint.id, delivery.subject].append(sequence)
        for _ in range(self.random.randrange(3)):  # taken, but a kill may come before the mark
            await asyncio.sleep(0)


class Campaign:
    """workers: deliverers that share the store, 0 for one that has it to itself."""

    def __init__(self, store, seed, workers=0):
        self.store, self.random = store, Random(seed)
        self.workers = workers
        self.sink = ChanceSink(self.random)
        self.now_ms = 1_700_000_000_000
        self.restarts = 0
        self.tasks = []

    def start(self):
        names = [f"{self.restarts}-{n}" for n in range(self.workers)]
        # the lease is longer than the clock can go on during an attempt
        for worker in [Worker(name, 10_000.0) for name in names] or [None]:
            deliverer = Deliverer(
                self.store, self.sink, schedule=Schedule((5.0, 60.0, 300.0)), parallel=3,
                clock=lambda: self.now_ms, draw=self.random.random, poll_s=0.001, worker=worker,
            )  # fmt: skip
            self.tasks.append(asyncio.create_task(deliverer.run()))

    async def stop(self):
        while self.tasks:
            task = self.tasks.pop()
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def totals(self, endpoints):
        found = await self.store.read(lambda view: [view.totals(one) for one in endpoints])
        for one in found:
            assert one.matched == one.delivered + one.pending + one.dead + one.withdrawn
        return found

    async def live(self, endpoints):
        """Events come, time passes, and now and then the process dies."""
        self.start()
        for _ in range(EVENTS):
            device = self.random.choice(DEVICES)
            await self.store.write(lambda tx, eui=device: tx.append("joined", eui, 1, DATA))
            await asyncio.sleep(self.random.choice([0, 0, 0.001]))
            self.now_ms += self.random.choice([0, 1000, 10_000, 100_000])
            if self.random.random() < 0.15:
                await self.stop()
                self.restarts += 1
                self.start()
            await self.totals(endpoints)
        self.sink.well = True
        while any(one.pending for one in await self.totals(endpoints)):
            self.now_ms += 60_000
            await asyncio.sleep(0.001)
        await self.stop()


@pytest.mark.parametrize(("workers", "seed"), [(0, n) for n in range(12)] + [(3, 1), (3, 2)])
async def test_nothing_is_lost_and_order_is_kept_whatever_happens(workers, seed):
    async with Store(source="lamplighter/test") as store:
        endpoints = [new_endpoint("webhook", f"http://{n}/", [], 0) for n in range(2)]
        for endpoint in endpoints:
            await store.write(lambda tx, one=endpoint: tx.add_endpoint(one))
        campaign = Campaign(store, seed, workers)

        await campaign.live([one.id for one in endpoints])

        repeated = 0
        for taken in campaign.sink.taken.values():
            assert taken == sorted(taken)
            repeated += len(taken) - len(set(taken))
        under_way = campaign.restarts * 3 * max(workers, 1)
        assert repeated <= under_way * len(endpoints)
        for endpoint in endpoints:
            [totals] = await campaign.totals([endpoint.id])
            taken = campaign.sink.taken.items()
            arrived = sum(len(set(them)) for (at, _), them in taken if at == endpoint.id)
            assert totals.matched == EVENTS == totals.delivered + totals.dead
            # one that was taken before a kill may be refused when it comes again
            assert totals.delivered <= arrived <= totals.delivered + under_way

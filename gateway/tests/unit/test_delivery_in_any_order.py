"""Delivery held to a naive model, whatever happens in whatever order.

Each event of an endpoint is delivered or dead in the end, at no time two of a device are under
way, none goes before an earlier one ended, and matched = delivered + pending + dead + withdrawn.
300 examples; with `--weeks`, as in `make faults`, 10 000.
"""

import asyncio
import contextlib
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from msgspec.structs import replace

from gateway import line
from gateway.delivery import Deliverer
from gateway.events import JoinedData
from gateway.schedule import Schedule
from gateway.tests.unit.outbox_process import OneThread, Process, VirtualLoop
from gateway.tests.unit.outbox_world import NOTICED_S, PATIENCE_S, POLL_S, STEPS_S, World
from gateway.webhooks import enable, new_endpoint, replay, retry

pytestmark = [pytest.mark.slow, pytest.mark.faults]

DEVICES = [f"{n:016x}" for n in range(5)]
DATA = JoinedData(dev_eui=DEVICES[0], device="x", dev_addr="01020304")
MODES = ["takes", "fails", "refuses", "hangs", "asks for time"]
ENDS_S = 1500
"""More than the longest wait of the schedule and of refusals (540 s), each with its jitter."""
KEPT = line.HELD, line.READ_EACH, line.READ_DEVICES

devices = st.lists(st.sampled_from(DEVICES), min_size=1, max_size=8)
one_endpoint = st.integers(0, 2)


class AnyOrder(RuleBasedStateMachine):
    """Endpoints that do everything, a process that is killed, and another that writes."""

    @initialize(held=st.sampled_from([2, 6, 5000]), each=st.sampled_from([1, 3, 32]))
    def begin(self, held, each):
        line.HELD, line.READ_EACH, line.READ_DEVICES = held, each, each
        self.folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
        self.loop = VirtualLoop()
        self.opened = contextlib.AsyncExitStack()
        self.ids: list[str] = []
        self.do(self.open())
        self.add()
        self.add()
        self.start()

    async def open(self):
        path = self.folder / "a.db"
        stores = [await self.opened.enter_async_context(OneThread(path)) for _ in range(2)]
        self.store, self.other = stores
        self.world = World(self.other)

    def now_ms(self):
        return 1_700_000_000_000 + int(self.loop.time() * 1000)

    def start(self):
        self.process: Any = Process(self.store, self.world.tells)
        deliverer = Deliverer(
            self.process, self.world, schedule=Schedule(STEPS_S), parallel=3,
            clock=self.now_ms, poll_s=POLL_S, patience_s=PATIENCE_S,
        )  # fmt: skip
        self.task = self.loop.create_task(deliverer.run())

    def do(self, work):
        return self.loop.run_until_complete(work)

    async def append(self, store, subjects):
        """In one commit each; the model notes which endpoints are to get them."""

        def change(tx, subject):
            event = tx.append("joined", subject, 1, DATA)
            return event.id, [one.id for one in tx.endpoints() if not one.disabled_reason]

        made = [store.write(lambda tx, one=one: change(tx, one)) for one in subjects]
        for subject, (event_id, endpoints) in zip(
            subjects, await asyncio.gather(*made), strict=True
        ):
            for id_ in endpoints:
                self.world.matched[id_][event_id] = subject

    @rule(subjects=devices, by_another=st.booleans())
    def events(self, subjects, by_another):
        self.do(self.append(self.other if by_another else self.store, subjects))

    @rule(bursts=st.lists(devices, max_size=6), pause_s=st.sampled_from([0.01, 0.5, 7]))
    def stream(self, bursts, pause_s):
        for subjects in bursts:
            self.do(self.append(self.store, subjects))
            self.do(asyncio.sleep(pause_s))

    @rule(seconds=st.sampled_from([0.01, 0.6, 1.5, 12, 70, 400]))
    def time(self, seconds):
        self.do(asyncio.sleep(seconds))

    @rule(which=one_endpoint, mode=st.sampled_from(MODES))
    def becomes(self, which, mode):
        self.world.mode[self.ids[which % len(self.ids)]] = mode

    @rule(which=one_endpoint, modes=st.lists(st.sampled_from(MODES), max_size=6))
    def answers(self, which, modes):
        self.world.script[self.ids[which % len(self.ids)]].extend(modes)

    @rule(which=one_endpoint)
    def says_gone(self, which):
        self.world.script[self.ids[which % len(self.ids)]].appendleft("gone")

    @rule(lag_s=st.sampled_from([0.0, 0.3, 5.0]))
    def takes_time(self, lag_s):
        self.world.lag_s = lag_s

    @rule(subject=st.sampled_from(DEVICES))
    def is_refused(self, subject):
        self.world.poison ^= {subject}

    @rule(times=st.integers(1, 3))
    def disk_is_full(self, times):
        self.process.full = times

    @rule()
    def kill(self):
        self.do(self.killed())
        self.start()

    async def killed(self):
        """What was handed to the store before it died is carried out, nothing after."""
        self.process.dead = True
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        await self.store.write(lambda _tx: None)
        for id_ in self.ids:
            for row in await self.other.read(
                lambda view, one=id_: view.deliveries(one, limit=10_000)
            ):
                key = id_, row.event_id
                if row.state == "pending":
                    self.world.excused[key] = self.world.taken[key]

    def elsewhere(self, change):
        return self.do(self.other.write(change))

    @rule()
    def add(self):
        number = len(self.ids)
        made = new_endpoint("webhook", f"http://{number}/", [], 0)
        endpoint = replace(made, id=f"wh_{number}")
        if number < 3:
            self.elsewhere(lambda tx: tx.add_endpoint(endpoint))
            self.ids.append(endpoint.id)

    @rule(which=one_endpoint, what=st.sampled_from(["enable", "retry", "replay"]))
    def administer(self, which, what):
        id_ = self.ids[which % len(self.ids)]
        now_ms = self.now_ms()

        def change(tx):
            if not tx.endpoint(id_):
                return []
            dead = [one.event_id for one in tx.deliveries(id_, state="dead", limit=10_000)]
            {"enable": lambda *_: enable(tx, id_), "retry": retry, "replay": replay}[what](
                tx, id_, now_ms
            )
            return dead if what == "replay" else []

        self.world.replayed.update((id_, event_id) for event_id in self.elsewhere(change))

    @rule(which=one_endpoint)
    def disable(self, which):
        id_ = self.ids[which % len(self.ids)]

        def change(tx):
            if found := tx.endpoint(id_):
                tx.put_endpoint(replace(found, disabled_reason="by hand"))

        self.elsewhere(change)

    @rule(which=one_endpoint, seldom=st.integers(0, 3))
    def remove(self, which, seldom):
        id_ = self.ids[which % len(self.ids)]
        if not seldom:
            self.elsewhere(lambda tx: tx.endpoint(id_) and tx.remove_endpoint(id_))

    @invariant()
    def all_adds_up(self):
        if not hasattr(self, "world"):
            return
        for id_ in self.ids:
            found = self.do(
                self.other.read(
                    lambda view, one=id_: (
                        view.totals(one),
                        view.deliveries(one, limit=10_000),
                        set(self.world.matched[one]),  # as of this instant: delivery tells too
                    )
                )
            )
            self.world.check(id_, *found)
        assert self.world.wrong == []

    def teardown(self):
        try:
            if hasattr(self, "world"):
                self.do(self.end())
                self.all_adds_up()
        finally:
            line.HELD, line.READ_EACH, line.READ_DEVICES = KEPT
            self.do(self.close())
            self.loop.close()
            shutil.rmtree(self.folder)

    async def end(self):
        """All is well again: within the longest wait nothing is pending; new events go at once."""
        self.process.full, self.world.lag_s = 0, 0.0
        for each in (self.world.mode, self.world.script, self.world.poison):
            each.clear()
        await asyncio.sleep(NOTICED_S)  # a 410 that was answered before disables after it
        there = [one.id for one in await self.other.read(lambda view: view.endpoints())]
        for id_ in there:
            await self.other.write(lambda tx, one=id_: enable(tx, one))
        await asyncio.sleep(ENDS_S)
        await self.pending_is(there, 0)
        await self.append(self.store, DEVICES)
        await asyncio.sleep(0.1)
        for id_ in there:
            newest = list(self.world.matched[id_])[-len(DEVICES) :]
            assert all(self.world.taken[id_, one] == 1 for one in newest)
        await asyncio.sleep(2 * PATIENCE_S + 1)  # of a record that waits for one that waits
        await self.pending_is(there, 0)

    async def pending_is(self, ids, count):
        for id_ in ids:
            assert (await self.other.read(lambda view, one=id_: view.totals(one))).pending == count

    async def close(self):
        if hasattr(self, "task"):
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)
        await self.opened.aclose()
        await self.loop.shutdown_default_executor()


@pytest.mark.timeout(3600)
def test_nothing_is_lost_doubled_or_out_of_order_in_any_order_of_things(pytestconfig):
    many = pytestconfig.getoption("weeks")
    run_state_machine_as_test(
        AnyOrder,
        settings=settings(
            deadline=None,
            max_examples=10_000 if many else 300,
            stateful_step_count=30,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )

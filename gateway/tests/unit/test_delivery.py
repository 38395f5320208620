"""The outbox loop: who gets what, in which order, beside whom."""

import asyncio

import pytest
from msgspec.structs import replace

from gateway.delivery import Worker
from gateway.errors import Refused, Retry
from gateway.model import Waiting
from gateway.store.sqlite import Store
from gateway.tests.unit.outbox_bench import (
    BIN,
    LAMP,
    ScriptedSink,
    append,
    asked,
    delivering,
    running,
    settled,
    until,
)
from gateway.webhooks import new_endpoint


async def test_every_event_is_delivered_once_when_the_endpoint_takes_it():
    sink = ScriptedSink()
    async with delivering(sink) as (store, _, [endpoint]):
        ids = await append(store, LAMP, BIN, LAMP)

        await settled(store, endpoint, matched=3, delivered=3)

    assert sorted(sink.ids()) == sorted(ids)


async def test_an_event_waits_for_the_earlier_one_of_its_device_only():
    sink = ScriptedSink()
    sink.hanging.add(LAMP)
    async with delivering(sink) as (store, _, [endpoint]):
        first, second = await append(store, LAMP, LAMP)
        (other,) = await append(store, BIN)

        await settled(store, endpoint, delivered=1, pending=2)
        assert sink.ids() == [first, other]
        sink.hanging.clear()
        sink.hung.set()
        await settled(store, endpoint, delivered=3)

    assert sink.ids() == [first, other, second]


async def test_a_hanging_endpoint_does_not_delay_another():
    sink = ScriptedSink()
    async with delivering(sink, endpoints=2) as (store, _, [hangs, works]):
        sink.hanging.add(hangs)
        await append(store, *[LAMP, BIN] * 10)

        await settled(store, works, delivered=20)
        await settled(store, hangs, pending=20)


async def test_one_endpoint_has_at_most_its_width_under_way():
    sink = ScriptedSink()
    async with delivering(sink, parallel=3) as (store, _, [endpoint]):
        sink.hanging.add(endpoint)
        await append(store, *[f"{n:016x}" for n in range(10)])

        await asyncio.sleep(0.05)

        assert len(sink.attempts) == 3


async def test_each_failure_halves_the_attempts_under_way():
    sink = ScriptedSink(*[Retry("500")] * 4)
    async with delivering(sink, parallel=4) as (store, _, [endpoint]):
        sink.hanging.add(endpoint)
        await append(store, *[f"{n:016x}" for n in range(12)])
        await until(lambda: asked(sink, 4))
        sink.hung.set()
        sink.hung.clear()  # those four go on and fail; what begins now hangs

        await until(lambda: failed(store, endpoint, 4))
        await asyncio.sleep(0.02)

        assert len(sink.attempts) == 5  # 4 at a time, then 2, then 1


async def failed(store, endpoint, count):
    """Whether so many first attempts failed."""
    found = await store.read(lambda view: view.deliveries(endpoint, state="pending"))
    return sum(one.attempts for one in found) == count


class LateStore(Store):
    """Answers a look at all that waits with the state of its beginning, when `gate` lets it."""

    def __init__(self):
        super().__init__()
        self.gate = asyncio.Event()
        self.gate.set()
        self.waiting = False

    async def read(self, question):
        answer = await super().read(question)
        if isinstance(answer, tuple) and answer[0] and isinstance(answer[0][0], Waiting):
            self.waiting = not self.gate.is_set()
            await self.gate.wait()
        return answer


async def test_an_event_that_ends_while_the_outbox_is_read_is_not_sent_again():
    sink = ScriptedSink()
    late = LateStore()
    async with delivering(sink, kept=late) as (store, _, [endpoint]):
        (again,) = await append(store, BIN)
        await settled(store, endpoint, delivered=1)
        sink.hanging.add(LAMP)
        (first,) = await append(store, LAMP)
        await until(lambda: asked(sink, 2))
        late.gate.clear()
        [other] = await store.read(lambda view: view.deliveries(event_id=again))
        await store.write(lambda tx: tx.put_delivery(replace(other, state="pending")))
        await until(lambda: held(store))

        sink.hanging.clear()
        sink.hung.set()
        await until(lambda: counted(store, endpoint, 1))
        await asyncio.sleep(0.02)
        late.gate.set()

        await settled(store, endpoint, delivered=2)
        await asyncio.sleep(0.02)
    assert sink.ids() == [again, first, again]


async def held(store):
    return store.waiting


async def counted(store, endpoint, count):
    """Whether so many are delivered; not through `read`, which is held."""
    totals = await Store.read(store, lambda view: view.totals(endpoint))
    return totals.delivered == count


class FullStore(Store):
    """Cannot write for the first times once `full` is set, as on a full disk."""

    full = 0

    async def write(self, change, **how):
        if self.full:
            self.full -= 1
            raise Retry("the disk is full")
        return await super().write(change, **how)


async def test_a_store_that_cannot_write_now_delays_the_mark_and_sends_nothing_twice():
    sink = ScriptedSink()
    sink.hanging.add(LAMP)
    disk = FullStore()
    async with delivering(sink, kept=disk) as (store, _, [endpoint]):
        (event_id,) = await append(store, LAMP)
        await until(lambda: asked(sink, 1))
        disk.full = 2
        sink.hung.set()

        await settled(store, endpoint, delivered=1)

    assert (disk.full, sink.ids()) == (0, [event_id])


async def test_workers_share_what_is_due_and_send_nothing_twice():
    one, two = ScriptedSink(), ScriptedSink()
    one.hanging.add(LAMP)
    two.hanging.add(LAMP)
    shared = Store()
    async with (
        delivering(one, kept=shared, worker=Worker("one", 60)) as (store, clock, [endpoint]),
        running(store, two, clock, Worker("two", 60)),
    ):
        (first, _) = await append(store, LAMP, LAMP)
        others = await append(store, *[f"{n:016x}" for n in range(16, 36)])

        await settled(store, endpoint, delivered=20, pending=2)
        clock.pass_s(59)
        await asyncio.sleep(0.02)
        assert sorted(one.ids() + two.ids()) == sorted([first, *others])
        for sink in (one, two):
            sink.hanging.clear()
            sink.hung.set()
        await settled(store, endpoint, delivered=22)

    assert len(one.ids() + two.ids()) == 22


async def test_after_the_lease_another_worker_goes_on_and_the_late_mark_is_not_recorded():
    hangs, works = ScriptedSink(Refused("late")), ScriptedSink()
    hangs.hanging.add(LAMP)
    shared = Store()
    async with delivering(hangs, kept=shared, worker=Worker("hangs", 60)) as (
        store,
        clock,
        [hook],
    ):
        first, second = await append(store, LAMP, LAMP)
        await until(lambda: asked(hangs, 1))
        async with running(store, works, clock, Worker("works", 60)):
            await asyncio.sleep(0.02)
            assert works.ids() == []
            clock.pass_s(61)
            await settled(store, hook, delivered=2)

            hangs.hung.set()
            await asyncio.sleep(0.02)
            await settled(store, hook, matched=2, delivered=2)

    assert works.ids() == [first, second]
    assert hangs.ids() == [first]


async def test_removing_an_endpoint_withdraws_what_is_pending_and_ends_its_attempt():
    sink = ScriptedSink()
    async with delivering(sink) as (store, _, [endpoint]):
        sink.hanging.add(endpoint)
        await append(store, LAMP, LAMP)
        await until(lambda: asked(sink, 1))

        await store.write(lambda tx: tx.remove_endpoint(endpoint))

        await settled(store, endpoint, matched=2, withdrawn=2)
        await until(lambda: given_up(sink, endpoint))


async def given_up(sink, endpoint):
    return sink.cancelled == [endpoint]


async def test_an_endpoint_added_later_gets_what_comes_after():
    sink = ScriptedSink()
    async with delivering(sink) as (store, _, _):
        await append(store, LAMP)
        late = new_endpoint("webhook", "http://late/", [], 0)
        await store.write(lambda tx: tx.add_endpoint(late))

        (second,) = await append(store, LAMP)

        await settled(store, late.id, delivered=1)
    assert [id_ for where, id_, _ in sink.attempts if where == late.id] == [second]


async def test_an_endpoint_that_this_process_adds_is_served_without_a_poll():
    sink = ScriptedSink()
    async with delivering(sink, endpoints=0, poll_s=60.0) as (store, _, _):
        await asyncio.sleep(0.05)  # it has looked, and sleeps
        added = new_endpoint("webhook", "http://new/", [], 0)
        await store.write(lambda tx: tx.add_endpoint(added))
        await append(store, LAMP)

        async with asyncio.timeout(5):
            await settled(store, added.id, matched=1, delivered=1)


def test_an_endpoint_has_a_secret_of_its_own_and_only_types_that_exist():
    one, two = (new_endpoint("webhook", "http://x/", ["lamplighter.boot.v1"], 0) for _ in range(2))

    assert one.secret != two.secret
    assert one.id != two.id
    with pytest.raises(Refused, match=r"lamplighter\.reading\.v1"):
        new_endpoint("webhook", "http://x/", ["reading"], 0)

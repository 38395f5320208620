"""Batches: what goes together, that it goes together again, and what becomes of each event."""

import asyncio
import contextlib
from collections import defaultdict
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from gateway.batches import Batches
from gateway.errors import Refused, Retry
from gateway.events import JoinedData
from gateway.sinks import Divisible
from gateway.store.sqlite import Store
from gateway.tests.contract.http_bench import made_parts
from gateway.tests.unit.outbox_bench import Clock, append, running, settled, until
from gateway.usecases import webhooks
from gateway.usecases.webhooks import WebhookRequest
from gateway.webhooks import new_endpoint

DEVICES = [f"{n:016x}" for n in range(9)]
HOOK = replace(new_endpoint("webhook", "http://x/", [], 0, batch=4), id="wh_1")
LONG_S = 60.0


class Backend:
    """Takes batches; `script`: outcomes of the next attempts (an exception, None, or a wait).

    poison: event ids that it refuses, alone or with others.  most: events at a time.
    """

    def __init__(self, *script):
        self.script = list(script)
        self.attempts = []
        self.poison = set()
        self.most = 100

    async def deliver(self, endpoint, events):
        self.attempts.append([one.cursor for one in events])
        outcome = self.script.pop(0) if self.script else None
        if isinstance(outcome, asyncio.Event):
            await outcome.wait()
        elif outcome:
            raise outcome
        wrong = len(events) > self.most or self.poison & {one.event_id for one in events}
        if wrong and len(events) > 1:
            raise Divisible("too many")
        if wrong:
            raise Refused("not this one")


@contextlib.asynccontextmanager
async def scene(count, wait_s=LONG_S):
    """A store with an event of each of `count` devices; gives it and the deliveries."""
    async with Store(source="lamplighter/test") as store:
        await store.write(lambda tx: tx.add_endpoint(HOOK))
        await append(store, *DEVICES[:count])
        yield store, await store.read(lambda view: view.due_deliveries(HOOK.id, 0))


async def delivered(batches, due, endpoint=HOOK):
    """Deliver each at once; by cursor what it raised, None: taken."""
    ends = await asyncio.gather(
        *(batches.deliver(endpoint, [one]) for one in due), return_exceptions=True
    )
    return dict(zip([one.cursor for one in due], ends, strict=True))


async def test_a_full_batch_goes_at_once_and_the_rest_after_a_wait():
    async with scene(6) as (store, due):
        backend = Backend()
        async with Batches(backend, store, wait_s=0.05) as batches:
            ends = await delivered(batches, [due[3], due[0], due[2], due[1], due[5], due[4]])

    assert backend.attempts == [[1, 2, 3, 4], [5, 6]]
    assert set(ends.values()) == {None}


async def test_an_endpoint_without_batches_is_served_as_ever():
    async with scene(2) as (store, due):
        backend = Backend()
        async with Batches(backend, store) as batches:
            await delivered(batches, due, replace(HOOK, batch=1))
        assert await store.read(lambda view: view.frozen(HOOK.id, 1)) == []

    assert backend.attempts == [[1], [2]]


async def test_a_batch_that_failed_goes_again_whole_and_once_for_all_its_events():
    async with scene(8) as (store, due):
        backend = Backend(Retry("busy", after_s=7.0))
        async with Batches(backend, store, wait_s=0.01) as batches:
            ends = await delivered(batches, due[:4])
            assert [(str(one), vars(one)) for one in ends.values()] == [
                ("busy", {"after_s": 7.0})
            ] * 4

            assert await delivered(batches, due[2:3]) == {3: None}
            assert await delivered(batches, due[4:8]) == dict.fromkeys(range(5, 9))
            assert await delivered(batches, [due[0], due[3], due[1]]) == {
                1: None,
                4: None,
                2: None,
            }

    assert backend.attempts == [[1, 2, 3, 4], [1, 2, 3, 4], [5, 6, 7, 8]]


async def test_what_an_event_has_heard_it_does_not_hear_again():
    async with scene(2) as (store, due):
        backend = Backend(*[Retry("busy")] * 3)
        async with Batches(backend, store, wait_s=0.01) as batches:
            await delivered(batches, due)
            for _ in range(2):
                await delivered(batches, due[:1])
            (late,) = (await delivered(batches, due[1:])).values()
            assert str(late) == "busy"
            assert await delivered(batches, due[1:]) == {2: None}

    assert backend.attempts == [[1, 2]] * 4


async def test_a_batch_is_the_same_after_a_crash_whatever_waits_by_then():
    async with scene(3) as (store, due):
        hangs = Backend(asyncio.Event())
        async with Batches(hangs, store, wait_s=0.01) as killed:
            tasks = [asyncio.create_task(killed.deliver(HOOK, [one])) for one in due[:2]]
            await until(lambda: _done(hangs.attempts))
            for task in tasks:
                task.cancel()
        backend = Backend()
        async with Batches(backend, store, wait_s=0.01) as batches:
            ends = await delivered(batches, due[1:])

    assert hangs.attempts == [[1, 2]]
    assert sorted(backend.attempts) == [[1, 2], [3]]
    assert ends == {2: None, 3: None}


async def _done(attempts):
    return bool(attempts)


async def test_nothing_is_sent_before_its_batch_is_recorded():
    async with scene(2) as (store, due):
        seen = []

        class Looking(Backend):
            async def deliver(self, endpoint, events):
                seen.append(await store.read(lambda view: view.frozen(HOOK.id, events[0].cursor)))
                await super().deliver(endpoint, events)

        async with Batches(Looking(), store, wait_s=0.01) as batches:
            await delivered(batches, due)

    assert [[one.cursor for one in batch] for batch in seen] == [[1, 2]]


async def test_a_batch_that_is_too_large_is_divided_for_good():
    async with scene(4) as (store, due):
        backend = Backend()
        backend.most = 1
        async with Batches(backend, store) as batches:
            assert await delivered(batches, due) == dict.fromkeys(range(1, 5))
        after = Backend()
        async with Batches(after, store, wait_s=0.01) as batches:
            await delivered(batches, due)

    assert backend.attempts[0] == [1, 2, 3, 4]
    assert sorted(backend.attempts[1:]) == [[1], [1, 2], [2], [3], [3, 4], [4]]
    assert sorted(after.attempts) == [[1], [2], [3], [4]]


async def test_of_a_batch_only_the_event_is_refused_that_the_endpoint_refuses_alone():
    async with scene(4) as (store, due):
        backend = Backend()
        backend.poison = {due[2].event_id}
        async with Batches(backend, store) as batches:
            ends = await delivered(batches, due)

    assert (ends[1], ends[2], ends[4]) == (None, None, None)
    assert (type(ends[3]), str(ends[3])) == (Refused, "not this one")


async def test_a_store_that_takes_nothing_now_delays_a_batch_and_blames_no_endpoint():
    async with scene(2) as (store, due):
        failures = [Retry("disk full"), Retry("disk full")]

        class Full:
            async def write(self, change):
                if failures:
                    raise failures.pop()
                return await store.write(change)

        backend = Backend()
        full: Any = Full()
        async with Batches(backend, full, wait_s=0.01) as batches:
            assert await delivered(batches, due) == {1: None, 2: None}

    assert backend.attempts == [[1, 2]]


@pytest.mark.parametrize("most", [100, 3])
async def test_every_event_arrives_in_the_order_of_its_device_and_nothing_stays(most):
    """A Deliverer, an endpoint that fails now and then, batches, and their rows at the end."""
    async with Store(source="lamplighter/test") as store:
        await store.write(lambda tx: tx.add_endpoint(HOOK))
        backend = Backend(None, Retry("busy"), None, None, Retry("busy"), Retry("busy"))
        backend.most = most
        taken = defaultdict(list)

        class Kept:
            async def deliver(self, endpoint, events):
                await backend.deliver(endpoint, events)
                for one in events:
                    taken[one.subject].append(one.cursor)

        clock = Clock()
        async with Batches(Kept(), store, wait_s=0.005) as batches, running(store, batches, clock):
            data = JoinedData(dev_eui="x", device="x", dev_addr="01020304")
            await store.write(
                lambda tx: [tx.append("joined", eui, 1, data) for eui in DEVICES * 5]
            )
            while await _pending(store):
                clock.pass_s(1)
                await asyncio.sleep(0.002)
            await settled(store, HOOK.id, delivered=45)
        await store.write(lambda tx: tx.thaw(HOOK.id))
        left = await store.read(lambda view: [view.frozen(HOOK.id, n) for n in range(1, 46)])

    assert sum(map(len, taken.values())) == 45
    assert all(order == sorted(order) for order in taken.values())
    assert max(map(len, backend.attempts)) == 4
    assert left == [[]] * 45


async def test_only_a_kind_that_takes_batches_gets_one():
    async with Store(source="lamplighter/test") as store:
        parts = made_parts(store)
        made = await webhooks.add(parts, body=WebhookRequest("http://y.example/", batch=100))
        shown = await webhooks.find(parts, made.id)
        with pytest.raises(Refused, match="leave `batch` at 1") as caught:
            await webhooks.add(parts, body=WebhookRequest("x.jsonl", kind="file", batch=2))

    assert (made.batch, shown.batch, caught.value.field) == (100, 100, "batch")


@pytest.mark.parametrize("batch", [0, -1, 101, "2", 2.5])
def test_a_batch_is_of_1_to_100_events(batch):
    with pytest.raises(msgspec.ValidationError, match="batch"):
        msgspec.convert({"url": "http://y.example/", "batch": batch}, WebhookRequest)


async def _pending(store):
    return (await store.read(lambda view: view.totals(HOOK.id))).pending


async def test_first_attempts_go_together_and_after_a_failure_each_hears_without_a_request():
    async with scene(6) as (store, due):
        backend = Backend(None, Retry("busy"))
        async with Batches(backend, store, wait_s=0.01) as batches:
            await batches.deliver(HOOK, due[:3])
            with pytest.raises(Divisible):
                await batches.deliver(HOOK, due[3:])
            ends = await delivered(batches, due[3:])
            assert {str(one) for one in ends.values()} == {"busy"}
            assert await delivered(batches, due[3:]) == {4: None, 5: None, 6: None}

    assert backend.attempts == [[1, 2, 3], [4, 5, 6], [4, 5, 6]]


async def test_what_was_frozen_before_a_crash_is_not_mixed_with_what_comes_together_now():
    async with scene(4) as (store, due):
        await store.write(lambda tx: tx.freeze(HOOK.id, [1, 2]))
        backend = Backend()
        async with Batches(backend, store, wait_s=0.01) as batches:
            with pytest.raises(Divisible):
                await batches.deliver(HOOK, due)
            assert await delivered(batches, due) == dict.fromkeys(range(1, 5))

    assert sorted(backend.attempts) == [[1, 2], [3, 4]]


async def test_of_two_batches_that_came_together_only_the_one_that_failed_goes_again():
    async with scene(6) as (store, due):
        backend = Backend(None, Retry("busy"))
        async with Batches(backend, store, wait_s=0.01) as batches:
            with pytest.raises(Divisible):
                await batches.deliver(HOOK, due)
            ends = await delivered(batches, due)

    assert backend.attempts == [[1, 2, 3, 4], [5, 6]]
    assert [str(one) for one in ends.values()] == ["None"] * 4 + ["busy"] * 2

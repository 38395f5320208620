"""The outbox loop: what is in memory, what is read, and what another process changes meanwhile."""

import asyncio
import json

import pytest

from gateway import line
from gateway.delivery import Deliverer
from gateway.errors import Retry
from gateway.store.sqlite import Store
from gateway.tests.unit.outbox_bench import (
    BIN,
    LAMP,
    SCHEDULE,
    Clock,
    ScriptedSink,
    append,
    delivering,
    joined,
    running,
    settled,
    until,
)
from gateway.webhooks import new_endpoint, replay, retry

FEW = [f"{n:016x}" for n in range(5)]


class CountingStore(Store):
    """Counts the deliveries that its readers gave."""

    rows = 0

    async def read(self, question):
        answer = await super().read(question)
        if isinstance(answer, tuple) and answer[0] and isinstance(answer[0][0], list):
            self.rows += sum(len(one) for one in answer[0])
        return answer


async def filled(store, count, devices=FEW):
    """A store with one endpoint and `count` events pending; its id."""
    endpoint = new_endpoint("webhook", "http://0/", [], 0)

    def fill(tx):
        tx.add_endpoint(endpoint)
        for number in range(count):
            joined(tx, devices[number % len(devices)])

    await store.write(fill)
    return endpoint.id


@pytest.mark.parametrize("count", [500, 1000])
async def test_catching_up_reads_each_event_once_however_few_devices_there_are(count):
    async with CountingStore() as store:
        endpoint = await filled(store, count)
        sink = ScriptedSink()

        async with running(store, sink, Clock()):
            await settled(store, endpoint, delivered=count)

        assert len(sink.ids()) == count
        assert store.rows == count


async def test_what_this_process_commits_is_delivered_without_a_read():
    kept = CountingStore()
    async with delivering(ScriptedSink(), kept=kept) as (store, _, [endpoint]):
        await asyncio.sleep(0.05)  # it has looked at what was there before
        await append(store, *FEW * 20)
        await settled(store, endpoint, delivered=100)

        assert kept.rows == 0


def in_order(sink):
    """Whether each device's events came in the order of their numbers."""
    numbers: dict[str, list[int]] = {}
    for _, _, body in sink.attempts:
        event = json.loads(body)
        numbers.setdefault(event["subject"], []).append(int(event["sequence"]))
    return all(one == sorted(one) for one in numbers.values())


async def test_events_beyond_what_memory_holds_come_in_order(monkeypatch):
    monkeypatch.setattr(line, "HELD", 10)
    sink = ScriptedSink(*[Retry("503")] * 5)
    async with delivering(sink, parallel=2) as (store, clock, [endpoint]):
        await asyncio.gather(*(append(store, *FEW) for _ in range(60)))
        for _ in range(4):
            await asyncio.sleep(0.02)
            clock.pass_s(301)

        await settled(store, endpoint, delivered=300)

    assert in_order(sink)
    assert len(set(sink.ids())) == 300


async def test_events_that_another_process_appends_take_their_place(tmp_path):
    sink = ScriptedSink()
    path = tmp_path / "a.db"
    async with Store(path) as other, delivering(sink, kept=Store(path)) as (store, _, [endpoint]):
        for _ in range(30):
            await asyncio.gather(*(append(one, LAMP, BIN) for one in (store, other, store, other)))
        await settled(store, endpoint, delivered=240)

    assert in_order(sink)
    assert len(sink.ids()) == 240


async def test_a_retry_that_another_process_asks_for_is_made(tmp_path):
    sink = ScriptedSink(Retry("503"), Retry("503"))
    path = tmp_path / "a.db"
    async with (
        Store(path) as other,
        delivering(sink, kept=Store(path)) as (store, clock, [endpoint]),
    ):
        await append(store, LAMP)
        for count in (1, 2):
            await until(lambda n=count: tried(other, endpoint, n))
            await other.write(lambda tx: retry(tx, endpoint, clock()))
        await settled(store, endpoint, delivered=1)

        await other.write(lambda tx: replay(tx, endpoint, clock()))
        await append(other, LAMP)
        await settled(store, endpoint, delivered=2)


async def tried(store, endpoint, count):
    found = await store.read(lambda view: view.deliveries(endpoint))
    return bool(found) and found[0].attempts == count


async def test_a_record_that_nothing_waits_for_shares_the_next_commit(tmp_path):
    async with Store(tmp_path / "a.db") as store:
        endpoint = await filled(store, 0)
        commits = []
        store._writer.set_trace_callback(lambda sql: sql == "COMMIT" and commits.append(sql))
        sink = ScriptedSink()
        deliverer = Deliverer(
            store, sink, schedule=SCHEDULE, clock=Clock(), poll_s=0.01, patience_s=30
        )
        task = asyncio.create_task(deliverer.run())
        await asyncio.sleep(0.05)
        for number in range(20):
            await append(store, f"{number:016x}")
            await until(lambda n=number: delivered(sink, n + 1))
        assert len(commits) <= 21

        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

        await settled(store, endpoint, delivered=20)


async def delivered(sink, count):
    return len(sink.attempts) == count


async def test_a_new_event_does_not_wait_for_a_backlog_that_fills_the_memory(monkeypatch):
    monkeypatch.setattr(line, "HELD", 1)
    monkeypatch.setattr(line, "READ_DEVICES", 5)
    sink = ScriptedSink()
    async with Store(source="lamplighter/test") as store:
        endpoint = await filled(store, 600, [f"{n:016x}" for n in range(100, 160)])
        async with running(store, sink, Clock()):
            await until(lambda: at_least(sink, 50))
            [new] = await append(store, LAMP)
            await settled(store, endpoint, delivered=601)

    assert sink.ids().index(new) < 300


async def at_least(sink, count):
    return len(sink.attempts) >= count

"""The outbox loop with a clock and a sink of the test's own; the store is the one in memory."""

import asyncio
import contextlib
from typing import Any

import pytest

from gateway.delivery import REFUSED, Deliverer, Schedule, enable, new_endpoint, replay
from gateway.errors import Refused, Retry, Unknown
from gateway.model import Delivery, JoinedData
from gateway.settings import DeliverySettings
from gateway.sinks import Gone
from gateway.store.memory import Store

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

    async def deliver(self, endpoint, delivery):
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


async def append(store, *devices):
    """One event of each device, in one commit each; their ids."""
    data = JoinedData(dev_eui=LAMP, device="x", dev_addr="01020304")
    made = [
        await store.write(lambda tx, eui=eui: tx.append("joined", eui, 1, data)) for eui in devices
    ]
    return [event.id for event in made]


@contextlib.asynccontextmanager
async def delivering(sink, endpoints=1, kept: Any = None, **options):
    """A running Deliverer with its store, clock and endpoints."""
    clock = Clock()
    async with kept or Store("lamplighter/test") as store:
        made = [new_endpoint(f"http://{n}/", [], 0) for n in range(endpoints)]
        for endpoint in made:
            await store.write(lambda tx, one=endpoint: tx.add_endpoint(one))
        deliverer = Deliverer(
            store, sink, clock=clock, schedule=SCHEDULE, draw=lambda: 0.5, poll_s=0.001, **options
        )
        task = asyncio.create_task(deliverer.run())
        try:
            yield store, clock, [one.id for one in made]
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


async def test_a_failed_attempt_is_repeated_by_the_schedule_with_the_same_body():
    sink = ScriptedSink(Retry("500"), Retry("500"))
    async with delivering(sink) as (store, clock, [endpoint]):
        (event_id,) = await append(store, LAMP)

        await until(lambda: noted(store, endpoint, attempts=1))
        clock.pass_s(4.9)
        await asyncio.sleep(0.02)
        assert len(sink.attempts) == 1
        clock.pass_s(0.2)
        await until(lambda: noted(store, endpoint, attempts=2))
        clock.pass_s(300)
        await settled(store, endpoint, delivered=1)

    assert sink.ids() == [event_id] * 3
    assert len({body for *_, body in sink.attempts}) == 1


async def noted(store, endpoint, **fields):
    """Whether the first delivery has these fields."""
    found = await store.read(lambda view: view.deliveries(endpoint))
    return bool(found) and all(getattr(found[0], k) == v for k, v in fields.items())


async def test_at_the_end_of_the_schedule_an_event_is_dead_and_the_next_goes():
    sink = ScriptedSink(*[Retry("500")] * 3)
    async with delivering(sink) as (store, clock, [endpoint]):
        await append(store, LAMP, LAMP)
        for attempts, wait_s in ((1, 5), (2, 300)):
            await until(lambda n=attempts: noted(store, endpoint, attempts=n))
            clock.pass_s(wait_s)

        await settled(store, endpoint, dead=1, delivered=1, matched=2)


async def test_an_event_the_endpoint_refuses_is_tried_three_times_in_ten_minutes():
    sink = ScriptedSink(*[Refused("400")] * 3)
    async with delivering(sink) as (store, clock, [endpoint]):
        first, second = await append(store, LAMP, LAMP)
        for attempts, wait_s in ((1, 60), (2, 540)):
            await until(lambda n=attempts: noted(store, endpoint, attempts=n))
            clock.pass_s(wait_s)

        await settled(store, endpoint, dead=1, delivered=1)

    assert sink.ids() == [first] * 3 + [second]


async def test_an_earlier_outage_does_not_use_up_the_tries_of_a_refused_event():
    sink = ScriptedSink(Retry("500"), Retry("500"), Refused("400"))
    async with delivering(sink) as (store, clock, [endpoint]):
        await append(store, LAMP)
        for attempts, wait_s in ((1, 5), (2, 300), (3, 60)):
            await until(lambda n=attempts: noted(store, endpoint, attempts=n))
            clock.pass_s(wait_s)

        await settled(store, endpoint, delivered=1)


async def test_a_gone_endpoint_is_disabled_and_keeps_what_is_pending_until_enabled():
    sink = ScriptedSink(Gone("410"))
    async with delivering(sink) as (store, _, [endpoint]):
        await append(store, LAMP)

        await until(lambda: disabled(store, endpoint))
        await append(store, BIN)
        await asyncio.sleep(0.02)
        assert len(sink.attempts) == 1
        await settled(store, endpoint, pending=1, matched=1)
        await store.write(lambda tx: enable(tx, endpoint))
        await settled(store, endpoint, delivered=1)


async def disabled(store, endpoint):
    return (await store.read(lambda view: view.endpoint(endpoint))).disabled_reason == "410"


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


class LateStore(Store):
    """Answers a look into the outbox with the state of its beginning, when `gate` lets it."""

    def __init__(self, source):
        super().__init__(source)
        self.gate = asyncio.Event()
        self.gate.set()
        self.waiting = False

    async def read(self, question):
        answer = await super().read(question)
        if isinstance(answer, list) and answer and isinstance(answer[0], Delivery):
            self.waiting = not self.gate.is_set()
            await self.gate.wait()
        return answer


async def test_an_event_that_ends_while_the_outbox_is_read_is_not_sent_again():
    sink = ScriptedSink()
    sink.hanging.add(LAMP)
    late = LateStore("lamplighter/test")
    async with delivering(sink, kept=late) as (store, _, [endpoint]):
        (first,) = await append(store, LAMP)
        await until(lambda: asked(sink, 1))
        late.gate.clear()
        (second,) = await append(store, BIN)
        await until(lambda: held(store))

        sink.hanging.clear()
        sink.hung.set()
        await until(lambda: counted(store, endpoint, 1))
        await asyncio.sleep(0.02)
        late.gate.set()

        await settled(store, endpoint, delivered=2)
        await asyncio.sleep(0.02)
    assert sink.ids() == [first, second]


async def asked(sink, count):
    return len(sink.attempts) == count


async def held(store):
    return store.waiting


async def counted(store, endpoint, count):
    """Whether so many are delivered; not through `read`, which is held."""
    totals = await Store.read(store, lambda view: view.totals(endpoint))
    return totals.delivered == count


class FullStore(Store):
    """Cannot write for the first times once `full` is set, as on a full disk."""

    full = 0

    async def write(self, change):
        if self.full:
            self.full -= 1
            raise Retry("the disk is full")
        return await super().write(change)


async def test_a_store_that_cannot_write_now_delays_the_mark_and_sends_nothing_twice():
    sink = ScriptedSink()
    sink.hanging.add(LAMP)
    disk = FullStore("lamplighter/test")
    async with delivering(sink, kept=disk) as (store, _, [endpoint]):
        (event_id,) = await append(store, LAMP)
        await until(lambda: asked(sink, 1))
        disk.full = 2
        sink.hung.set()

        await settled(store, endpoint, delivered=1)

    assert (disk.full, sink.ids()) == (0, [event_id])


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
        late = new_endpoint("http://late/", [], 0)
        await store.write(lambda tx: tx.add_endpoint(late))

        (second,) = await append(store, LAMP)

        await settled(store, late.id, delivered=1)
    assert [id_ for where, id_, _ in sink.attempts if where == late.id] == [second]


async def test_retry_after_is_a_lower_bound():
    sink = ScriptedSink(Retry("429", after_s=100))
    async with delivering(sink) as (store, clock, [endpoint]):
        await append(store, LAMP)

        await until(lambda: noted(store, endpoint, next_at_ms=clock.now_ms + 100_000))


async def test_an_endpoint_that_answers_again_gets_what_waits_at_once():
    sink = ScriptedSink(None, *[Retry("500")] * 4)
    async with delivering(sink, parallel=1) as (store, clock, [endpoint]):
        await append(store, BIN)
        await settled(store, endpoint, delivered=1)
        clock.pass_s(61)  # hastened at most once a minute
        await append(store, LAMP, BIN)
        for _ in range(2):
            await until(lambda: waiting(store, endpoint, clock, 2))
            clock.pass_s(5.1)

        await until(lambda: waiting(store, endpoint, clock, 2))
        await append(store, "0000000000000003")

        await settled(store, endpoint, delivered=4)


async def waiting(store, endpoint, clock, count):
    """Whether so many tried events wait for a later time."""
    found = await store.read(lambda view: view.deliveries(endpoint, state="pending"))
    return sum(one.next_at_ms > clock.now_ms for one in found) == count


async def test_dead_letters_can_be_replayed():
    sink = ScriptedSink(*[Refused("400")] * 3)
    async with delivering(sink) as (store, clock, [endpoint]):
        (event_id,) = await append(store, LAMP)
        for attempts, wait_s in ((1, 60), (2, 540)):
            await until(lambda n=attempts: noted(store, endpoint, attempts=n))
            clock.pass_s(wait_s)
        await settled(store, endpoint, dead=1)

        count = await store.write(lambda tx: replay(tx, endpoint, clock()))

        await settled(store, endpoint, delivered=1, matched=1)
    assert (count, sink.ids()[-1]) == (1, event_id)


def test_the_schedule_waits_with_jitter_and_ends():
    waits = [SCHEDULE.wait_s(n, 0.5) for n in (1, 2, 3)]

    assert waits == [5.0, 300.0, None]
    assert SCHEDULE.wait_s(1, 0.0) == pytest.approx(4.0)
    assert SCHEDULE.wait_s(1, 1.0) == pytest.approx(6.0)
    assert REFUSED.wait_s(3, 0.5) is None
    assert sum(DeliverySettings().schedule_s) == 75 * 3600 + 35 * 60 + 5


def test_an_endpoint_has_a_secret_of_its_own_and_only_types_that_exist():
    one, two = (new_endpoint("http://x/", ["lamplighter.boot.v1"], 0) for _ in range(2))

    assert one.secret != two.secret
    assert one.id != two.id
    with pytest.raises(Refused, match=r"lamplighter\.reading\.v1"):
        new_endpoint("http://x/", ["reading"], 0)


async def test_replaying_and_enabling_an_unknown_webhook_says_so():
    async with Store("lamplighter/test") as store:
        for change in (lambda tx: replay(tx, "wh_x", 0), lambda tx: enable(tx, "wh_x")):
            with pytest.raises(Unknown, match="there is no webhook wh_x"):
                await store.write(change)

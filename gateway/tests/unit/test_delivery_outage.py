"""The outbox loop after an outage: a healthy endpoint gets what waited at once."""

import asyncio
import math
from statistics import median

from gateway.errors import Retry
from gateway.tests.unit.outbox_bench import LAMP, Clock, append, delivering, until

DEVICES = [f"{n:016x}" for n in range(16, 36)]
TICK_S = 0.25


class Backend:
    """Fails while `down`; notes when it took each event."""

    def __init__(self):
        self.down = False
        self.clock = Clock()
        self.taken_ms = {}
        self.attempts = 0
        self.poisoned = set()

    async def deliver(self, endpoint, events):
        [delivery] = events
        self.attempts += 1
        await asyncio.sleep(0)
        if self.down or delivery.subject in self.poisoned:
            raise Retry("503")
        self.taken_ms[delivery.event_id] = self.clock.now_ms

    def late_s(self, ids, back_ms):
        """How long after it was back it took each of them."""
        return [(self.taken_ms.get(id_, math.inf) - back_ms) / 1000 for id_ in ids]


async def passing(clock, seconds):
    """Let virtual time pass in small steps."""
    for _ in range(int(seconds / TICK_S)):
        clock.pass_s(TICK_S)
        await asyncio.sleep(0.006)


async def street(store, clock, made, seconds, devices=DEVICES):
    """One event of each device in turn, four a second; when each was made."""
    for number in range(int(seconds / TICK_S)):
        [id_] = await append(store, devices[number % len(devices)])
        made[id_] = clock.now_ms
        await passing(clock, TICK_S)


async def test_after_an_outage_of_six_seconds_what_waited_arrives_at_once():
    sink, made = Backend(), {}
    async with delivering(sink) as (store, clock, _):
        sink.clock = clock
        await street(store, clock, made, 2)
        sink.down = True
        during = {}
        await street(store, clock, during, 6)
        sink.down = False
        back_ms = clock.now_ms
        await street(store, clock, made, 6)

    late_s = sink.late_s(during, back_ms)
    assert median(late_s) <= 1.0
    assert max(late_s) <= 2.0


async def test_a_second_outage_within_a_minute_ends_as_fast():
    sink, made = Backend(), {}
    async with delivering(sink) as (store, clock, _):
        sink.clock = clock
        for _ in range(3):
            sink.down = True
            during = {}
            await street(store, clock, during, 6)
            sink.down = False
            back_ms = clock.now_ms
            await street(store, clock, made, 4)
            late_s = sink.late_s(during, back_ms)
            assert median(late_s) <= 1.0


async def test_few_devices_that_go_on_sending_find_out_that_it_is_back():
    sink, during, made = Backend(), {}, {}
    async with delivering(sink) as (store, clock, _):
        sink.clock = clock
        sink.down = True
        await street(store, clock, during, 8, DEVICES[:2])
        sink.down = False
        back_ms = clock.now_ms
        await street(store, clock, made, 3, DEVICES[:2])

    late_s = sink.late_s(during, back_ms)
    assert median(late_s) <= 1.0


async def test_an_event_that_fails_alone_keeps_its_schedule_and_is_not_dead_early():
    sink, made = Backend(), {}
    sink.poisoned = {LAMP}
    async with delivering(sink) as (store, clock, [endpoint]):
        sink.clock = clock
        await append(store, LAMP)
        await street(store, clock, made, 10)
        await until(lambda: settled_at(sink, len(made)))

        [poisoned] = await store.read(lambda view: view.deliveries(endpoint, state="pending"))

    assert poisoned.attempts == 2, "at 0 and 5 s; the next is 300 s later"
    assert sink.attempts - len(made) <= 12, "beside them, one a second at most"


async def settled_at(sink, count):
    return len(sink.taken_ms) == count

"""A node's whole clock over two wraps of every counter: nothing goes blind, early or late.

`ticks_us` wraps after 17.9 minutes, `ticks_ms` after 12.4 days, and `ticks_diff` tells later from
earlier over half of that only.
"""

import asyncio
import time

from tests.fake_device import skipped_us
from tests.test_node_app import made, run, settled

# isort: split
from node import clock
from node.sensors.am312 import AM312
from tests.fake_buses import Pin
from wire import decoding

ONLY = "cpython"  # where the ticks can be moved

_STEP_S = 900
_WRAP_S = (1 << 30) // 1000


def later(seconds):
    skipped_us[0] += seconds * 1000000


def test_every_passage_counts_whatever_time_the_last_one_is_ago():
    pin = Pin(7)
    sensor = AM312(pin, lambda pin, handler: pin.irq(handler), warmup_s=0)
    for times, days in enumerate((0, 1, 5, 6.3, 7, 9, 12, 12.4, 13, 20)):
        for _ in range(int(days * 24)):
            later(3600)
            asyncio.run(sensor.read(None))  # sample_s is a day at most
        pin.edge(1)
        pin.edge(0)
        assert asyncio.run(sensor.read(None))["total"] == times + 1, days


def test_a_sensor_that_nobody_read_for_a_week_still_counts():
    pin = Pin(7)
    sensor = AM312(pin, lambda pin, handler: pin.irq(handler), warmup_s=30)
    later(31)
    pin.edge(1)
    pin.edge(0)
    later(7 * 86400)
    pin.edge(1)
    assert asyncio.run(sensor.read(None)) == {"total": 2, "presence": 1, "warm": 1}


def test_a_whole_node_over_two_wraps_of_every_counter():
    """One passage a day, then none for a week, then one a day; a report each 15 min."""
    clock.ticks_us = time.ticks_us  # tests of the clock leave their own
    node = made(report_s=900, sample_s=900)
    steps = 2 * _WRAP_S // _STEP_S + 10

    async def story():
        await settled(node)
        motion = node.sensors["motion"]
        start_us, began_s = node.clock.us(), time.monotonic()
        passed = seen = 0
        for step in range(steps):
            later(_STEP_S)
            await node._turn()
            day = step * _STEP_S // 86400
            if step % 96 == 0 and not 5 <= day < 13:
                motion._pin.edge(1)
                motion._pin.edge(0)
                passed += 1
            seen = motion._total
            assert seen == passed, "day %d: %d of %d passages" % (day, seen, passed)
        took_s = time.monotonic() - began_s  # real time passes beside what is skipped
        return passed, (node.clock.us() - start_us) / 1000000 - took_s

    passed, run_s = run(node, story)

    assert abs(run_s - steps * _STEP_S) < 1
    readings = [frame for frame in node.link.frames if frame[0] == 12]
    _, records = decoding.unpack(12, readings[-1][1])
    assert records[0]["total"] in (passed, passed - 1)
    assert records[0]["seq"] >= steps * _STEP_S // 900 - 80


def test_a_day_on_a_low_cell_has_a_quarter_of_the_readings():
    clock.ticks_us = time.ticks_us
    node = made(report_s=900, sample_s=900)
    day = 86400 // 900

    async def story():
        await settled(node)
        counts = []
        for low in (False, True, False):
            node.power.low = lambda low=low: low
            await turns(4)
            before = node.journal.next_seq
            await turns(day)
            counts.append(node.journal.next_seq - before)
        return counts

    async def turns(count):
        for _ in range(count):
            later(900)
            await node._turn()

    assert run(node, story) == [day, day // 4, day]

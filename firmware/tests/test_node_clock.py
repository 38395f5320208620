"""One clock over ticks that wrap, and the wall time with its error."""

import asyncio

from tests import fake_device

# isort: split
from node import clock as subject
from node.clock import Clock


class Power:
    """Dozes as asked; `ends_early`: a pin wakes it."""

    on_rising = None

    def __init__(self, ticks, dozes=False):
        self.ticks, self.dozes, self.fed, self.dozed = ticks, dozes, 0, []

    def feed(self):
        self.fed += 1

    def may_doze(self):
        return self.dozes

    def doze(self, ms):
        self.dozed.append(ms)
        self.ticks.now += min(ms, 900000) * 1000


class Ticks:
    """`ticks_us` that wraps at 30 bits, as on the boards."""

    def __init__(self, now=0):
        self.now = now

    def __call__(self):
        self.now += 7
        return self.now & 0x3FFFFFFF


def made(start=0, dozes=False):
    ticks = Ticks(start)
    subject.ticks_us = ticks
    power = Power(ticks, dozes)
    return Clock(power), ticks, power


def test_it_does_not_wrap():
    clock, ticks, _ = made(0x3FFFFF00)
    before = clock.us()

    for _ in range(30):
        ticks.now += 500000000  # 8 min 20 s
        clock.us()

    assert abs(clock.us() - before - 15000000000) < 1000


def test_a_stamp_of_the_past_is_an_instant():
    clock, ticks, _ = made(0x3FFFFF00)
    stamp = ticks()
    at = clock.us()
    ticks.now += 300000

    assert abs(clock.at(stamp) - at) < 50


def test_an_instant_of_the_future_is_a_stamp_however_long_the_sum_takes():
    clock, ticks, _ = made(0x3FFFFF00)
    at = clock.us() + 24000

    stamp = clock.ticks(at)  # wraps on the way

    assert stamp == (0x3FFFFF00 + 7 + at) & 0x3FFFFFFF, "counted from the clock's own tick"
    ticks.now += 24000
    assert abs(clock.us() - at) < 50


def test_a_long_sleep_is_in_pieces_that_feed_the_watchdog():
    clock, _, power = made(dozes=True)
    start = clock.us()

    asyncio.run(clock.sleep_until_us(start + 3600000000))

    assert 0 <= clock.us() - start - 3600000000 < 1000
    assert power.fed >= 4
    assert sum(power.dozed) >= 3590000


def test_wall_time_carries_its_error():
    clock, ticks, _ = made()
    assert (clock.unix(), clock.error_ms()) == (0, None)

    clock.set_unix(1700000000000000, clock.us(), 100)
    for _ in range(24 * 60):
        ticks.now += 60000000
        clock.us()

    assert abs(clock.unix() - 1700086400) <= 1
    assert clock.error_ms() == 100 + 86400 * 40 // 1000


def test_light_sleep_only_where_power_allows_it():
    clock, _, power = made()
    assert not clock.doze(10)
    assert power.dozed == []


assert fake_device

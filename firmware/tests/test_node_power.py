"""Supply, watchdog and light sleep of a board, over a `machine` of its own."""

from tests import fake_device
from tests.fake_device import machine

# isort: split
from node import power as subject
from node.power import POWER, SOFT, WATCHDOG, Power

SCRATCH = 0x4005800C
CONTROL_CLEAR = 0x4005B000


class Board:
    """A Pico with its divider; `vbus` as the test wants it."""

    PORT = "rp2"
    PINS = {"vbus": 24}
    BATTERY = {"adc": 3, "divide": 3, "low_mv": 3300}


class Watchdog:
    """Counts how often it was fed."""

    def __init__(self):
        self.fed = 0

    def feed(self):
        self.fed += 1


class Ticks:
    """`ticks_ms` that moves by what was slept."""

    def __init__(self, wakes_after=None):
        self.slept = []
        self.wakes_after = wakes_after
        self.now = 0

    def sleep(self, ms):
        self.slept.append(ms)
        self.now += ms if self.wakes_after is None else min(ms, self.wakes_after)

    def __call__(self):
        return self.now


def made(sleeper=True):
    machine.mem32[SCRATCH] = 0
    return Power(Board, sleeper)


def dozing(ms, **options):
    power, ticks = made(), Ticks(**options)
    power._wdt = Watchdog()
    machine.lightsleep, subject.ticks_ms = ticks.sleep, ticks
    power.doze(ms)
    return ticks.slept, power._wdt.fed


def test_it_dozes_in_pieces_that_the_watchdog_bears():
    assert dozing(20000) == ([8000, 8000, 4000], 3)
    assert sum(dozing(3600000)[0]) == 240000


def test_a_pin_or_a_usb_host_ends_a_doze():
    assert dozing(20000, wakes_after=500)[0] == [8000]
    power, ticks = made(), Ticks()
    machine.lightsleep, subject.ticks_ms = ticks.sleep, ticks
    power._vbus.level = 1
    power.doze(20000)
    assert ticks.slept == [8000]


def test_only_a_sleeper_without_a_usb_host_may_doze():
    power = made()
    assert power.may_doze()
    power._vbus.level = 1
    assert not power.may_doze()
    assert not made(sleeper=False).may_doze()


def test_why_it_started_is_told_apart():
    for mark, reset, cause in (
        (0, 1, POWER),
        (0x1A3F0001, 3, WATCHDOG),
        (0x1A3F0001, 1, SOFT),
        (0x1A3F0002, 3, SOFT),
    ):
        machine.mem32[SCRATCH] = mark
        machine.reset_cause = lambda reset=reset: reset
        assert Power(Board).cause == cause, (hex(mark), reset)


def test_the_prompt_has_no_watchdog_and_the_next_start_was_asked_for():
    power = made()
    power.stop_watchdog()
    assert machine.mem32[CONTROL_CLEAR] == 1 << 30
    power.feed()
    assert Power(Board).cause == SOFT


def test_the_battery_is_measured_behind_its_divider():
    power = made()
    fake_device.ADC.raw = 24824
    assert abs(power.battery_mv() - 3750) <= 1
    assert not power.low()
    fake_device.ADC.raw = 21000
    assert power.low()
    power._battery = None
    assert power.battery_mv() is None
    assert not power.low()

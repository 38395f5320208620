"""Supply, watchdog and light sleep of a board, over a `machine` of its own."""

from tests import fake_device
from tests.fake_buses import MADE, Pin
from tests.fake_device import machine

# isort: split
from node import divider, touch
from node.ports import POWER, SOFT, WATCHDOG
from node.ports.rp2 import Port
from node.power import Power

SCRATCH = 0x4005800C
CONTROL_CLEAR = 0x4005B000
CONTROL_SET = 0x4005A000


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


def made(sleeper=True):
    machine.mem32[SCRATCH] = 0
    return Power(Board, Port(), sleeper)


def dozed(ms, watched=True):
    """(what was slept, was the watchdog on then, is it on afterwards, how often it was fed)"""
    power = made()
    dog = power.port._wdt = Watchdog() if watched else None
    machine.mem32[CONTROL_CLEAR] = machine.mem32[CONTROL_SET] = 0
    asleep = []

    def lightsleep(slept_ms):
        asleep.append((slept_ms, machine.mem32[CONTROL_CLEAR] == 0))

    machine.lightsleep = lightsleep
    power.doze(ms)
    return asleep[0] + (
        machine.mem32[CONTROL_SET] == machine.mem32[CONTROL_CLEAR],
        dog and dog.fed,
    )


def test_a_short_doze_is_watched_and_a_long_one_cannot_bite():
    assert dozed(1500) == (1500, True, True, 1)
    assert dozed(60000) == (60000, False, True, 1)
    assert dozed(3600000) == (900000, False, True, 1)


def test_without_a_watchdog_none_is_switched_on():
    assert dozed(60000, watched=False) == (4000, True, True, None)


def test_a_usb_host_that_is_plugged_in_ends_light_sleep():
    assert made()._vbus.handler is not None


def test_only_a_sleeper_without_a_usb_host_may_doze():
    power = made()
    assert power.may_doze()
    power._vbus.level = 1
    assert not power.may_doze()
    assert not made(sleeper=False).may_doze()


class Sealed(Board):
    PINS = {"vbus": 24, "wake": 22}


def test_a_touched_node_reports_once_and_stays_awake_for_five_minutes():
    now = [0]
    own = touch.ticks_ms, touch.ticks_diff
    touch.ticks_ms = lambda: now[0]
    touch.ticks_diff = lambda new, old: new - old
    try:
        attended(now)
    finally:
        touch.ticks_ms, touch.ticks_diff = own


def attended(now):
    power = Power(Sealed, Port(), True)
    said = []

    def report():
        said.append(now[0])

    assert (power.woken(report), power.may_doze(), said) == (False, True, [])
    power._touch._touch(None)
    assert not power.may_doze(), "asked before the touch was seen"
    assert power.woken(report)
    now[0] = 200000
    power._touch._touch(None)  # the magnet goes
    assert power.woken(report)
    assert said == [0]
    now[0] = 499000
    assert not power.woken(report)
    assert not power.may_doze()
    now[0] = 501000
    assert not power.woken(report)
    assert power.may_doze()
    power._touch._touch(None)
    power.woken(report)
    assert said == [0, 501000]


def test_an_rp2040_hears_both_edges_of_the_waking_pin():
    power = Power(Sealed, Port(), True)
    pin = MADE[-1]
    assert (pin.number, pin.pull) == (22, Pin.PULL_UP)
    pin.handler(pin)
    assert not power.may_doze()


def test_why_it_started_is_told_apart():
    for mark, reset, cause in (
        (0, 1, POWER),
        (0x1A3F0001, 3, WATCHDOG),
        (0x1A3F0001, 1, SOFT),
        (0x1A3F0002, 3, SOFT),
    ):
        machine.mem32[SCRATCH] = mark
        machine.reset_cause = lambda reset=reset: reset
        assert Power(Board, Port()).cause == cause, (hex(mark), reset)


def test_the_prompt_has_no_watchdog_and_the_next_start_was_asked_for():
    power = made()
    power.port.stop_watchdog()
    assert machine.mem32[CONTROL_CLEAR] == 1 << 30
    power.feed()
    assert Power(Board, Port()).cause == SOFT


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


class Gate:
    """The GPIO of a divider whose resistor gives `rests`; the other level joins the divider."""

    IN, OUT = 0, 1

    def __init__(self, rests):
        self.rests = rests
        self.driven = None

    def __call__(self, gpio, mode):
        assert (gpio, mode) == (37, self.IN)
        return self

    def value(self):
        return self.rests if self.driven is None else self.driven

    def init(self, mode, value=None):
        self.driven = value if mode == self.OUT else None

    def joined(self):
        return self.value() != self.rests


def test_a_switched_divider_is_joined_for_its_measurement_alone_by_either_level():
    class Heltec:
        PORT = "esp32"
        PINS = {"battery": 1, "divider": 37}
        BATTERY = {"adc": 1, "divide": 49, "by": 10, "low_mv": 3300}

    for rests in (0, 1):
        gate = divider.Pin = Gate(rests)
        port = Port()
        port.microvolts = lambda adc, gate=gate: 800000 if gate.joined() else 0
        power = Power(Heltec, port)
        assert not gate.joined()
        assert power.battery_mv() == 3920, rests
        assert not gate.joined()

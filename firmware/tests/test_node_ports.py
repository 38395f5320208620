"""MicroPython's ports: each file keeps the contract of `node.ports`; the ESP32 by its document."""

import os
import sys

from tests.fake_device import ADC, Machine, Pin

# isort: split
from node import ports
from node.errors import ConfigError

HERE = __file__.rsplit("/", 1)[0]
FILES = sorted(
    name[:-3] for name in os.listdir(HERE + "/../node/ports") if name not in ("__init__.py",)
    and name.endswith(".py")
)  # fmt: skip
CONTRACT = (
    "cause", "start_watchdog", "feed", "stop_watchdog", "reset", "doze", "on_rising", "on_change",
    "deaf", "microvolts", "deep",
)  # fmt: skip


RTC_PINS = (0, 2, 4, 12, 13, 14, 15, 25, 26, 27, 32, 33, 34, 35, 36, 37, 38, 39)


class Esp32:
    """The module `esp32`: pins outside the RTC's are refused, as by MicroPython."""

    WAKEUP_ALL_LOW, WAKEUP_ANY_HIGH = False, True

    def __init__(self):
        self.wakers = []
        self.waker = None

    def wake_on_ext0(self, pin, level):
        if pin.number not in RTC_PINS:
            raise ValueError("invalid pin")
        self.waker = pin.number, level

    def wake_on_ext1(self, pins, level):
        assert level == self.WAKEUP_ANY_HIGH
        for pin in pins:
            if pin.number not in RTC_PINS:
                raise ValueError("invalid pin")
        self.wakers = list(pins)


class Watchdog:
    """A watchdog that can only be fed."""

    def __init__(self, timeout):
        self.timeout = timeout
        self.fed = 0

    def feed(self):
        self.fed += 1


class Console(Pin):
    """The pin of the console's input, as MicroPython prints it."""

    def __str__(self):
        return "Pin(3)"


class Calibrated(ADC):
    """An ESP32's ADC input."""

    ATTN_11DB = 3

    def __init__(self, pin, atten=0):
        assert atten == self.ATTN_11DB
        super().__init__(pin)

    def read_uv(self):
        return self.channel.number * 10000


esp32 = sys.modules["esp32"] = Esp32()


class Rtc:
    """The RTC; its memory is empty."""

    def memory(self):
        return b""


class Chip(Machine):
    """The module `machine` of an ESP32."""

    PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = 1, 2, 3, 4, 5
    WDT, ADC, RTC = Watchdog, Calibrated, Rtc  # no Timer: a soft reset ends it
    EXT0_WAKE = 2

    def __init__(self, cause):
        super().__init__()
        self.mem32[0x3FF48050] = 3495253
        self.reset_cause = lambda: cause
        self.wake_reason = lambda: 4  # a timer


class Asyncio:
    """The module `asyncio`, as far as a port goes."""

    ThreadSafeFlag = None

    def __init__(self):
        self.core = self
        self._io_queue = IoQueue()


class IoQueue:
    """The event loop's queue of what waits."""

    def wait_io_event(self, ms):
        self.ms = ms


def port(cause=1):
    """An ESP32 that starts for this cause."""
    from node import esp32_pins
    from node.ports import esp32 as driver

    driver.machine = esp32_pins.machine = Chip(cause)
    driver.asyncio = Asyncio()  # other tests keep theirs
    sys.modules["machine"].RTC = Rtc
    return ports.find("esp32")


def one_machine():
    """The ESP32's module `machine`."""
    return sys.modules["node.ports.esp32"].machine


def dozed():
    """What the ESP32 slept, ms."""
    return sys.modules["node.ports.esp32"].machine.dozed


class EdgePin(Pin):
    """A pin that can be given back to the GPIO."""

    def init(self, mode, pull=-1, hold=None):
        assert (mode, hold) == (self.IN, False)
        self.pull = pull


def edge_pin(number):
    pin = EdgePin(number)
    seen = []
    return pin, seen


def test_every_port_keeps_the_contract():
    assert "rp2" in FILES and "esp32" in FILES
    port()
    for name in FILES:
        made = ports.find(name)
        for part in CONTRACT:
            assert hasattr(made, part), (name, part)


def test_an_unknown_port_has_its_sentence():
    try:
        ports.find("toaster")
        raise AssertionError("a port was found")
    except ConfigError as error:
        said = str(error)
    assert said == "MicroPython port toaster is unknown: there is no node/ports/toaster"


def test_the_causes_of_an_esp32s_start():
    for reset, cause in (
        (1, ports.POWER), (2, ports.SOFT), (3, ports.WATCHDOG), (4, ports.DEEPSLEEP),
        (5, ports.SOFT), (0, ports.SOFT),
    ):  # fmt: skip
        one = port(reset)
        assert one.cause == cause, reset
        assert one.packed == (cause == ports.DEEPSLEEP), "files may have changed"


def test_an_esp32_is_not_asked_in_python_at_each_tick_what_its_flags_are():
    port()

    driver = sys.modules["node.ports.esp32"]
    assert driver.asyncio.ThreadSafeFlag is driver.Flag


def test_an_esp32_sleeps_in_pieces_that_its_watchdog_allows():
    one = port()
    one.start_watchdog()
    one.doze(60000)
    one.doze(1500)

    assert dozed() == [4000, 1500]
    assert (one._wdt.timeout, one._wdt.fed) == (8300, 2)


def test_an_esp32_at_the_prompt_gives_days_to_the_watchdog_that_cannot_be_stopped():
    one = port()
    one.stop_watchdog()
    assert one._wdt is None, "what was never started must not be started at the prompt"
    one.start_watchdog()

    one.stop_watchdog()

    assert 86_400_000 < one._wdt.timeout < 2**31


def test_a_pin_that_rises_in_an_esp32s_light_sleep_is_heard_after_it():
    one, (pin, seen), (high, ignored) = port(), edge_pin(4), edge_pin(25)
    one.on_rising(pin, seen.append)
    one.on_rising(high, ignored.append)
    high.level = 1

    def lightsleep(_ms):
        pin.level = 1  # edges are not seen in light sleep: no interrupt

    sys.modules["node.ports.esp32"].machine.lightsleep = lightsleep
    one.doze(1000)

    assert (seen, ignored) == ([pin], [])
    assert esp32.wakers == [pin], "a pin that is high ends light sleep at once"
    assert not one.deaf
    pin.level = 0
    pin.edge()
    assert seen == [pin, pin]


def test_a_pin_that_cannot_wake_an_esp32_is_named_and_the_others_still_do():
    one, (pin, seen), (good, _) = port(), edge_pin(5), edge_pin(4)
    one.on_rising(pin, seen.append)
    one.on_rising(good, seen.append)

    assert len(one.deaf) == 1
    assert esp32.wakers == [good]
    pin.edge()
    assert seen == [pin]


def test_the_waking_pin_of_an_esp32_ends_sleep_by_the_level_that_it_has_not():
    one, (pin, seen) = port(), edge_pin(38)
    pin.level = 1  # pulled up
    one.on_change(pin, seen.append)
    assert (esp32.waker, one.deaf) == ((38, False), [])
    one.doze(1000)
    assert seen == [], "its timer ended it"
    pin.level = 0  # a magnet that stays
    one.doze(1000)
    assert esp32.waker == (38, True)
    one_machine().wake_reason = lambda: 2
    one.doze(1000)
    assert seen == [pin]
    assert pin.pull == pin.PULL_UP, "the RTC kept the pin"


def test_a_waking_pin_keeps_no_esp32_from_deep_sleep_and_ends_it():
    one, (pin, seen), deep = port(), edge_pin(38), []
    one._deep = lambda step: step == "keep"
    one_machine().deepsleep = deep.append
    one.on_change(pin, seen.append)
    one.deep(Node())
    one.doze(600000)
    assert deep == [600000]

    again = port(4)
    assert (again.cause, seen) == (ports.DEEPSLEEP, [])
    one_machine().wake_reason = lambda: 2
    again.on_change(pin, seen.append)
    assert seen == [pin]


def test_an_esp32_with_a_waking_pin_outside_the_rtc_is_deaf():
    one, (pin, seen) = port(), edge_pin(5)
    one.on_change(pin, seen.append)
    assert len(one.deaf) == 1


def test_only_an_esp32_that_nothing_but_the_radio_can_wake_sleeps_deep():
    one, (pin, seen), (other, _) = port(), edge_pin(33), edge_pin(36)
    steps = []
    one._deep = lambda step: steps.append(step) or step == "keep"
    deep = []
    one_machine().deepsleep = deep.append
    one.on_rising(pin, seen.append)

    one.doze(600000)
    assert steps == [], "nothing may be forgotten before the node was given"
    node = Node()
    one.deep(node)
    assert node.naps is False, "the radio's: a tick of FreeRTOS is 10 ms"
    one.doze(119999)
    assert (steps, deep) == (["resume"], [])
    one.doze(600000)
    assert deep == [600000]
    one.on_rising(other, seen.append)
    one.doze(600000)
    assert deep == [600000], "a passage was not counted"


def test_a_radio_with_two_pins_lets_an_esp32_sleep_deep():
    one, node, deep = port(), Node(), []
    one._deep = lambda step: step == "keep"
    one_machine().deepsleep = deep.append
    for pin, seen in (edge_pin(26), edge_pin(33)):
        one.on_rising(pin, seen.append)
    one.deep(node)
    one.doze(600000)
    assert deep == [], "one of them is something else's"
    node.pins = 2
    one.deep(node)
    one.doze(600000)
    assert deep == [600000]


def test_an_esp32s_light_sleep_is_as_long_as_its_slow_clock_was_at_the_start():
    node = Node()
    one = port()
    one._deep = lambda step: False
    one.doze(1000)
    assert node.total_us == 5000000
    one.deep(node)

    def lightsleep(ms):
        driver.machine.mem32[0x3FF48050] = 3494380
        driver.time.now += ms * 1000

    driver = sys.modules["node.ports.esp32"]
    driver.time, driver.machine.lightsleep = Ticks(), lightsleep
    one._slow_period = 3495245
    one.doze(2000)

    assert node.total_us == 5000000 + 495


class Node:
    """A node, as far as its clock goes."""

    def __init__(self):
        self.total_us = 5000000
        self.pins = 1
        self.pace = "sample_s"
        self.clock = self.link = self.mac = self.radio = self.profile = self.power = self


def test_light_sleep_of_given_pins_ends_at_once_where_one_is_high():
    one, (radio, seen), (motion, moved) = port(), edge_pin(33), edge_pin(36)
    one.start_watchdog()
    one.on_rising(radio, seen.append)
    one.on_rising(motion, moved.append)
    motion.level = 1

    assert one.light(one.edges, 90000)

    assert (dozed(), esp32.wakers) == ([4000], [radio, motion])
    assert (seen, moved) == ([], [motion])
    assert one._wdt.fed == 0, "a flow that hangs would not be noticed"
    motion.level = 0
    assert not one.light(one.edges, 90000)


class Ticks:
    """Microseconds that pass in sleep alone."""

    now = 0

    def ticks_us(self):
        return self.now

    def ticks_diff(self, later, earlier):
        return later - earlier


def test_the_consoles_input_tells_usb_power_and_still_reaches_the_uart():
    one, pin, seen = port(), Console(3), []
    one_machine().mem32 = {0x3FF44168: 0, 0x3FF49084: 0x300}
    one.on_rising(pin, seen.append)

    assert not one.deaf
    assert one_machine().mem32 == {0x3FF44168: 0x83, 0x3FF49084: 0x280}


def test_an_esp32_measures_its_pin_in_microvolts():
    assert port().microvolts(34) == 340000

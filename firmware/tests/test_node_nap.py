"""Light sleep while all tasks of a lamp wait: when it may, and how long."""

import sys

import tests.fake_device  # noqa: F401 - the modules of a device

# isort: split
from node import nap
from tests.test_node_ports import port

now_ms = [1000]
nap.ticks_ms = lambda: now_ms[0]


class Lock:
    """A lock, as far as it can be held."""

    held = False

    def locked(self):
        return self.held


class Queue:
    """The event loop's queue of what waits: how long it waited itself, ms."""

    def __init__(self):
        self.waited = []

    def wait_io_event(self, ms):
        self.waited.append(ms)


class Port:
    """A port with one pin; its light sleeps are written down, ms, and each takes its time.

    wakes: (ms, level of the pin then), for the next of them that lasts so long.
    """

    deaf = ()

    def __init__(self):
        self.napped = []
        self.fed = 0
        self.level = 0
        self.wakes = None
        self.edges = [(self, None)]

    def value(self):
        return self.level

    def feed(self):
        self.fed += 1

    def light(self, edges, ms):
        assert edges == self.edges
        ms = min(ms, 4000)
        ended = self.wakes is not None and self.wakes[0] <= ms
        if ended:
            ms, self.level = self.wakes
            self.wakes = None
        self.napped.append(ms)
        now_ms[0] += ms
        return ended


class Dimmer:
    """A lamp's, with the pin's PWM."""

    level = 100

    def __init__(self):
        self.pwm = Pwm()

    def set(self, level):
        self.pwm.duty_u16(level * 65535 // 100)


class Pwm(list):
    """A `machine.PWM`: what it was told."""

    def duty_u16(self, duty):
        self.append(duty)

    def deinit(self):
        self.append("deinit")

    def init(self, freq, duty_u16):
        self.append((freq, duty_u16))


class Pin:
    """The lamp's pin: its levels."""

    OUT = 3

    def __init__(self, gpio):
        assert gpio == 25
        self.levels = []

    def init(self, mode, value):
        self.levels.append((mode, value))


nap.Pin = Pin


class Node:
    """A node whose lamp is dark; `rest` is what its profile says, `host` USB power."""

    PINS = {"lamp": 25}
    piece_ms = 4000
    link = None

    def __init__(self):
        self.lock, self.sensing = Lock(), Lock()
        self.port = Port()
        self.profile = self.power = self.lamp = self.board = self.wake = self
        self.rest, self.host = True, False
        self.dimmer = Dimmer()
        self.woken = 0

    def rests(self):
        return self.rest

    def usb(self):
        return self.host

    def set(self):
        self.woken += 1


def napping():
    """(node, queue) 20 ms after its dimmer came to rest."""
    node, queue = Node(), Queue()
    nap.Nap(node, node.port, queue)
    now_ms[0] += 20
    return node, queue


def test_only_a_profile_that_can_rest_makes_an_esp32_nap():
    for naps in (False, True):
        one = port()
        queue = sys.modules["node.ports.esp32"].asyncio._io_queue
        node = Node()
        if not naps:
            node.profile = Lock()
        one.deep(node)
        assert ("wait_io_event" in queue.__dict__) == naps


def test_all_tasks_wait_in_light_sleep_until_the_next_of_them_is_due():
    node, queue = napping()

    queue.wait_io_event(3500)

    assert node.port.napped == [3500]
    assert queue.waited == [0], "what came meanwhile is still asked for"


def test_a_wait_too_short_for_sleep_and_one_without_end_are_waited():
    node, queue = napping()

    queue.wait_io_event(39)
    queue.wait_io_event(-1)

    assert (node.port.napped, queue.waited) == ([], [39, -1])


def test_it_stays_awake_while_the_radio_or_a_sensor_is_at_work_and_with_usb_power():
    node, queue = napping()

    node.lock.held = True
    queue.wait_io_event(1000)
    node.lock.held, node.sensing.held = False, True
    queue.wait_io_event(2000)
    node.sensing.held, node.host = False, True
    queue.wait_io_event(3000)
    node.host, node.port.level = False, 1
    queue.wait_io_event(3100)
    node.port.level, node.port.deaf = 0, ("Pin(5)",)
    queue.wait_io_event(3200)

    assert (node.port.napped, queue.waited) == ([], [1000, 2000, 3000, 3100, 3200])


def test_it_stays_awake_until_the_watchdog_bites_where_the_flow_no_longer_feeds():
    node, queue = napping()
    port = node.port

    now_ms[0] += 8001
    queue.wait_io_event(4000)
    assert (port.napped, port.fed) == ([], 0)
    node.power.feed()
    queue.wait_io_event(3000)
    assert (port.napped, port.fed) == ([3000], 2)

    now_ms[0] += 61000
    queue.wait_io_event(3000)
    assert (port.napped, port.fed, node.woken) == ([3000, 3000], 3, 0)
    now_ms[0] += 1
    queue.wait_io_event(3000)
    assert (port.napped, port.fed) == ([3000, 3000], 3)


def test_the_flow_waits_long_while_it_sleeps_and_the_watchdog_is_fed_for_it():
    node, queue = napping()

    queue.wait_io_event(50000)

    assert node.port.napped == [4000] * 12 + [2000]
    assert (node.piece_ms, node.woken, node.port.fed) == (60000, 0, 1)
    queue.wait_io_event(5)
    assert (node.piece_ms, node.port.fed, queue.waited) == (60000, 2, [0, 5])


def test_what_ends_sleep_wakes_the_flow_whose_next_wait_is_short_again():
    for ends in ("pin", "host", "lit", "lock"):
        node, queue = napping()
        queue.wait_io_event(1000)
        assert (node.piece_ms, node.woken) == (60000, 0)

        if ends == "pin":
            node.port.wakes = 300, 1
        elif ends == "lock":
            node.lock.held = True
        elif ends == "lit":
            node.rest = False
        else:
            node.host = True
        queue.wait_io_event(3000)

        assert (node.piece_ms, node.woken) == (4000, 1), ends
        assert queue.waited == [0, 0], ends
        assert node.port.napped == ([1000, 300] if ends == "pin" else [1000]), ends
        if ends != "pin":
            queue.wait_io_event(3000)
            assert (node.woken, queue.waited) == (1, [0, 0, 3000]), ends


def test_usb_power_that_comes_in_light_sleep_is_noticed_within_a_piece_of_it():
    node, queue = napping()
    answers = [False, False, True]
    node.power.usb = lambda: answers.pop(0)

    queue.wait_io_event(50000)

    assert (node.port.napped, node.woken) == ([4000, 4000], 1)


def test_full_light_is_a_plain_level_and_a_dimmed_lamp_has_its_pwm_again():
    node, _ = napping()
    pwm = node.dimmer.pwm
    told, pin = pwm._pwm, pwm._pin.levels
    assert (told, pin) == ([], [(Pin.OUT, 1)]), "it was lit already"

    pwm.duty_u16(64000)
    pwm.duty_u16(0)
    assert told == ["deinit", (1000, 64000), 0]
    pwm.duty_u16(65535)
    pwm.duty_u16(65535)
    pwm.duty_u16(0)

    assert told == ["deinit", (1000, 64000), 0, "deinit", (1000, 0)]
    assert pin == [(Pin.OUT, 1)] * 3


def test_a_lit_lamp_stays_awake_and_its_last_duty_is_at_the_pin_before_it_sleeps():
    node, queue = napping()

    node.rest = False
    queue.wait_io_event(1000)
    node.rest = True
    queue.wait_io_event(1000)
    assert (node.port.napped, queue.waited) == ([], [1000, 1000])
    now_ms[0] += 20
    queue.wait_io_event(900)

    assert node.port.napped == [900]

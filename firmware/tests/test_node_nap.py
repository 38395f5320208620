"""Light sleep while all tasks of a lamp wait: when it may, and how long."""

import tests.fake_device  # noqa: F401 - the modules of a device

# isort: split
from node import nap

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
    """A port with one pin; its light sleeps are written down, ms."""

    deaf = ()

    def __init__(self):
        self.napped = []
        self.fed = 0
        self.level = 0
        self.edges = [(self, None)]

    def value(self):
        return self.level

    def feed(self):
        self.fed += 1

    def light(self, edges, ms):
        assert edges == self.edges
        self.napped.append(ms)


class Node:
    """A node whose lamp is dark; `rest` is what its profile says, `host` USB power."""

    def __init__(self):
        self.lock, self.sensing = Lock(), Lock()
        self.port = Port()
        self.profile = self.power = self
        self.rest, self.host = True, False

    def rests(self):
        return self.rest

    def usb(self):
        return self.host


def napping():
    """(node, queue) 20 ms after its dimmer came to rest."""
    node, queue = Node(), Queue()
    nap.Nap(node, node.port, queue)
    now_ms[0] += 20
    return node, queue


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

    now_ms[0] += 8000
    queue.wait_io_event(4000)
    node.power.feed()
    queue.wait_io_event(3000)

    assert (node.port.napped, node.port.fed) == ([3000], 1)


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

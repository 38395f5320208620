"""Deep sleep: what a node keeps in the RTC's memory, and how it goes on afterwards."""

import json
import sys

from tests.fake_device import folder

# isort: split
from node import changes
from node.store import Store
from node.stuck import Stuck

CLOCK_NS = [1000000000000]


class Rtc:
    """The RTC's memory: kept over deep sleep."""

    kept = b""

    def memory(self, data=None):
        if data is None:
            return Rtc.kept
        Rtc.kept = data
        return None


class Pin:
    """Pads: {GPIO: (level, held)}."""

    OUT = 1
    pads = {}

    def __init__(self, number, _mode, value, hold):
        Pin.pads[number] = value, hold


class Esp32:
    """The module `esp32`."""

    held = None

    def gpio_deep_sleep_hold(self, on):
        Esp32.held = on


class Plain:
    """Something with attributes, and `ms` of nothing."""

    def __init__(self, **values):
        for name, value in values.items():
            setattr(self, name, value)


class Clock(Plain):
    """As `node.clock`, with time that a test moves."""

    total_us, unix_us, wrong_ms, ticks = 0, None, 0, 0

    def us(self):
        self.total_us += self.ticks
        self.ticks = 0
        return self.total_us

    def error_ms(self):
        return self.wrong_ms

    def set_unix(self, unix_us, at_us, error_ms):
        self.unix_us, self.wrong_ms = unix_us - at_us, error_ms


class Config(Plain):
    """As `node.config`."""

    def __getitem__(self, name):
        return self.all[name]


class Lock:
    taken = False

    def locked(self):
        return self.taken


class Outbox(Plain):
    idle = True

    def empty(self):
        return self.idle


class Mac(Plain):
    asked = False

    def ask_time(self):
        self.asked = True


class Radio:
    asleep = False

    def sleep(self):
        self.asleep = True


def node(path, reserved=32, fcnt=32, marks=(0, 0), **more):
    """A joined node as a start from flash leaves it; the counter is the reserved one."""
    store = Store(path + "/state")
    config = Config(
        store=store, boots=4, good=1, tries=0, version=2, crc=0,
        values={"delta": 5, "app_key": "k"},
        all={"delta": 5, "app_key": "k", "sample_s": 600, "report_s": 3600, "region": "eu868"},
    )  # fmt: skip
    changes.save_boot(config)
    session = Plain(tag=7, reserved=reserved, fcnt_up=fcnt, unanswered=0, addr=b"\1\2\3\4")
    mac = Mac(
        session=session, duty=Plain(free_us=[0, 0]), answers=Plain(sticky=b""), silent_us=None,
        uplink_wanted=False, windows=Plain(busy=False), heard_us=0,
    )  # fmt: skip
    profile = Plain(name="bin", status_s=3600, report_s=lambda: 3600, _stuck=Stuck(None))
    exchange = Plain(silence=Plain(failed=0), sent=0)
    link = Plain(
        mac=mac, exchange=exchange, ready=True, broken=False, radio=Radio(), wait_us=lambda: None
    )
    journal = Plain(next_seq=9, marks=list(marks), segments=[], at=0, tail=bytearray(4))
    journal.idle = lambda: True
    board = Plain(
        PINS={"nss": 18, "reset": 23}, SENSORS={"distance": {"chip": "a02yyuw", "power": 25}},
        BATTERY=None,
    )  # fmt: skip
    return Plain(
        config=config, store=store, clock=Clock(), journal=journal, outbox=Outbox(),
        profile=profile, link=link, lock=Lock(), inbox=[], board=board, next_us=0, reported_us=0,
        last={"fill": 4, "distance": None},
        power=Plain(port=Plain(packed=True, feed=bool)), **more
    )  # fmt: skip


def deep():
    """The module, as loaded after a start."""
    sys.modules.setdefault("esp32", Esp32())
    sys.modules.pop("node.deep", None)
    from node import deep as module

    module.machine, module.esp32 = Plain(RTC=Rtc, Pin=Pin), Esp32()
    module.time = Plain(time_ns=lambda: CLOCK_NS[0])
    return module


def sampled(seconds, one):
    """After so long: what a sample gets; None: more is due."""
    assert deep().keep(one)
    CLOCK_NS[0] += seconds * 1000000000
    return deep().for_sample()


def slept(module, one, seconds=600):
    """It sleeps; what a start finds in the memory."""
    assert module.ready(one)
    assert module.keep(one)
    CLOCK_NS[0] += seconds * 1000000000
    return deep().take()


def busy_node(path):
    """One that has lived for a while."""
    one = node(path, fcnt=5, marks=(1, 3))
    one.clock.total_us = 90000000
    one.clock.unix_us = 1700000000000000
    one.link.mac.duty.free_us = [123, 91000000]
    one.link.mac.session.unanswered = 3
    one.profile._stuck._times = 6
    one.next_us = 690000000
    return one


def test_a_node_goes_on_where_it_was():
    path, module = folder(), deep()
    kept = slept(module, busy_node(path))
    fresh = node(path, boots_seen=5)
    fresh.config.boots = 5
    fresh.clock.ticks = 777

    assert deep().resume(fresh, kept)

    session = fresh.link.mac.session
    assert (session.fcnt_up, session.reserved, session.unanswered) == (5, 32, 3)
    assert fresh.journal.marks == [1, 3]
    assert fresh.journal.tail == bytearray(4)
    assert (fresh.clock.total_us, fresh.next_us) == (690000000, 690000000)
    assert fresh.clock.unix_us == 1700000000000000
    assert fresh.clock.wrong_ms == 6000  # 1 % of 600 s
    assert fresh.link.mac.duty.free_us == [123, 91000000]
    assert fresh.profile._stuck._times == 6
    assert fresh.last == {"fill": 4, "distance": None}
    assert not fresh.link.mac.asked
    assert fresh.config.boots == 4
    assert fresh.config.store.load("boot")[:2] == b"\4\0", "the start was counted"


def test_a_clock_that_is_off_by_a_minute_is_set_again():
    path, module = folder(), deep()
    one = busy_node(path)
    one.clock.wrong_ms = 58000
    kept = slept(module, one)
    fresh = node(path)

    assert deep().resume(fresh, kept)

    assert fresh.link.mac.asked


def test_outputs_are_held_while_the_radio_sleeps_and_free_again_afterwards():
    module, one = deep(), busy_node(folder())
    assert module.keep(one)
    assert one.link.radio.asleep
    assert (Pin.pads, Esp32.held) == ({18: (1, True), 23: (1, True), 25: (0, True)}, True)

    assert deep().take()

    assert (Pin.pads, Esp32.held) == ({18: (1, False), 23: (1, False), 25: (0, False)}, False)


def test_the_memory_serves_once_and_not_when_it_is_damaged():
    module = deep()
    assert module.keep(busy_node(folder()))
    Rtc.kept = Rtc.kept[:-3] + b"x" + Rtc.kept[-2:]
    assert module.take() is None
    assert Rtc.kept == b"", "a second start would read it"
    assert module.keep(busy_node(folder()))
    assert module.take()
    assert module.take() is None


def test_flash_is_believed_where_the_memory_says_otherwise():
    path, module = folder(), deep()
    kept = slept(module, busy_node(path))
    for other in (
        node(path, reserved=64, fcnt=64),  # uplinks were sent since
        node(path, marks=(0, 0, 0)),  # a reading was added since
    ):
        before = other.link.mac.session.fcnt_up
        assert not deep().resume(other, kept)
        assert other.link.mac.session.fcnt_up == before
        assert other.clock.total_us == 0


def test_with_trouble_a_node_keeps_its_memory_and_sleeps_lightly():
    module = deep()
    assert module.ready(busy_node(folder()))
    troubles = (
        lambda one: setattr(one.link, "ready", False),
        lambda one: setattr(one.link, "broken", True),
        lambda one: setattr(one.lock, "taken", True),
        lambda one: one.inbox.append(1),
        lambda one: setattr(one.link.mac, "silent_us", 5),
        lambda one: setattr(one.link.mac, "uplink_wanted", True),
        lambda one: setattr(one.link.mac.answers, "sticky", b"\5"),
        lambda one: setattr(one.link.mac.windows, "busy", True),
        lambda one: setattr(one.outbox, "idle", False),
        lambda one: one.journal.segments.append(1),
        lambda one: setattr(one, "link", None),
        lambda one: delattr(one.link, "mac"),
    )
    for number, trouble in enumerate(troubles):
        one = busy_node(folder())
        trouble(one)
        assert not module.ready(one), number


def test_readings_that_are_held_back_may_lie_in_segments():
    one = busy_node(folder())
    one.journal.segments.append(1)
    one.journal.idle = lambda: False  # they wait, and the outbox says that nothing is due

    assert deep().ready(one)


def test_before_the_first_deep_sleep_the_firmware_is_packed():
    module, one = deep(), busy_node(folder())
    port = one.power.port
    port.packed = False
    Rtc.kept = b""
    packing = sys.modules["packing"] = Plain(made=[])
    packing.make = lambda *given: packing.made.append(given)

    assert not module.keep(one)
    assert (packing.made[0][0], Rtc.kept) == (port.feed, b"")
    board = json.loads(packing.made[0][1]["/board.json"])
    assert board == {"PINS": one.board.PINS, "SENSORS": one.board.SENSORS, "BATTERY": None}
    assert "packing" not in sys.modules, "its bytecode would stay"
    assert module.keep(one), "it takes seconds: the next doze is deep"


def test_what_the_memory_cannot_hold_is_not_forgotten():
    module, one = deep(), busy_node(folder())
    Rtc.kept = b""
    one.much = "x" * 2048
    assert not module.keep(one)
    assert (Rtc.kept, one.link.radio.asleep) == (b"", False)


def test_a_wake_before_the_next_report_begins_with_a_sample_alone():
    one = busy_node(folder())  # 90 s after its start
    assert sampled(600, one)
    assert Rtc.kept, "it is there for the whole node"
    assert sampled(3200, one)
    assert not sampled(3220, one), "the report is due, half a sample early"
    one.reported_us = 3600000000
    assert not sampled(3600, one), "the status is due"


def test_a_wake_for_something_else_is_of_the_whole_node():
    one = busy_node(folder())
    one.link.wait_us = lambda: 600000000
    assert not sampled(600, one), "the link wants to send"
    one = busy_node(folder())
    one.last = None
    assert not sampled(600, one), "a reading is due"
    one = busy_node(folder())
    one.config.all["shape"] = "x" * 1800
    assert not sampled(600, one), "too long to be kept"
    assert deep().take(), "the node goes on where it was"


def test_a_sample_gets_no_secret_and_hands_the_rest_back():
    one = busy_node(folder())
    kept, rest = sampled(600, one)
    settings = {"delta": 5, "sample_s": 600, "report_s": 3600}
    assert kept["thin"] == [settings, ["delta"], 2]
    kept["parts"][0]["next_us"] = 7

    assert deep().hold(one.clock, kept, rest)

    fresh = node(folder(), fcnt=1, marks=(1, 3))
    changed = deep().take()
    assert deep().resume(fresh, changed)
    assert (fresh.next_us, fresh.link.mac.session.fcnt_up) == (7, 5)

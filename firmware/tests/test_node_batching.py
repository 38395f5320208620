"""Readings that go together: held back, urgent, after an outage, unanswered, from before."""

import asyncio

from tests.fake_device import Clock, folder
from tests.test_node_app import made, run, until

# isort: split
from node.batching import Batching
from node.defaults import complete
from node.history import History
from node.store import Store
from wire import batch_decoding, codec, decoding

FLAGS = {"obstructed": 0, "suspect": 0, "low_battery": 0, "uncalibrated": 0}
BOOT = {
    "cause": 0, "profile": 1, "major": 0, "minor": 1, "patch": 0, "boots": 1,
    "config_version": 1, "first_seq": 0, "next_seq": 0,
}  # fmt: skip
FIRST = 65530  # numbers wrap on the way


class Config(dict):
    boots = 3


class Profile:
    payload = "bin"


class Node:
    """As much of a node as the outbox asks for: one reading each 10 minutes."""

    def __init__(self, **settings):
        self.config = Config(complete({"profile": "bin"}), **settings)
        self.clock = Clock()
        path = folder()
        self.journal = History(Store(path + "/state"), path + "/journal")
        self.journal.next_seq = self.journal.acked_below = FIRST
        self.profile = Profile()
        self.outbox = Batching(self)

    async def gap(self, _ms):
        return None

    def read(self, count=1, name="bin"):
        for _ in range(count):
            self.clock.now_us += 600 * 1000000
            seq = self.journal.next_seq
            values = {"seq": seq, "age": 0, "suspect": 0, "low_battery": 0}
            if name == "bin":
                values.update(FLAGS, fill=seq % 90, distance=800 - seq % 90, valid=7, spread=2)
            else:
                values.update(total=seq, boots=3, presence=0)
            data = codec.pack(name, values)
            fport = codec.entry(name)[0]
            self.journal.add(3, self.clock.uptime_s(), 0, fport, data)

    def frame(self, room=51, asks=None):
        return asyncio.run(self.outbox.next(room, asks))


def numbers(frame):
    """Of the readings of a frame, oldest first."""
    records = batch_decoding.unpack(frame[0], frame[1])[1]
    return [one["seq"] for one in reversed(records)]


def following(first, count):
    return [first + at & 0xFFFF for at in range(count)]


def test_readings_wait_until_a_batch_of_them_is_there():
    node = Node(batch=24)
    node.read(23)
    assert node.outbox.empty()

    node.read()
    assert not node.outbox.empty()
    frame = node.frame(room=222)

    assert frame[0] == 50 and frame[2]
    assert numbers(frame) == following(FIRST, 24)
    assert len(frame[1]) <= 45
    node.outbox.done(True)
    assert node.outbox.empty() and node.journal.idle()


def test_a_frame_of_the_slowest_rate_takes_what_fits_and_the_rest_follows():
    node = Node(batch=24)
    node.read(24)
    seen = []
    while not node.journal.idle():
        frame = node.frame(room=30)
        assert len(frame[1]) <= 30
        seen += numbers(frame) if frame[0] == 50 else [frame[1][1] << 8 | frame[1][2]]
        node.outbox.done(True)

    assert seen == following(FIRST, 24)


def test_the_values_and_ages_are_those_of_the_readings():
    node = Node(batch=3)
    node.read(3)

    records = batch_decoding.unpack(50, node.frame()[1])[1]

    assert [one["age"] for one in records] == [0, 600, 1200]
    assert [one["fill"] for one in records] == [(FIRST + at) % 90 for at in (2, 1, 0)]
    assert [one["distance"] for one in records] == [800 - (FIRST + at) % 90 for at in (2, 1, 0)]


def test_only_the_series_goes_where_the_settings_say_so():
    whole, series = Node(batch=24), Node(batch=24, batch_whole=0)
    sizes = []
    for node in (whole, series):
        node.read(24)
        frame = node.frame(room=222)
        sizes.append(len(frame[1]))
        records = batch_decoding.unpack(50, frame[1])[1]
    assert [one["distance"] for one in records] == [None] * 24
    assert [one["suspect"] for one in records] == [0] * 24
    assert sizes[1] < sizes[0]


def test_what_nobody_acknowledged_comes_again():
    node = Node(batch=3)
    node.read(3)
    first = node.frame()
    node.outbox.done(False)
    assert not node.outbox.empty()
    node.read()

    again = node.frame()

    assert numbers(first) == following(FIRST, 3)
    assert numbers(again) == following(FIRST, 4)


def test_an_urgent_reading_takes_the_others_along_and_waits_for_its_answer():
    node = Node(batch=24)
    node.read(2)
    assert node.outbox.empty()
    node.outbox.added(node.journal.batch(9)[-1], True)
    assert not node.outbox.empty()

    assert numbers(node.frame()) == following(FIRST, 2)
    node.outbox.done(False)
    assert not node.outbox.empty()
    node.frame()
    node.outbox.done(True)
    node.read()
    assert node.outbox.empty()


def test_an_urgent_reading_alone_wants_its_answer_too():
    node = Node(batch=24)
    node.read()
    node.outbox.added(node.journal.batch(9)[-1], True)

    port, _, confirmed = node.frame()
    assert (port, confirmed) == (10, True)


def test_without_batches_one_reading_goes_alone_and_an_outage_together():
    node = Node()
    node.read()
    assert node.frame()[0] == 10
    node.outbox.done(True)
    node.read(300)
    seen = []
    frames = 0
    while not node.journal.idle():
        frame = node.frame()
        assert len(frame[1]) <= 51
        if frame[0] == 50:
            seen += numbers(frame)
        else:
            seen.append(frame[1][1] << 8 | frame[1][2])
        frames += 1
        node.outbox.done(True)

    assert seen == following(FIRST + 1, 300)
    assert frames <= 20


def test_after_an_outage_the_urgent_ones_come_first_and_everything_after():
    node = Node()
    for _ in range(3):
        node.read(100)
        node.outbox.added(node.journal._record(-1 % len(node.journal.marks)), True)
    alarms = [FIRST + at & 0xFFFF for at in (99, 199, 299)]

    frame = node.frame()
    assert (frame[0], frame[2]) == (10, True)
    records = decoding.unpack(10, frame[1])[1]
    assert [one["seq"] for one in reversed(records)] == alarms
    assert [one["age"] for one in records] == [0, 60000, 120000]
    node.outbox.done(False)
    assert node.frame()[1] == frame[1]
    node.outbox.done(True)
    seen = []
    while not node.journal.idle():
        seen += numbers(node.frame())
        node.outbox.done(True)
    assert seen == following(FIRST, 300)
    assert node.outbox.empty()


def test_more_urgent_ones_than_a_frame_takes_come_before_the_others_the_newest_first():
    node = Node()
    for _ in range(12):
        node.read(20)
        node.outbox.added(node.journal._record(-1 % len(node.journal.marks)), True)
    alarms = [FIRST + 20 * at - 1 & 0xFFFF for at in range(1, 13)]
    sizes = []
    while alarms:
        fport, data, confirmed = node.frame()
        records = decoding.unpack(10, data)[1]
        sizes.append(len(records))
        assert (fport, confirmed) == (10, True)
        assert [one["seq"] for one in records] == alarms[: -len(records) - 1 : -1]
        del alarms[-len(records) :]
        node.outbox.done(True)

    assert sizes == [5, 5, 2]
    seen = []
    while not node.journal.idle():
        seen += numbers(node.frame())
        node.outbox.done(True)
    assert seen == following(FIRST, 240)


def test_a_report_that_is_acknowledged_leaves_urgent_ones_waiting():
    node = Node()
    node.read(60)
    for at in (3, 2, 1):
        node.outbox.added(node.journal._record(len(node.journal.marks) - at), True)
    first = node.frame()[1]
    node.outbox.done(False)
    node.outbox.report("boot", BOOT)
    assert node.frame()[0] == 20
    node.outbox.done(True)

    assert node.frame()[1] == first


def test_where_the_network_is_silent_one_reading_asks():
    node = Node(batch=3)
    node.read(9)

    fport, data, confirmed = node.frame(room=11, asks=False)

    assert (fport, len(data), confirmed) == (10, 11, False)


def test_where_the_network_is_silent_an_urgent_reading_asks_and_waits_on():
    node = Node()
    node.read(9)
    node.outbox.added(node.journal.batch(9)[-1], True)

    fport, data, confirmed = node.frame(room=11, asks=False)

    assert (fport, confirmed) == (10, False)
    assert decoding.unpack(10, data)[1][0]["seq"] == following(FIRST, 9)[-1]
    node.outbox.done(False)
    assert decoding.unpack(10, node.frame(room=11, asks=False)[1])[1][0]["seq"] == 2


def test_readings_of_a_profile_before_go_alone():
    node = Node(batch=2)
    node.read(3, "counter")
    node.read(3)
    ports = []
    while not node.journal.idle():
        ports.append(node.frame()[0])
        node.outbox.done(True)

    assert set(ports) == {12, 50}
    assert ports[-1] == 50


def test_a_node_sends_its_first_reading_at_once_and_then_holds_back():
    node = made(batch=3, confirm_every=1, report_s=60, sample_s=60)

    async def story():
        await until(lambda: node.link and len(node.link.frames) > 1 and node.journal.idle())
        first = node.link.frames[-1]
        for _ in range(3):
            assert node.outbox.empty()
            node.reported_us = node.clock.us() - 60000000
            node.next_us = 0
            waiting = node.journal.next_seq
            node.wake.set()
            await until(lambda waiting=waiting: node.journal.next_seq > waiting)
        await until(node.journal.idle)
        return first

    first = run(node, story)

    assert first[0] == 12
    assert [frame[0] for frame in node.link.frames[2:]] == [52]
    assert numbers(node.link.frames[-1]) == following(1, 3)

"""Readings that each frame has again: where no downlink comes, lost frames leave no hole."""

import random

from tests.link_world import LinkWorld
from tests.test_node_batching import FIRST, Node, following, numbers

# isort: split
from node import config, settings
from node.errors import ConfigError
from node.journal import TAIL_RECORDS
from tests.fake_device import folder
from wire import decoding

LOST = {30: 999, 40: 990}
"""{per cent of frames that are lost: thousandths of the readings that arrive at least}."""


def told(node, count=1, room=51, asks=None):
    """Numbers of the readings of the next frame."""
    node.read(count)
    frame = node.frame(room, asks)
    assert len(frame[1]) <= room
    node.outbox.done(False if asks is False else bool(frame[2]))
    return numbers(frame) if frame[0] == 50 else [frame[1][1] << 8 | frame[1][2]]


def test_each_frame_has_those_before_again_whether_or_not_they_were_acknowledged():
    for every in (0, 1, 4):
        node = Node(repeat=3, confirm_every=every)
        frames = [told(node) for _ in range(6)]

        assert frames[0] == [FIRST]
        assert [frame[0] for frame in frames[1:]] == following(FIRST, 1) * 3 + following(
            FIRST + 1, 2
        )
        assert [frame[-1] for frame in frames] == following(FIRST, 6)
        assert frames[-1] == following(FIRST + 2, 4)


def test_without_the_setting_a_reading_goes_alone():
    node = Node()
    assert [told(node) for _ in range(3)] == [[FIRST + at] for at in range(3)]


def test_held_back_readings_take_those_before_along():
    node = Node(batch=4, repeat=8)
    told(node, 4)
    told(node, 4)

    assert told(node, 4) == following(FIRST, 12)


def test_a_slow_data_rate_leaves_out_the_oldest():
    node = Node(repeat=12)
    node.read(13)
    node.frame(222)
    node.outbox.done(True)

    seqs = told(node, room=16)

    assert seqs[-1] == FIRST + 13 & 0xFFFF
    assert 1 < len(seqs) < 13 and seqs == following(seqs[0], len(seqs))
    assert told(node, room=11)[-1] == FIRST + 14 & 0xFFFF


def test_where_the_network_is_silent_the_newest_go_and_all_wait():
    node = Node(repeat=3)
    frames = [told(node, asks=False) for _ in range(5)]

    assert frames[-1] == following(FIRST + 1, 4)
    assert node.journal.waiting() == 5
    node.outbox.added(node.journal.batch(9)[-1], True)
    assert told(node, asks=False) == following(FIRST + 2, 4)


def test_after_an_outage_urgent_ones_go_first_and_then_everything():
    node = Node(repeat=6)
    node.read(60)
    node.outbox.added(node.journal._record(-1 % len(node.journal.marks)), True)

    frame = node.frame()
    assert (frame[0], len(frame[1])) == (10, 11)
    node.outbox.done(True)
    seen = []
    while not node.journal.idle():
        seen += numbers(node.frame())
        node.outbox.done(True)
    assert sorted(set(seen), key=lambda seq: seq - FIRST & 0xFFFF) == following(FIRST, 60)


def test_of_another_number_or_profile_before_only_the_new_goes():
    node = Node(repeat=3)
    node.read(2, "counter")
    node.journal.sent(node.journal.batch(9))
    node.journal.next_seq = node.journal.next_seq + 5 & 0xFFFF

    assert told(node) == [FIRST + 7 & 0xFFFF]


def test_a_profile_without_batches_repeats_what_fits_one_frame():
    linked = LinkWorld()
    linked.config["repeat"] = 2
    linked.config["confirm_every"] = 0

    async def story():
        frames = []
        for room in (51, 51, 51, 51, 21, 11):
            linked.read(1)
            frames.append(await linked.outbox.next(room))
            linked.outbox.done(False)
        return [[one["seq"] for one in decoding.unpack(*frame[:2])[1]] for frame in frames]

    assert linked.world.run(story()) == [[0], [1, 0], [2, 1, 0], [3, 2, 1], [4, 3], [5]]


def test_of_lost_frames_nearly_all_readings_arrive():
    node = Node(repeat=6, confirm_every=0)
    frames = [told(node) for _ in range(100)]
    for percent, least in LOST.items():
        random.seed(percent)
        arrived = 0
        for _ in range(50):
            heard = [frame for frame in frames if random.random() * 100 >= percent]
            arrived += len({seq for frame in heard for seq in frame} & set(following(FIRST, 93)))
        assert 1000 * arrived >= least * 50 * 93, (percent, arrived)


def test_more_than_a_frame_reads_from_is_refused():
    values = {"profile": "bin", "batch": TAIL_RECORDS - 4, "repeat": 4}
    known = config.Config(Node().journal.store, folder() + "/device.json")
    known.settle(values)
    settings.together(known)
    known.settle(dict(values, batch=TAIL_RECORDS - 3))
    try:
        settings.together(known)
    except ConfigError as error:
        assert str(error) == "batch and repeat are together more than %d" % TAIL_RECORDS
    else:
        raise AssertionError("taken")
    known.settle({"profile": "bin", "batch": 32})
    settings.together(known)

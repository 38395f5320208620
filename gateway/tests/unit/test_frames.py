"""Frames: a repetition is kept apart from news in any order, over joins, wraps and restarts."""

import random

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.notices import Answered, Joined, Link, Status, Uplink
from gateway.seen import Seen
from gateway.seen.frames import FRAMES, Frames
from gateway.seen.gaps import Gaps
from gateway.seen.signals import Signals


def up(fcnt, addr="01", at_ms=None, uid=None):
    at_ms = 1000 * (fcnt + 1) if at_ms is None else at_ms
    own = {"id": uid or f"{addr}-{fcnt}", "dev_addr": addr, "fcnt": fcnt, "fport": 10, "data": b""}
    return Uplink(dev_eui="a1", at_ms=at_ms, **own)


def join(addr, at_ms, uid=None):
    return Joined(dev_eui="a1", id=uid or f"join {addr}", at_ms=at_ms, dev_addr=addr)


def again(seen):
    return Seen.load(Seen(seen, Signals(), Gaps()).dump()).frames


def test_a_frame_is_new_once():
    seen = Frames()

    assert seen.admits(up(7)) is True
    seen = again(seen)
    assert seen.admits(up(7)) is False
    assert seen.admits(up(6)) is True
    assert seen.admits(up(6)) is False


@given(st.permutations(range(40)), st.lists(st.integers(0, 39)))
def test_any_order_and_any_repetition_gives_each_frame_once(order, repeated):
    seen = Frames()
    frames = [*order, *repeated]
    random.Random(len(repeated)).shuffle(frames)

    admitted = [fcnt for fcnt in frames if seen.admits(up(fcnt))]

    assert sorted(admitted) == list(range(40))


def test_a_32_bit_counter_is_kept_whole():
    seen = Frames()

    assert seen.admits(up(2**32 - 1)) is True
    assert again(seen).admits(up(2**32 - 1)) is False


def test_a_join_restarts_the_counter():
    seen = Frames()
    seen.admits(join("01", 0))
    seen.admits(up(0, "01"))

    assert seen.admits(join("02", 5000)) is True
    assert seen.admits(join("02", 5000)) is False
    assert seen.admits(up(0, "02", 6000)) is True
    assert seen.admits(up(0, "01")) is False, "the last frame of the old session, once more"


def test_a_join_that_its_first_frame_overtook_belongs_to_it():
    seen = Frames()
    seen.admits(up(0, "01"))
    seen.admits(up(0, "02", 5000))

    assert seen.admits(join("02", 4900)) is True
    assert seen.admits(up(0, "02", 5000)) is False
    assert seen.admits(up(1, "02", 6000)) is True


def test_a_late_frame_of_the_session_before_is_new_once():
    seen = Frames()
    for one in (join("01", 0), up(0, "01"), up(2, "01"), join("02", 9000), up(0, "02", 9500)):
        assert seen.admits(one)

    assert seen.admits(up(1, "01", 2000)) is True
    assert seen.admits(up(1, "01", 2000)) is False
    assert seen.admits(up(1, "02", 10_000)) is True


def test_the_same_address_again_is_the_newest_session():
    seen = Frames()
    for one in (join("01", 0, "j1"), up(0, "01", 10), join("01", 5000, "j2")):
        seen.admits(one)

    assert seen.admits(up(0, "01", 6000, "other")) is True


def test_a_counter_far_back_and_later_is_a_session_without_a_join():
    seen = Frames()
    seen.admits(up(500, at_ms=1000))

    assert seen.admits(up(0, at_ms=2000, uid="new")) is True
    assert seen.admits(up(0, at_ms=2000, uid="new")) is False
    assert seen.admits(up(1, at_ms=3000)) is True


def test_a_counter_far_back_and_earlier_is_a_late_frame():
    seen = Frames()
    seen.admits(up(500, at_ms=100_000))

    assert seen.admits(up(500 - FRAMES, at_ms=1000)) is True
    assert seen.admits(up(500 - FRAMES, at_ms=1000)) is False
    assert seen.admits(up(501, at_ms=101_000)) is True


def test_other_notices_go_by_kind_and_id():
    seen = Frames()
    status = Status(dev_eui="a1", id="x", at_ms=1, margin_db=3)
    answer = Answered(dev_eui="a1", id="x", at_ms=1, queue_item_id="q", acknowledged=True)

    assert [seen.admits(one) for one in (status, answer, status, answer)] == [
        True,
        True,
        False,
        False,
    ]


def test_a_report_of_a_start_is_taken_once_a_session():
    seen = Frames()
    report, again = replace(up(0), data=b"boot"), replace(up(5), data=b"boot")

    assert [seen.admits_boot(one) for one in (report, again)] == [True, False]
    assert seen.admits_boot(replace(again, dev_addr="02")) is True
    assert seen.admits_boot(replace(again, data=b"boot 2")) is True


def test_the_data_rate_is_that_of_the_last_uplink_of_the_newest_session():
    seen = Frames()
    for fcnt, dr, addr, at_ms in ((5, 5, "01", 1), (6, 3, "01", 2), (4, 0, "01", 3)):
        seen.admits(replace(up(fcnt, addr, at_ms), link=Link(dr=dr)))
    assert again(seen).dr == 3, "frame 4 is late"

    seen.admits(replace(up(0, "02", 10), link=Link(dr=2)))
    seen.admits(replace(up(7, "01", 4), link=Link(dr=5)))
    assert seen.dr == 2, "frame 7 is of the session before"

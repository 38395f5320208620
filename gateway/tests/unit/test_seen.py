"""Identity: a repetition is told from news in any order, over joins, wraps and restarts."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.notices import Answered, Joined, Status, Uplink
from gateway.seen import EARLY, FRAMES, SAME_MS, SETTLE_MS, Seen, Signal


def up(fcnt, addr="01", at_ms=None, uid=None):
    at_ms = 1000 * (fcnt + 1) if at_ms is None else at_ms
    own = {"id": uid or f"{addr}-{fcnt}", "dev_addr": addr, "fcnt": fcnt, "fport": 10, "data": b""}
    return Uplink(dev_eui="a1", at_ms=at_ms, **own)


def join(addr, at_ms, uid=None):
    return Joined(dev_eui="a1", id=uid or f"join {addr}", at_ms=at_ms, dev_addr=addr)


def again(seen):
    return Seen.load(seen.dump())


def test_a_frame_is_new_once():
    seen = Seen.load(b"")

    assert seen.admits(up(7)) is True
    seen = again(seen)
    assert seen.admits(up(7)) is False
    assert seen.admits(up(6)) is True
    assert seen.admits(up(6)) is False


@given(st.permutations(range(40)), st.lists(st.integers(0, 39)))
def test_any_order_and_any_repetition_gives_each_frame_once(order, repeated):
    seen = Seen()
    frames = [*order, *repeated]
    random.Random(len(repeated)).shuffle(frames)

    admitted = [fcnt for fcnt in frames if seen.admits(up(fcnt))]

    assert sorted(admitted) == list(range(40))


def test_a_32_bit_counter_is_kept_whole():
    seen = Seen()

    assert seen.admits(up(2**32 - 1)) is True
    assert again(seen).admits(up(2**32 - 1)) is False


def test_a_join_begins_the_counter_anew():
    seen = Seen()
    seen.admits(join("01", 0))
    seen.admits(up(0, "01"))

    assert seen.admits(join("02", 5000)) is True
    assert seen.admits(join("02", 5000)) is False
    assert seen.admits(up(0, "02", 6000)) is True
    assert seen.admits(up(0, "01")) is False, "the last frame of the old session, once more"


def test_a_join_that_its_first_frame_overtook_belongs_to_it():
    seen = Seen()
    seen.admits(up(0, "01"))
    seen.admits(up(0, "02", 5000))

    assert seen.admits(join("02", 4900)) is True
    assert seen.admits(up(0, "02", 5000)) is False
    assert seen.admits(up(1, "02", 6000)) is True


def test_a_late_frame_of_the_session_before_is_new_once():
    seen = Seen()
    for one in (join("01", 0), up(0, "01"), up(2, "01"), join("02", 9000), up(0, "02", 9500)):
        assert seen.admits(one)

    assert seen.admits(up(1, "01", 2000)) is True
    assert seen.admits(up(1, "01", 2000)) is False
    assert seen.admits(up(1, "02", 10_000)) is True


def test_the_same_address_again_is_the_newest_session():
    seen = Seen()
    for one in (join("01", 0, "j1"), up(0, "01", 10), join("01", 5000, "j2")):
        seen.admits(one)

    assert seen.admits(up(0, "01", 6000, "other")) is True


def test_a_counter_far_back_and_later_is_a_session_without_a_join():
    seen = Seen()
    seen.admits(up(500, at_ms=1000))

    assert seen.admits(up(0, at_ms=2000, uid="new")) is True
    assert seen.admits(up(0, at_ms=2000, uid="new")) is False
    assert seen.admits(up(1, at_ms=3000)) is True


def test_a_counter_far_back_and_earlier_is_a_late_frame():
    seen = Seen()
    seen.admits(up(500, at_ms=100_000))

    assert seen.admits(up(500 - FRAMES, at_ms=1000)) is True
    assert seen.admits(up(500 - FRAMES, at_ms=1000)) is False
    assert seen.admits(up(501, at_ms=101_000)) is True


def test_other_notices_go_by_kind_and_id():
    seen = Seen()
    status = Status(dev_eui="a1", id="x", at_ms=1, margin_db=3)
    answer = Answered(dev_eui="a1", id="x", at_ms=1, queue_item_id="q", acknowledged=True)

    assert [seen.admits(one) for one in (status, answer, status, answer)] == [
        True,
        True,
        False,
        False,
    ]


def test_early_signals_are_kept_for_their_item_and_bounded():
    seen = Seen()
    for number in range(EARLY + 1):
        seen.remember(Signal(f"q{number}", "transmitted"))
    seen.remember(Signal("q5", "acknowledged"))
    seen = again(seen)

    assert [one.what for one in seen.recall("q5")] == ["transmitted", "acknowledged"]
    assert seen.recall("q5") == []
    assert seen.recall("q0") == seen.recall("q1") == []
    assert len(seen.recall("q2")) == 1


# readings


def readings(seen, numbers, at_ms=0, now_ms=1):
    """Those taken of readings measured once a minute and sent at once."""
    return [n for n in numbers if seen.admits_reading(n % 65536, 0, at_ms + 60_000 * n, now_ms)]


def test_a_reading_is_new_once_and_a_hole_is_named_once():
    seen = Seen()
    assert readings(seen, [5, 6, 9]) == [5, 6, 9]
    seen = again(seen)

    assert seen.settled(SETTLE_MS) == []
    assert seen.unsettled
    assert seen.settled(SETTLE_MS + 1) == [(7, 8)]
    assert not seen.unsettled
    assert seen.settled(10 * SETTLE_MS) == []
    assert readings(seen, [8, 8, 5, 6, 9, 7, 7]) == [8, 7]
    assert seen.settled(10 * SETTLE_MS) == []


def test_a_hole_that_closes_in_time_is_never_named():
    seen = Seen()

    assert readings(seen, [1, 3, 2]) == [1, 3, 2]
    assert seen.settled(10 * SETTLE_MS) == []


def test_numbers_wrap():
    seen = Seen()

    assert readings(seen, [65534, 65535, 65536, 65539, 65538, 65534]) == [
        65534,
        65535,
        65536,
        65539,
        65538,
    ]
    assert seen.settled(SETTLE_MS + 1) == [(65537, 65537)]


def test_what_came_before_the_first_reading_is_taken_but_not_asked_for():
    seen = Seen()

    assert readings(seen, [10, 8, 9, 8]) == [10, 8, 9]
    assert seen.settled(SETTLE_MS) == []
    assert seen.admits_reading(65535, 0, 0, 1) is True, "from before the wrap"


def test_after_a_fresh_start_the_first_reading_is_missed_too():
    seen = Seen()
    seen.restarts(0, 0, 1000, wiped=False)

    assert readings(seen, [2]) == [2]
    assert seen.settled(SETTLE_MS + 1) == [(0, 1)]


def test_readings_measured_before_the_start_was_reported_are_new():
    seen = Seen()
    seen.restarts(0, 6, 1000, wiped=False)

    assert readings(seen, [6, 0, 5]) == [6, 0, 5]


def test_a_wiped_device_counts_from_its_new_beginning():
    seen = Seen()
    readings(seen, range(50))
    seen.restarts(0, 0, 10**9, wiped=True)

    assert readings(seen, [0, 1], at_ms=10**9) == [0, 1]


def test_numbers_that_never_reached_the_flash_come_again():
    seen = Seen()
    readings(seen, [5, 7, 8, 9])
    seen.restarts(0, 8, 10**9, wiped=False)

    assert readings(seen, [8, 9, 7, 6], at_ms=10**9) == [8, 9, 6]


def test_a_late_report_of_a_start_does_not_undo_newer_readings():
    seen = Seen()
    readings(seen, [5, 6, 7])
    seen.restarts(0, 6, 60_000 * 5, wiped=False)

    assert readings(seen, [6, 7]) == []


def test_an_old_number_observed_later_than_all_is_a_new_journal():
    seen = Seen()
    readings(seen, range(100, 120))

    assert seen.admits_reading(103, 0, 60_000 * 119 + SAME_MS, 1) is False
    assert seen.admits_reading(103, 0, 60_000 * 119 + SAME_MS + 1, 1) is True
    assert seen.admits_reading(104, 0, 60_000 * 122, 1) is True
    assert seen.settled(SETTLE_MS + 1) == []


def test_an_old_number_of_unknown_age_is_a_repetition():
    seen = Seen()
    readings(seen, range(10))

    assert seen.admits_reading(9, None, 10**9, 1) is False
    assert seen.admits_reading(10, None, 10**9, 1) is True
    assert seen.admits_reading(10, 600, 10**9 + 600_000, 1) is False


def test_a_report_of_a_start_is_taken_once_a_session():
    seen = Seen()
    report, again = replace(up(0), data=b"boot"), replace(up(5), data=b"boot")

    assert [seen.admits_boot(one) for one in (report, again)] == [True, False]
    assert seen.admits_boot(replace(again, dev_addr="02")) is True
    assert seen.admits_boot(replace(again, data=b"boot 2")) is True


@given(
    st.lists(st.integers(0, 30), min_size=1),
    st.integers(0, 65535),
)
def test_no_order_of_arrival_loses_or_doubles_a_reading(order, base):
    seen = Seen()

    taken = [n for n in order if seen.admits_reading((base + n) % 65536, 0, n, 0)]

    assert sorted(taken) == sorted(set(order))


@pytest.mark.parametrize("lost", [{3}, {1, 2}, {0, 5, 9}])
def test_every_hole_is_named_exactly(lost):
    seen = Seen()
    seen.restarts(0, 0, 0, wiped=True)
    readings(seen, [n for n in range(12) if n not in lost])

    named = {n for first, last in seen.settled(SETTLE_MS + 1) for n in range(first, last + 1)}

    assert named == lost

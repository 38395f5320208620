"""Numbered readings: each is taken once, and every missing one is named once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.seen import Seen
from gateway.seen.frames import Frames
from gateway.seen.gaps import LONG_SETTLE_MS, SAME_MS, SETTLE_MS, Gaps
from gateway.seen.signals import Signals


def again(seen):
    return Seen.load(Seen(Frames(), Signals(), seen).dump()).gaps


def readings(seen, numbers, at_ms=0, now_ms=1):
    """Those taken of readings measured once a minute and sent at once."""
    return [n for n in numbers if seen.admits(n % 65536, 0, at_ms + 60_000 * n, now_ms)]


def test_a_reading_is_new_once_and_a_gap_is_named_once():
    seen = Gaps()
    assert readings(seen, [5, 6, 9]) == [5, 6, 9]
    seen = again(seen)

    assert seen.settled(SETTLE_MS) == []
    assert seen.unsettled
    assert seen.settled(SETTLE_MS + 1) == [(7, 8)]
    assert not seen.unsettled
    assert seen.settled(10 * SETTLE_MS) == []
    assert readings(seen, [8, 8, 5, 6, 9, 7, 7]) == [8, 7]
    assert seen.settled(10 * SETTLE_MS) == []


def test_what_an_outage_left_is_not_named_while_it_comes():
    seen = Gaps()
    readings(seen, [5, 500])
    assert seen.settled(1 + SETTLE_MS) == []

    for at_s in range(60, 1200, 60):
        readings(seen, range(6 + at_s // 6, 16 + at_s // 6), now_ms=at_s * 1000)
        assert seen.settled(at_s * 1000 + SETTLE_MS) in ([], [(6, 15)]), at_s

    assert [last for _, last in seen.settled(1_140_000 + LONG_SETTLE_MS)] == [499]


def test_a_gap_that_closes_in_time_is_never_named():
    seen = Gaps()

    assert readings(seen, [1, 3, 2]) == [1, 3, 2]
    assert seen.settled(10 * SETTLE_MS) == []


def test_numbers_wrap():
    seen = Gaps()

    assert readings(seen, [65534, 65535, 65536, 65539, 65538, 65534]) == [
        65534,
        65535,
        65536,
        65539,
        65538,
    ]
    assert seen.settled(SETTLE_MS + 1) == [(65537, 65537)]


def test_what_came_before_the_first_reading_is_taken_but_not_asked_for():
    seen = Gaps()

    assert readings(seen, [10, 8, 9, 8]) == [10, 8, 9]
    assert seen.settled(SETTLE_MS) == []
    assert seen.admits(65535, 0, 0, 1) is True, "from before the wrap"


def test_after_a_fresh_start_the_first_reading_is_missed_too():
    seen = Gaps()
    seen.restarts(0, 0, 1000, wiped=False)

    assert readings(seen, [2]) == [2]
    assert seen.settled(SETTLE_MS + 1) == [(0, 1)]


def test_readings_measured_before_the_start_was_reported_are_new():
    seen = Gaps()
    seen.restarts(0, 6, 1000, wiped=False)

    assert readings(seen, [6, 0, 5]) == [6, 0, 5]


def test_a_wiped_device_counts_from_its_new_beginning():
    seen = Gaps()
    readings(seen, range(50))
    seen.restarts(0, 0, 10**9, wiped=True)

    assert readings(seen, [0, 1], at_ms=10**9) == [0, 1]


def test_numbers_that_never_reached_the_flash_come_again():
    seen = Gaps()
    readings(seen, [5, 7, 8, 9])
    seen.restarts(0, 8, 10**9, wiped=False)

    assert readings(seen, [8, 9, 7, 6], at_ms=10**9) == [8, 9, 6]


def test_a_late_report_of_a_start_does_not_undo_newer_readings():
    seen = Gaps()
    readings(seen, [5, 6, 7])
    seen.restarts(0, 6, 60_000 * 5, wiped=False)

    assert readings(seen, [6, 7]) == []


def test_an_old_number_observed_later_than_all_is_a_new_journal():
    seen = Gaps()
    readings(seen, range(100, 120))

    assert seen.admits(103, 0, 60_000 * 119 + SAME_MS, 1) is False
    assert seen.admits(103, 0, 60_000 * 119 + SAME_MS + 1, 1) is True
    assert seen.admits(104, 0, 60_000 * 122, 1) is True
    assert seen.settled(SETTLE_MS + 1) == []


def test_an_old_number_of_unknown_age_is_a_repetition():
    seen = Gaps()
    readings(seen, range(10))

    assert seen.admits(9, None, 10**9, 1) is False
    assert seen.admits(10, None, 10**9, 1) is True
    assert seen.admits(10, 600, 10**9 + 600_000, 1) is False


@given(
    st.lists(st.integers(0, 30), min_size=1),
    st.integers(0, 65535),
)
def test_no_order_of_arrival_loses_or_doubles_a_reading(order, base):
    seen = Gaps()

    taken = [n for n in order if seen.admits((base + n) % 65536, 0, n, 0)]

    assert sorted(taken) == sorted(set(order))


@pytest.mark.parametrize("lost", [{3}, {1, 2}, {0, 5, 9}])
def test_every_gap_is_named_exactly(lost):
    seen = Gaps()
    seen.restarts(0, 0, 0, wiped=True)
    readings(seen, [n for n in range(12) if n not in lost])

    named = {n for first, last in seen.settled(SETTLE_MS + 1) for n in range(first, last + 1)}

    assert named == lost

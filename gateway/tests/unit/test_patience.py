"""Waits between connections grow, and what a run of short connections means is said."""

import pytest

from gateway.networks._patience import (
    LONGEST_S,
    LONGEST_SUSPECT_S,
    LONGEST_TAKEN_S,
    SHORT_S,
    SUSPECT,
    Patience,
)

GONE = "the broker mqtt://b ended the connection: Unspecified error"
NEVER = float("inf")


class Service:
    """One of two services with the same client id, in virtual time."""

    def __init__(self, due_s):
        self.patience = Patience("lamplighter")
        self.due_s = due_s
        self.steady_at_s = NEVER

    def connect(self, now_s):
        self.patience.subscribed()
        self.due_s = NEVER
        self.steady_at_s = now_s + self.patience.steady_s

    def lose(self, now_s, *, taken):
        if now_s >= self.steady_at_s:
            self.patience.steady()
        self.steady_at_s = NEVER
        self.due_s = now_s + self.patience.ended(GONE, taken=taken)


def connections_in(time_s, *, taken):
    """How often both connect in all; each ends the other's session."""
    one = Service(0)
    other = Service(0.1)
    count = 0
    while True:
        if other.due_s < one.due_s:
            one, other = other, one
        now_s = one.due_s
        if now_s > time_s:
            assert "client id 'lamplighter'" in one.patience.trouble
            return count
        one.connect(now_s)
        count += 1
        if other.due_s == NEVER:
            other.lose(now_s, taken=taken)


@pytest.mark.parametrize(("taken", "in_40_s", "in_a_day"), [(True, 14, 500), (False, 24, 5000)])
def test_two_services_with_one_client_id_meet_ever_more_rarely(taken, in_40_s, in_a_day):
    for _ in range(20):
        assert connections_in(40, taken=taken) <= in_40_s
    assert connections_in(86_400, taken=taken) <= in_a_day


def test_the_session_taken_over_names_the_client_id_and_who_acts():
    patience = Patience("lamplighter")

    waits = [patience.ended("x", taken=True) for _ in range(20)]

    assert waits[0] <= 2
    assert LONGEST_TAKEN_S / 2 <= waits[-1] <= LONGEST_TAKEN_S
    patience.subscribed()
    assert "another client uses the MQTT client id 'lamplighter'" in patience.trouble
    assert "`network.client_id`" in patience.trouble
    patience.steady()
    assert patience.trouble == ""
    assert patience.ended("x", taken=True) <= 2


def test_connections_that_end_soon_without_a_reason_are_a_pattern():
    patience = Patience("lamplighter")

    for _ in range(SUSPECT - 1):
        patience.ended(GONE, taken=False)
        patience.subscribed()
        assert patience.trouble == ""
    waits = [patience.ended(GONE, taken=False) for _ in range(20)]
    patience.subscribed()
    patience.failed("the broker does not answer")

    assert patience.trouble.startswith(f"{GONE}, {SUSPECT + 19} times in a row")
    assert "another client seems to use the MQTT client id" in patience.trouble
    assert waits[-1] <= LONGEST_SUSPECT_S


def test_a_line_that_breaks_now_and_then_is_no_pattern():
    patience = Patience("lamplighter")

    for _ in range(10):
        assert patience.ended(GONE, taken=False) <= 0.2
        patience.subscribed()
        assert patience.steady_s == SHORT_S
        patience.steady()

    assert patience.trouble == ""


def test_a_broker_that_fails_is_tried_again_within_seconds():
    patience = Patience("lamplighter")

    waits = [patience.failed("the broker mqtt://b does not answer") for _ in range(30)]

    assert waits[0] <= 0.2
    assert max(waits) <= LONGEST_S
    assert patience.trouble == "the broker mqtt://b does not answer"
    patience.subscribed()
    assert patience.trouble == ""

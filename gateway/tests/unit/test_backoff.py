import pytest

from gateway.backoff import delay_s


def test_the_wait_doubles_and_half_of_it_is_chance():
    assert [delay_s(n, 1, 60, draw=lambda: 0.0) for n in (1, 2, 3, 7, 2000)] == [0.5, 1, 2, 30, 30]
    assert delay_s(3, 1, 60, draw=lambda: 0.5) == 3.0


@pytest.mark.parametrize("attempt", [-1, 0, 1])
def test_an_attempt_below_one_waits_as_the_first(attempt):
    assert delay_s(attempt, 2, draw=lambda: 0.0) == 1.0

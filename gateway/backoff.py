"""Exponential backoff with jitter; the random number is an argument."""

from collections.abc import Callable
from random import random


def delay_s(
    attempt: int,
    first_s: float = 1.0,
    longest_s: float = 60.0,
    draw: Callable[[], float] = random,
) -> float:
    """Time to wait before the next attempt: doubles each time, half of it is random.

    attempt: failures so far, 1 for the first.  draw: uniform in [0, 1).
    Returns seconds in [d/2, d) with d = min(first_s * 2**(attempt-1), longest_s), so that clients
    that failed together do not retry together.
    """
    # the exponent is bounded: 2.0**1100 would overflow long after longest_s is reached
    whole = min(first_s * 2.0 ** min(max(attempt, 1) - 1, 60), longest_s)
    return whole / 2 + draw() * whole / 2

"""Sums that grow by one value at a time."""

from bisect import bisect_right
from math import nan


class Mean:
    """An exponentially weighted mean whose first values count by their true weights."""

    def __init__(self, newest: float) -> None:
        self._keep = 1 - newest
        self._sum = 0.0
        self._weight = 0.0

    def add(self, value: float) -> None:
        """Take in the newest value."""
        self._sum = self._keep * self._sum + value
        self._weight = self._keep * self._weight + 1

    @property
    def value(self) -> float:
        """The mean; NaN before the first value."""
        return self._sum / self._weight if self._weight else nan


def middle(ordered: list[float]) -> float:
    """The median of ordered values; NaN of none."""
    half = len(ordered) // 2
    if not ordered:
        return nan
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


class Window:
    """Values over time; the shrunk mean of the last hours before a moment.

    Times must be added in order.
    """

    def __init__(self) -> None:
        self._times: list[float] = []
        self._sums = [0.0]

    def add(self, epoch_h: float, value: float) -> None:
        """Take in one value."""
        self._times.append(epoch_h)
        self._sums.append(self._sums[-1] + value)

    def mean(self, before_h: float, hours: float, shrink: float = 2.0) -> tuple[float, int]:
        """(mean mixed with `shrink` zeros, number) of what is strictly before and that recent."""
        last = bisect_right(self._times, before_h - 1e-9)
        first = bisect_right(self._times, before_h - hours - 1e-9)
        return (self._sums[last] - self._sums[first]) / (last - first + shrink), last - first

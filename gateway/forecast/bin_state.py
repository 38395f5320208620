"""What is known of a bin after each of its collections, and the features of a question about it.

A bin was empty after its last collection; how full it is at a later time is asked of its past
fills and gaps, of how the city and its street ran against the forecast lately, and of the hours
that passed. Growth with time is sub-linear: the litter is pressed together, and a bin that fills
slowly is left longer.
"""

from bisect import insort
from collections.abc import Sequence
from datetime import datetime
from math import isnan, nan, sqrt

from msgspec import Struct, field

from gateway.forecast.running import Mean, middle

POWER = 0.4
"""Fill grows with activity to this power. Source: least error on Edinburgh's first six weeks."""
RECENT = 6
LEVELS = (0.2, 0.5, 0.2, 0.2, 0.3, 0.3, 0.2)
"""Weights of the newest value: fill twice, gap, activity, rate, error, size of the error."""
FULL = 100.0


class Collection(Struct):
    """One bin emptied. at: local.  fill: 0 to 100 of the service level.  size: litres, or NaN."""

    bin_id: str
    at: datetime
    fill: float
    street: str
    size: float


class Moment(Struct):
    """When is asked. sums: of Clock.sums.  local: for hour and weekday."""

    epoch_h: float
    local: datetime
    sums: Sequence[float]


def _means() -> list[Mean]:
    return [Mean(newest) for newest in LEVELS]


class Bin(Struct):
    """The running state of one bin. fills, gaps: the newest three, newest first."""

    street: str
    last: Moment | None = None
    number: int = 0
    fills: list[float] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    means: list[Mean] = field(default_factory=_means)
    errors: list[float] = field(default_factory=list)
    total: float = 0.0
    squares: float = 0.0
    full: int = 0
    lowest: float = FULL
    rates: list[float] = field(default_factory=list)
    sizes: list[float] = field(default_factory=list)

    def usual(self, now: Moment) -> float:
        """The formula: usual fill times (activity since the last time / usual activity)^POWER."""
        level, pace = self.means[0].value, self.means[3].value
        if self.last is None or not pace > 0:
            return level
        ratio = (now.sums[0] - self.last.sums[0]) / pace
        return min(max(level * min(max(ratio, 0.05), 8.0) ** POWER, 0.0), FULL)

    def add(self, now: Moment, fill: float, size: float) -> None:
        """Take in a collection, later than the last."""
        if self.last is not None:
            self._passed(now, fill)
        self.means[0].add(fill)
        self.means[1].add(fill)
        self.last = now
        self.number += 1
        self.fills = [fill, *self.fills[:2]]
        self.total += fill
        self.squares += fill * fill
        self.full += fill >= FULL
        self.lowest = min(self.lowest, fill)
        if not isnan(size):
            insort(self.sizes, size)

    def _passed(self, now: Moment, fill: float) -> None:
        assert self.last is not None  # noqa: S101 - `add` asked
        error = fill - self.usual(now)
        gap = now.epoch_h - self.last.epoch_h
        self.errors = [error]
        for mean, value in zip(
            self.means[2:],
            (gap, now.sums[0] - self.last.sums[0], 24 * fill / gap, error, abs(error)),
            strict=True,
        ):
            mean.add(value)
        self.gaps = [gap, *self.gaps[:2]]
        insort(self.rates, 24 * fill / gap)

    def features(self, now: Moment) -> list[float]:
        """Numbers for a model, always in this order; NaN where unknown."""
        assert self.last is not None  # noqa: S101 - a bin exists by its first collection
        gap = now.epoch_h - self.last.epoch_h
        work, day, evening, weekend = (
            a - b for a, b in zip(now.sums, self.last.sums, strict=True)
        )
        values = [mean.value for mean in self.means]
        n = self.number
        level = values[0]
        pace = values[2]
        work_pace = values[3]
        mean = self.total / n
        spread = sqrt(max(self.squares - n * mean * mean, 0.0) / (n - 1)) if n > 1 else 20.0
        ratio = gap / pace if pace > 0 else nan
        passed = [gap, work, day, evening, gap - day - evening, weekend]
        grown = [ratio, work / work_pace if work_pace > 0 else nan]
        grown += [
            level * min(max(one, 0.05), 8.0) ** POWER if not isnan(one) else nan for one in grown
        ]
        when = [float(now.local.hour), float(now.local.weekday()), float(self.last.local.hour)]
        when += [now.local.hour + now.local.minute / 60]
        return [
            *passed, *grown, *when, *values, float(n), mean, spread, self.lowest,
            *_three(self.fills), *_three(self.gaps), self.full / n, middle(self.rates),
            middle(self.sizes), *(self.errors or [nan]),
        ]  # fmt: skip


def _three(values: list[float]) -> list[float]:
    return [*values, nan, nan, nan][:3]

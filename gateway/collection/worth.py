"""What it costs to leave a bin today, and what to empty it, over all days to come.

An emptying costs 1, a day with an overflow `price`. A bin is left while that is cheaper in the
long run: a fast bin is left at a higher risk than a slow one, because waiting a day saves more of
its emptyings. Solved for the level in the morning as a renewal: since litter only adds, the values
follow from the fullest level down, once the mean cost of a day is known.

Source: R. Howard, "Dynamic Programming and Markov Processes", 1960, the value of a renewal.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import erf, exp, log, sqrt
from operator import mul

from msgspec import Struct

FULL = 100.0
STEP = 2.5
LEVELS = 51
"""Levels 0 to 125: the rim of a bin whose service level is 80 % of it."""
TRIES = 16
"""Halvings of the mean cost: to 1/65536 of the price."""
NODES = (-2.0, -1.4, -0.95, -0.6, -0.3, 0.0, 0.3, 0.6, 0.95, 1.4, 2.0)
"""Deviations at which tomorrow's level is looked at."""
NOISE = ((-1.22, 0.3), (0.0, 0.4), (1.22, 0.3))
"""Deviations of what a reading may be off, and their weights."""


class Inflow(Struct):
    """Points that a day adds: log-normal. log_mean, log_sd: of its natural logarithm."""

    log_mean: float
    log_sd: float

    @property
    def mean(self) -> float:
        """Points a day."""
        return exp(self.log_mean + self.log_sd**2 / 2)

    def over(self, room: float) -> float:
        """The chance that a day adds `room` points or more."""
        return 1.0 if room <= 0 else 1 - below((log(room) - self.log_mean) / self.log_sd)

    def cells(self) -> list[float]:
        """The chance to add k steps; what is beyond the last level is left out."""
        edges = [(log((k + 0.5) * STEP) - self.log_mean) / self.log_sd for k in range(LEVELS)]
        sums = [0.0, *(below(edge) for edge in edges)]
        return [after - before for before, after in pairwise(sums)]


class Level(Struct):
    """How full a bin is now. fill: points.  off: sd of the reading.  unseen: days without one."""

    fill: float
    off: float
    unseen: float


class Choice(Struct):
    """What leaving and emptying cost from today on. risk: of an overflow by tomorrow if left."""

    leave: float
    empty: float
    risk: float


class LongRun(Struct):
    """Of a day: emptyings and overflows."""

    emptyings: float
    overflows: float


def below(deviation: float) -> float:
    """The normal distribution."""
    return (1 + erf(deviation / sqrt(2))) / 2


WEIGHTS = [
    after - before
    for before, after in zip(
        [0.0, *(below((a + b) / 2) for a, b in pairwise(NODES))],
        [*(below((a + b) / 2) for a, b in pairwise(NODES)), 1.0],
        strict=True,
    )
]


class Bin:
    """The values of one bin, for its usual day. price: emptyings that an overflow is worth."""

    def __init__(self, usual: Inflow, price: float) -> None:
        self._usual = usual
        self._price = price
        self._cells = usual.cells()
        self._over = [usual.over(FULL - level * STEP) for level in range(LEVELS)]
        low = 0.0
        high = 1 + price * self._over[0]
        for _ in range(TRIES):
            cost = (low + high) / 2
            values = self._down(cost)
            renewed = 1 + price * self._over[0] + sum(map(mul, self._cells, values)) - cost
            low, high = (cost, high) if renewed > 0 else (low, cost)
        self._values = self._down((low + high) / 2)

    def _down(self, cost: float) -> list[float]:
        """Of each level, what leaving costs more than emptying (< 0: it is left), else 0."""
        values = [0.0] * LEVELS
        stay = 1 - self._cells[0]
        added = self._cells[1:]
        for level in range(LEVELS - 2, -1, -1):
            later = sum(map(mul, added, values[level + 1 :]))
            left = (self._price * self._over[level] + later - cost) / max(stay, 1e-6)
            values[level] = min(left, 0.0)
        return values

    def value(self, fill: float) -> float:
        """Between the levels."""
        at = min(max(fill / STEP, 0.0), LEVELS - 1.001)
        low = int(at)
        part = at - low
        return self._values[low] * (1 - part) + self._values[low + 1] * part

    def choose(self, today: Inflow, level: Level) -> Choice:
        """Of a bin at this level, with what this very day may add."""
        added = [exp(today.log_mean + today.log_sd * node) for node in NODES]

        def later(fill: float) -> float:
            return sum(
                weight * self.value(fill + add) for weight, add in zip(WEIGHTS, added, strict=True)
            )

        leave = 0.0
        risk = 0.0
        for node, weight in NOISE:
            grown = level.unseen * self._usual.mean * exp(node * self._usual.log_sd)
            fill = max(level.fill + node * level.off, 0.0) + grown
            over = today.over(FULL - fill)
            risk += weight * over
            leave += weight * (self._price * over + later(fill))
        empty = 1 + self._price * today.over(FULL) + later(0.0)
        return Choice(leave, empty, risk)

    def long_run(self) -> LongRun:
        """What a day has, on average, of emptyings and of overflows."""
        return _long_run(self._cells, self._over, [value < 0 for value in self._values])


def each(days: int, usual: Inflow) -> LongRun:
    """The same of a calendar that empties the bin every so many days."""
    over = usual.over(FULL)
    total = over
    chances = usual.cells()
    for _ in range(days - 1):
        total += sum(
            chance * usual.over(FULL - level * STEP) for level, chance in enumerate(chances)
        ) + (1 - sum(chances))
        chances = _added(chances, usual.cells())
    return LongRun(1 / days, total / days)


def _added(chances: Sequence[float], cells: Sequence[float]) -> list[float]:
    return [
        sum(chances[low] * cells[level - low] for low in range(level + 1))
        for level in range(LEVELS)
    ]


def _long_run(cells: Sequence[float], over: Sequence[float], left: Sequence[bool]) -> LongRun:
    days = [0.0] * LEVELS
    overs = [0.0] * LEVELS
    stay = max(1 - cells[0], 1e-6)
    for level in range(LEVELS - 2, -1, -1):
        if left[level]:
            days[level] = (1 + sum(map(mul, cells[1:], days[level + 1 :]))) / stay
            overs[level] = (over[level] + sum(map(mul, cells[1:], overs[level + 1 :]))) / stay
    cycle = 1 + sum(map(mul, cells, days))
    return LongRun(1 / cycle, (over[0] + sum(map(mul, cells, overs))) / cycle)

"""Counts of one sensor as days of local hours, and what is usual for each.

An hour that was not counted is NaN, and stays so: a gap is a gap. The hour that comes twice in
autumn is the mean of both.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from math import isnan, log, nan

from gateway.forecast import running

HOURS = 24
WEEK = 7
DAMP = 0.5
"""Half of how a day ran against the usual is expected of the next."""
Grid = dict[date, list[float]]


class Days:
    """One sensor. grid: {day: 24 counts}.  holidays: known years ahead, those to come too."""

    def __init__(self, grid: Grid, holidays: frozenset[date]) -> None:
        self._grid = grid
        self._holidays = holidays
        self._levels: dict[date, float] = {}
        self._usual: dict[tuple[date, int], float] = {}
        self._empty = [nan] * HOURS

    def count(self, day: date, hour: int) -> float:
        """NaN where nothing was counted."""
        return self._grid.get(day, self._empty)[hour]

    def weeks(self, day: date, hour: int, number: int) -> list[float]:
        """The same hour and weekday of so many weeks before, without gaps."""
        return known(
            self.count(day - timedelta(days=WEEK * week), hour) for week in range(1, number + 1)
        )

    def usual(self, day: date, hour: int) -> float:
        """The median of four weeks, else of eight, else of the last seven days; NaN of none."""
        key = (day, hour)
        if key not in self._usual:
            lately = known(self.count(day - timedelta(days=ago), hour) for ago in range(1, 8))
            some = self.weeks(day, hour, 4) or self.weeks(day, hour, 8) or lately
            self._usual[key] = middle(some)
        return self._usual[key]

    def level(self, day: date) -> float:
        """People of a day over the usual of the same hours; NaN of a day without any."""
        if day not in self._levels:
            pairs = [(self.count(day, hour), self.usual(day, hour)) for hour in range(HOURS)]
            pairs = [(y, usual) for y, usual in pairs if not isnan(y) and not isnan(usual)]
            total = sum(y for y, _ in pairs)
            expected = sum(usual for _, usual in pairs)
            self._levels[day] = total / expected if total > 0 and expected > 0 else nan
        return self._levels[day]

    def late(self, day: date) -> float:
        """The same of its evening, from 20 on."""
        pairs = [(self.count(day, hour), self.usual(day, hour)) for hour in range(20, HOURS)]
        pairs = [(y, usual) for y, usual in pairs if not isnan(y) and not isnan(usual)]
        expected = sum(usual for _, usual in pairs)
        return sum(y for y, _ in pairs) / expected if expected > 0 else nan

    def lately(self, day: date) -> float:
        """The median level of the seven days before."""
        return middle(known(self.level(day - timedelta(days=ago)) for ago in range(1, 8)))

    def formula(self, day: date, hour: int) -> float:
        """The usual, moved half way to how the last days ran."""
        level = 0.6 * _or(self.lately(day), 1.0) + 0.4 * _or(
            self.level(day - timedelta(days=1)), 1.0
        )
        return _or(self.usual(day, hour), 0.0) * min(max(level, 0.6), 1.6) ** DAMP

    def last_holiday(self, day: date, hour: int) -> float:
        """The same hour of the last holiday that was counted, within a year and a half."""
        past = sorted((one for one in self._holidays if one < day), reverse=True)
        return next(iter(known(self.count(one, hour) for one in past[:15])), nan)

    def of_day(self, day: date, city: float) -> list[float]:
        """Features that all hours of a day share. city: mean level of all sensors yesterday."""
        yesterday = self.level(day - timedelta(days=1))
        off = abs(log(yesterday)) if yesterday > 0 else nan
        near = [float(day + timedelta(days=ahead) in self._holidays) for ahead in (0, 1, -1, -7)]
        late = self.late(day - timedelta(days=1))
        return [float(day.weekday()), float(day.month), yesterday, self.lately(day), late, off,
                city, *near]  # fmt: skip

    def of_hour(self, day: date, hour: int) -> list[float]:
        """Features of an hour: counts before as logs against the usual, and the usual itself."""
        base = log1p(self.usual(day, hour))
        ago = [self.count(day - timedelta(days=one), hour) for one in (1, 7, 14, 28, 364)]
        week = mean(known(self.count(day - timedelta(days=one), hour) for one in range(1, 8)))
        before = mean(known(self.count(day - timedelta(days=one), hour) for one in range(8, 15)))
        counts = [*ago, middle(self.weeks(day, hour, 8)), week, self.last_holiday(day, hour)]
        trend = week / max(before, 1.0) if not isnan(before) else nan
        return [float(hour), base, trend, *(log1p(one) - base for one in counts)]


def grids(rows: Sequence[tuple[str, date, int, float]]) -> Mapping[str, Grid]:
    """{sensor: grid} of (sensor, local day, local hour, count)."""
    twice: dict[tuple[str, date, int], list[float]] = {}
    for sensor, day, hour, count in rows:
        twice.setdefault((sensor, day, hour), []).append(count)
    made: dict[str, Grid] = {}
    for (sensor, day, hour), counts in twice.items():
        grid = made.setdefault(sensor, {})
        grid.setdefault(day, [nan] * HOURS)[hour] = sum(counts) / len(counts)
    return made


def known(values: Iterator[float]) -> list[float]:
    """Without what is NaN."""
    return [one for one in values if not isnan(one)]


def middle(values: Sequence[float]) -> float:
    """The median; NaN of none."""
    return running.middle(sorted(values))


def mean(values: Sequence[float]) -> float:
    """The mean; NaN of none."""
    return sum(values) / len(values) if values else nan


def log1p(value: float) -> float:
    """Log of a count and one, so that nobody has one too."""
    return log(1 + max(value, 0.0)) if not isnan(value) else nan


def _or(value: float, other: float) -> float:
    return other if isnan(value) else value

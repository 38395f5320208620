"""What flows into one bin: its pace and how uneven it is, from collections and daily readings."""

from collections.abc import Sequence
from math import exp, log, sqrt

from msgspec import Struct, field

from gateway.collection.worth import Inflow

WORK_OF_A_DAY = 25.65
"""Activity of a working day: `gateway.forecast.clock`."""
MISSED = 0.15
"""Part of the spread (sd of logs) of past collections that a linear growth misses. Guessed."""
LEAST = 0.1
MOST = 0.6
"""Limits of the spread of days."""
HISTORY_DAYS = 60.0
"""Past collections weigh like so many days of readings, if there are enough of them."""
HISTORY_SPREAD = 30.0
HALF_DAYS = 180.0
KEEP = 0.5 ** (1 / HALF_DAYS)
OFF = 2.8
"""Points by which the difference of two readings is off, each being off by 2."""
SEEN = 8.0
"""Points a day from which on a day says how uneven the bin is."""
MOST_SAID = 1.5


class Day(Struct):
    """Of one bin and day. added: points.  work: activity meanwhile."""

    added: float = 0.0
    work: float = 0.0


class Pace(Struct):
    """The state of one bin. paces: logs of points an activity hour of past collections."""

    paces: list[float] = field(default_factory=list)
    added: float = 0.0
    work: float = 0.0
    spread: float = 0.0
    weight: float = 0.0
    rest: float = 0.0

    def begin(self, fleet: "Pace") -> None:
        """Settle what the past collections say; `fleet` has the paces of all."""
        number = len(self.paces)
        paces = [*self.paces, middle(fleet.paces)]
        mean = sum(paces) / len(paces)
        spread = sum((one - mean) ** 2 for one in paces) / max(len(paces) - 1, 1) - MISSED**2
        typical = fleet.spread or 0.35**2
        self.spread = min(max((number * spread + typical) / (number + 1), LEAST**2), MOST**2)
        days = min(HISTORY_DAYS, 2.0 * number + 2)
        self.work = days * WORK_OF_A_DAY
        self.added = exp(mean + self.spread / 2) * self.work
        self.weight = HISTORY_SPREAD

    @property
    def rate(self) -> float:
        """Points an activity hour."""
        return self.added / self.work

    def said(self, day: Day) -> float | None:
        """Log of a day against what was expected; None when the day is too quiet to tell."""
        expected = self.rate * day.work
        if expected < SEEN or day.added < OFF:
            return None
        return log(day.added / expected) + self.spread / 2

    def learn(self, day: Day, city: float) -> None:
        """Take in a day; city: what all bins had in common, as a log."""
        off = (OFF / max(self.rate * day.work, 3.0)) ** 2
        said = self.said(day)
        self.rest = 0.0
        if said is not None:
            own = min(max(said - city, -MOST_SAID), MOST_SAID)
            self.rest = own * self.spread / (self.spread + off)
            self.spread += (max(own * own - off, 0.0) - self.spread) / (self.weight + 9)
            self.weight = min(self.weight + 1, 2 * HISTORY_SPREAD)
        self.added = KEEP * self.added + day.added
        self.work = KEEP * self.work + day.work

    def usual(self, city_sd: float) -> Inflow:
        """Of any working day."""
        spread = min(max(self.spread, 0.08**2), 0.8**2)
        mean = log(self.rate * WORK_OF_A_DAY) - spread / 2
        return Inflow(mean, sqrt(spread + city_sd**2))

    def today(self, work: float, city_sd: float, again: float) -> Inflow:
        """Of the day to come. work: its activity.  again: share of yesterday's rest that stays."""
        spread = min(max(self.spread, 0.08**2), 0.8**2)
        mean = log(self.rate * work) - spread / 2 + again * self.rest
        unsure = spread * WORK_OF_A_DAY / self.work
        return Inflow(mean, sqrt(spread * (1 - again**2) + city_sd**2 + unsure))


def middle(values: Sequence[float]) -> float:
    """The median; of none the log of 35 points a day, the median of Edinburgh's bins."""
    ordered = sorted(values)
    return ordered[len(ordered) // 2] if ordered else log(35 / WORK_OF_A_DAY)

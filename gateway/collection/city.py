"""All bins up to this morning: how full each is, and what the day will add."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from math import log, nan, sqrt

from msgspec import Struct

from gateway.collection.inflow import Day, Pace, middle
from gateway.collection.worth import Inflow, Level
from gateway.forecast.clock import Clock

TOP = 124.0
"""A reading from here on says only that the bin is at its rim."""
FRESH_H = 36.0
"""Two readings further apart say nothing of one day."""
FELL = 15.0
"""Points that no settling explains: the bin was emptied and nobody said so."""
COMMON = 20
"""So many bins tell what a day had in common."""
CITY_SD = 0.15
CITY_DAYS = 10.0
AGAIN = 0.3
"""Prior of the share of a day's rest that the next has again, and its weight."""
AGAIN_DAYS = 30.0
READING_OFF = 2.0


class Seen(Struct, order=True):
    """A reading, or a collection (emptied: what was left in it). fill: 0 to 125."""

    at: datetime
    emptied: bool
    bin_id: str
    fill: float
    left: float = 0.0


class Now(Struct):
    """One bin this morning. age_days: since it was emptied, NaN if never."""

    level: Level
    usual: Inflow
    today: Inflow
    age_days: float


class City:
    """Replays what was seen, in order of time. clock: from before the first to after the last."""

    def __init__(self, clock: Clock, past: Sequence[Seen], since: Sequence[Seen]) -> None:
        """past: collections before the first reading.  since: all from the first reading on."""
        self._clock = clock
        self._last: dict[str, tuple[float, float, float]] = {}
        self._emptied: dict[str, float] = {}
        self._heard: dict[str, float] = {}
        self._commons: list[float] = []
        self._products = 0.0
        self._squares = 0.0
        self.paces: dict[str, Pace] = {}
        self._begin(past, {one.bin_id for one in since})
        day: date | None = None
        days: dict[str, Day] = {}
        for one in since:
            if day is not None and one.at.date() != day:
                self._close(days)
                days = {}
            day = one.at.date()
            self._see(one, days)
        self._close(days)

    def _begin(self, past: Sequence[Seen], more: set[str]) -> None:
        """Collections alone tell the pace where the bin was not full."""
        last: dict[str, float] = {}
        for one in past:
            epoch_h = self._clock.epoch_h(one.at)
            work = self._clock.sums(epoch_h)[0]
            pace = self.paces.setdefault(one.bin_id, Pace())
            passed = work - last.get(one.bin_id, nan)
            if passed > 0 and 0 < one.fill < 100:  # NaN is not
                pace.paces.append(log(one.fill / passed))
            last[one.bin_id] = work
            self._anchor(one.bin_id, epoch_h, one.left)
            self._emptied[one.bin_id] = epoch_h
        for bin_id in more:
            self.paces.setdefault(bin_id, Pace())
        fleet = Pace([one for pace in self.paces.values() for one in pace.paces])
        for pace in self.paces.values():
            pace.begin(fleet)

    def _anchor(self, bin_id: str, epoch_h: float, fill: float) -> None:
        self._last[bin_id] = (epoch_h, self._clock.sums(epoch_h)[0], fill)

    def _see(self, one: Seen, days: dict[str, Day]) -> None:
        epoch_h = self._clock.epoch_h(one.at)
        known = self._last.get(one.bin_id)
        if known is not None and 0.5 < epoch_h - known[0] <= FRESH_H:
            self._count(one, self._clock.sums(epoch_h)[0] - known[1], one.fill - known[2], days)
        self._anchor(one.bin_id, epoch_h, one.left if one.emptied else one.fill)
        if one.emptied:
            self._emptied[one.bin_id] = epoch_h
        else:
            self._heard[one.bin_id] = epoch_h

    def _count(self, one: Seen, work: float, added: float, days: dict[str, Day]) -> None:
        top = 100.0 if one.emptied else TOP
        capped = one.fill >= top and added <= self.paces[one.bin_id].rate * work
        if capped or added < -FELL:
            return
        day = days.setdefault(one.bin_id, Day())
        day.added += max(added, 0.0)
        day.work += work

    def _close(self, days: Mapping[str, Day]) -> None:
        """Learn from a day of all bins."""
        said = {bin_id: self.paces[bin_id].said(day) for bin_id, day in days.items()}
        told = [one for one in said.values() if one is not None]
        city = middle(told) if len(told) > COMMON else 0.0
        self._commons += [city] * (len(told) > COMMON)
        for bin_id, pace in self.paces.items():
            before = pace.rest
            if bin_id not in days:
                pace.rest = 0.0
                continue
            pace.learn(days[bin_id], city)
            if before and pace.rest:
                self._products += before * pace.rest
                self._squares += before * before

    def now(self, at: datetime) -> dict[str, Now]:
        """Each bin at this time, and what the next 24 hours add."""
        epoch_h = self._clock.epoch_h(at)
        tomorrow = self._clock.epoch_h(at + timedelta(days=1))
        work = self._clock.sums(tomorrow)[0] - self._clock.sums(epoch_h)[0]
        squares = sum(one * one for one in self._commons)
        city_sd = sqrt((squares + CITY_DAYS * CITY_SD**2) / (len(self._commons) + CITY_DAYS))
        prior = AGAIN_DAYS * 0.1
        again = (self._products + AGAIN * prior) / (self._squares + prior)
        again = min(max(again, 0.0), 0.6)
        return {
            bin_id: self._now(bin_id, epoch_h, pace.usual(city_sd),
                              pace.today(work, city_sd, again))
            for bin_id, pace in self.paces.items()
            if bin_id in self._last
        }  # fmt: skip

    def _now(self, bin_id: str, epoch_h: float, usual: Inflow, today: Inflow) -> Now:
        seen_h, _, fill = self._last[bin_id]
        unseen = (epoch_h - seen_h) / 24
        off = READING_OFF if self._heard.get(bin_id, nan) == seen_h else 0.0
        age = (epoch_h - self._emptied.get(bin_id, nan)) / 24
        return Now(Level(fill, off, unseen if unseen > 0.02 else 0.0), usual, today, age)

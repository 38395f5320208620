"""The city around the boards: recorded data as schedules for the sensors of an emulated street.

A bin fills as one recorded bin of Edinburgh did, people pass as one counter of Melbourne counted
them, and daylight is the sun of Mulhouse under a clear sky. A recording keeps its weekday and
local hour. Sources and licences: `city/SOURCES.md`.
"""

from __future__ import annotations

import csv
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from tools.bench.city.daylight import clear_sky_lux, sun_elevation_deg

DATA = Path(__file__).parent
MULHOUSE = (47.75, 7.34)
ZONE = ZoneInfo("Europe/Paris")
WEEK = timedelta(days=7)
STEP_S = 60
SERVICE_LEVEL = 0.8
"""A recorded bin at 100 % is 80 % full. Source: header of the recorded sheet."""

Schedule = list[list[Any]]
"""[[t_us, value], ...]: a step function of street time in microseconds."""


class City:
    """What happens around a street whose time zero is `start`, an aware datetime.

    seed: decides when within an hour the counted people pass. share: part of the people counted
    who pass under one of our sensors. empty_mm, height_mm: the bin's size, as the node has it.
    Raises ValueError when `start` has no time zone.
    """

    def __init__(
        self,
        start: datetime,
        *,
        seed: int = 1,
        share: float = 1.0,
        empty_mm: int = 1200,
        height_mm: int = 1000,
    ) -> None:
        if start.tzinfo is None:
            raise ValueError(
                "the start of a city needs a time zone, as in datetime(..., tzinfo=UTC)"
            )
        self.start = start
        self.seed = seed
        self.share = share
        self.empty_mm = empty_mm
        self.height_mm = height_mm
        self._local = start.astimezone(ZONE).replace(tzinfo=None)
        self._collections = _collections()
        self._counts = _counts()

    def parts(self, name: str, hours: float = 26) -> dict[str, dict[str, Any]]:
        """{chip: {value: schedule}}, as `Simulation.add_board(parts=...)` takes it for a board."""
        return {
            "a02yyuw": {"distance_mm": self.distance_mm(hours)},
            "bh1750": {"lux": self.lux(hours)},
            "am312": {"motion": name != "bin" and self.motion(name, hours), "warm": True},
        }

    def fill_pct(self, t_us: int) -> float:
        """How full the recorded bin was, 0 to 100 of its physical height, at a street instant.

        Between two collections it fills evenly; the record starts again after its last week.
        """
        at = self._in_record(t_us, self._collections[0][0], self._collections[-1][0])
        for (since, _, after), (until, before, _) in pairwise(self._collections):
            if since <= at < until:
                return SERVICE_LEVEL * (
                    after + (before - after) * ((at - since) / (until - since))
                )
        raise AssertionError("the record covers this instant")

    def distance_mm(self, hours: float) -> Schedule:
        """Distance from the sensor to what lies in the bin, in steps of a millimetre or more."""
        schedule: Schedule = []
        for second in range(0, int(hours * 3600) + 1, STEP_S):
            filled = self.fill_pct(second * 1_000_000) / 100 * self.height_mm
            distance = round(self.empty_mm - filled)
            if not schedule or schedule[-1][1] != distance:
                schedule.append([second * 1_000_000, distance])
        return schedule

    def lux(self, hours: float) -> Schedule:
        """Daylight each minute, three significant digits."""
        schedule: Schedule = []
        for second in range(0, int(hours * 3600) + 1, STEP_S):
            elevation = sun_elevation_deg(self.start + timedelta(seconds=second), *MULHOUSE)
            value = float(f"{clear_sky_lux(elevation):.3g}")
            if not schedule or schedule[-1][1] != value:
                schedule.append([second * 1_000_000, value])
        return schedule

    def motion(self, name: str, hours: float) -> Schedule:
        """One entry per passage: in each recorded hour as many as were counted.

        Given their number, the instants of Poisson arrivals are spread evenly.
        Source: Ross, Stochastic Processes, 2.3.
        """
        first = self._local.replace(minute=0, second=0, microsecond=0)
        passages: list[int] = []
        for number in range(int(hours) + 2):
            hour = first + timedelta(hours=number)
            random = Random(f"{self.seed}|{name}|{hour}")  # noqa: S311 - a replay needs the same people
            people = round(self.count(hour) * self.share)
            begin_us = round((hour - self._local).total_seconds() * 1e6)
            passages += [begin_us + int(random.random() * 3.6e9) for _ in range(people)]
        return [[t, True] for t in sorted(passages) if 0 <= t <= hours * 3.6e9]

    def count(self, hour: datetime) -> int:
        """People counted in this local hour, or in the same hour of a recorded week."""
        first, last = min(self._counts), max(self._counts)
        while hour < first:
            hour += WEEK
        while hour > last:
            hour -= WEEK
        return self._counts[hour]

    def _in_record(self, t_us: int, first: datetime, last: datetime) -> datetime:
        """The instant of a record with this weekday and local time."""
        begin = first + (self._local - first) % WEEK
        whole_weeks = (last - first) // WEEK * WEEK
        return first + (begin - first + timedelta(microseconds=t_us)) % whole_weeks


def _rows(name: str) -> list[list[str]]:
    with (DATA / name).open(newline="") as file:
        return list(csv.reader(file))[1:]


def _collections() -> list[tuple[datetime, int, int]]:
    """(local instant, fill before, fill after) of each collection, in order."""
    return [
        (datetime.fromisoformat(at), int(before), int(after))
        for at, before, after in _rows("edinburgh_bin_325087.csv")
    ]


def _counts() -> dict[datetime, int]:
    """{local hour: people}."""
    return {
        datetime.fromisoformat(hour): int(count)
        for hour, count in _rows("melbourne_footfall_3.csv")
    }

"""Regular series of one value, as sensors of a city give them: what batches are measured on.

Fills are made from the rates of Edinburgh's bins, counts are recorded, light is that of a clear
sky. Sources: `SOURCES.md`; what is invented is said with each.
"""

from __future__ import annotations

import csv
import math
from datetime import UTC, datetime, timedelta
from random import Random

from tools.bench.city.daylight import clear_sky_lux, sun_elevation_deg
from tools.bench.city.recorded import DATA, MULHOUSE, SERVICE_LEVEL

RIM = 125.0
"""Points of the vendor's fill at which a bin spills; 100 is the service level."""
SENSOR_SD = 2.0
EMPTIED_ABOVE = 80.0
"""Invented: each morning at 6 h a bin is emptied that reads more."""


def fills(days: int = 14, seed: int = 1) -> list[list[int]]:
    """Hourly fill of each bin, %, 0 to 100 of its height, as a sensor with 2 points of noise.

    Growth is rate x activity x the day's factor: of the bin, logarithms autoregressive (0.3) with
    its own spread, and of the city (0.15).
    """
    draw = Random(seed)  # noqa: S311 - the same on every machine
    factors = [math.exp(draw.gauss(0, 0.15)) for _ in range(days)]
    with (DATA / "edinburgh_bin_rates.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return [_bin(draw, float(row["rate"]), float(row["noise"]), factors) for row in rows]


def _bin(draw: Random, rate: float, noise: float, factors: list[float]) -> list[int]:
    fill = draw.uniform(0, 60)
    drift = 0.0
    found: list[int] = []
    for day, factor in enumerate(factors):
        drift = 0.3 * drift + math.sqrt(1 - 0.09) * draw.gauss(0, 1)
        today = rate * factor * math.exp(noise * drift)
        for hour in range(24):
            seen = max(0.0, min(RIM, fill + draw.gauss(0, SENSOR_SD)))
            found.append(min(100, round(seen * SERVICE_LEVEL)))
            if hour == 6 and seen > EMPTIED_ABOVE:
                fill = 0.0
            weekend = 1.1 if day % 7 >= 5 else 1.0
            fill = min(RIM, fill + today * (1.35 if 8 <= hour < 23 else 0.35) * weekend)
    return found


def lux(step_s: int = 600) -> list[list[int]]:
    """Illuminance of one day in each week of a year, whole lux, under Mulhouse's clear sky."""
    first = datetime(2026, 1, 3, tzinfo=UTC)
    return [_day(first + timedelta(weeks=week), step_s) for week in range(52)]


def _day(first: datetime, step_s: int) -> list[int]:
    elevations = [
        sun_elevation_deg(first + timedelta(seconds=at), *MULHOUSE)
        for at in range(0, 86400, step_s)
    ]
    return [int(clear_sky_lux(elevation)) for elevation in elevations]


def counts() -> list[list[int]]:
    """People in each hour of a day of UTC, recorded: 24 numbers a day and sensor."""
    with (DATA / "melbourne_counts_4.csv").open(newline="") as file:
        rows = list(csv.reader(file))[1:]
    return [[int(value) for value in row[2:]] for row in rows]

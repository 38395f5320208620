"""A made fleet of bins with sensors: what it records, and what a policy costs on it."""

import random
from datetime import timedelta
from math import exp

from gateway.forecast.table import local
from gateway.tests.unit.forecast_bench import write

START = local("2016-06-01T04:00:00")
COLUMNS = ("bin_id", "collected_at_local_europe_london", "fill_before_pct", "address")
PLACED = ("bin_id", "x_m", "y_m")


class Fleet:
    """Bins that fill by 10 to 60 points a day, unevenly; a sensor is off by 2 points."""

    def __init__(self, folder, bins=24, seed=3):
        self.folder = folder
        self.chance = random.Random(seed)
        self.paces = [10 + 50 * number / (bins - 1) for number in range(bins)]
        self.fills = [0.0] * bins
        self.at = START
        self.collections = []
        self.readings = []
        self.emptyings = 0
        self.overflows = 0

    def day(self, chosen):
        """Empty these bins now; then a day passes and each sensor is read, but 1 of 50."""
        for number in chosen:
            found = str(round(min(self.fills[number], 100)))
            self.collections.append((f"b{number}", self.at.isoformat(), found, "High Street"))
            self.fills[number] = 0.0
        self.emptyings += len(chosen)
        city = self.chance.gauss(0, 0.1)
        for number, pace in enumerate(self.paces):
            added = pace * exp(city + self.chance.gauss(0, 0.3))
            self.fills[number] = min(self.fills[number] + added, 125.0)
        self.overflows += sum(fill >= 100 for fill in self.fills)
        self.at += timedelta(days=1)
        self.read()

    def read(self):
        """Of this morning."""
        for number, fill in enumerate(self.fills):
            seen = min(max(round(fill + self.chance.gauss(0, 2)), 0), 125)
            if self.chance.random() >= 0.02:
                self.readings.append((f"b{number}", self.at.isoformat(), str(seen)))

    def every_day(self, days):
        """So many days of a calendar that empties all bins daily."""
        for _ in range(days):
            self.day(range(len(self.fills)))

    def save(self):
        """Write the history as the commands read it."""
        write(self.folder / "bins.csv", self.collections, COLUMNS)
        write(self.folder / "readings.csv", self.readings, ("bin_id", "at_local", "fill_pct"))
        spots = [(f"b{n}", str(n % 6 * 200), str(n // 6 * 300)) for n in range(len(self.fills))]
        write(self.folder / "places.csv", [("depot", "-900", "0"), *spots], PLACED)

"""How full each bin will be when it is emptied in the next hours, from past collections alone.

History: `bins.csv`, one row a collection: `bin_id`, `collected_at_local_europe_london` (ISO local
time), `fill_before_pct` (0 to 100 of the service level), `address`; `volume_l` where known.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from math import nan
from pathlib import Path

from msgspec import Struct

from gateway.clock import time_zone
from gateway.errors import Refused
from gateway.forecast import bin_bands, table
from gateway.forecast.bin_state import FULL, Bin, Collection, Moment
from gateway.forecast.clock import Clock
from gateway.forecast.running import Window
from gateway.forecast.trees import Grower

FILE = "bins.csv"
TIME = "collected_at_local_europe_london"
ZONE = "Europe/London"
NEEDED = ("bin_id", TIME, "fill_before_pct", "address")
KNOWN = (
    "event_id", "site_name", "content_type", "fill_after_pct", "volume_l", "weight_kg", "partial",
    "confidence",
)  # fmt: skip
OUT = ("bin_id", "at_local", "fill_pct", "q10", "q90", "p_full", "past_mae")
ROUND_H = 6
"""A forecast is asked for at these hours: a past one knew nothing of its own six hours."""
CITY_H = (24.0, 72.0)
STREET_H = (48.0, 168.0)
SHORTEST_H = 0.1
"""A second collection so soon after one is the same one, told twice."""


class History(Struct):
    """Collections in order of time. notes: what was unusual in the file."""

    collections: list[Collection]
    notes: list[str]


class Forecast(Struct):
    """Rows of OUT, and what is to be said beside them. model: `trees` or `plain`."""

    rows: list[tuple[str, str, float, float, float, float, float]]
    model: str
    past_mae: float
    past_number: int


def read(path: Path) -> History:
    """The collections of a file. Raises Refused with each line that is wrong."""
    found = table.read(path, NEEDED, KNOWN)
    wrong = table.Wrong(path)
    collections: list[Collection] = []
    for line, row in found.lines:
        try:
            collections.append(_collection(row))
        except ValueError as error:
            wrong.add(line, str(error))
    wrong.end()
    collections.sort(key=lambda one: (one.at, one.bin_id))
    return History(collections, found.notes)


def _collection(row: dict[str, str]) -> Collection:
    fill = table.number(row, "fill_before_pct", 0.0, FULL)
    size = table.number(row, "volume_l", 0.0, 1e6) if row.get("volume_l") else nan
    street = row["address"].strip().lower().lstrip("0123456789").strip()
    if not row["bin_id"].strip():
        raise ValueError("bin_id is empty")
    own_size = 100 * size / fill if fill > 0 else nan
    return Collection(row["bin_id"].strip(), table.local(row[TIME]), fill, street, own_size)


class City:
    """The state of all bins, grown collection by collection; gives a row for each as it was asked.

    rows: of each collection whose bin had one before, as a forecast of the past would see it.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._bins: dict[str, Bin] = {}
        self._errors = Window()
        self._streets: dict[str, Window] = {}
        self.rows: list[bin_bands.Row] = []

    def replay(self, collections: Sequence[Collection]) -> None:
        """Take in collections in order of time."""
        for one in collections:
            now = self._moment(one.at)
            known = self._bins.get(one.bin_id)
            if known is None:
                known = self._bins[one.bin_id] = Bin(one.street)
            elif known.last and now.epoch_h - known.last.epoch_h < SHORTEST_H:
                continue
            else:
                self._learn(one, known, now)
            known.add(now, one.fill, one.size)

    def _learn(self, one: Collection, known: Bin, now: Moment) -> None:
        floor = one.at.replace(hour=one.at.hour // ROUND_H * ROUND_H, minute=0, second=0)
        row = self._row(one.bin_id, known, now, self._clock.epoch_h(floor))
        row.fill = one.fill
        self.rows.append(row)
        error = one.fill - row.usual
        self._errors.add(now.epoch_h, error)
        self._streets.setdefault(one.street, Window()).add(now.epoch_h, error)

    def ask(self, at: datetime, hours: int) -> list[bin_bands.Row]:
        """A row for each bin at each whole hour from `at` on, by what is known at `at`."""
        origin = self._clock.epoch_h(at)
        moments = [self._moment(at + timedelta(hours=hour)) for hour in range(hours + 1)]
        return [
            self._row(bin_id, known, now, origin)
            for bin_id, known in self._bins.items()
            for now in moments
        ]

    def _row(self, bin_id: str, known: Bin, now: Moment, origin_h: float) -> bin_bands.Row:
        """origin_h: nothing that came later is used."""
        street = self._streets.get(known.street) or Window()
        features = known.features(now)
        features += [self._errors.mean(origin_h, hours)[0] for hours in CITY_H]
        for hours in STREET_H:
            features += street.mean(origin_h, hours)
        return bin_bands.Row(
            bin_id, now.epoch_h, now.local, known.number, known.usual(now), features
        )

    def _moment(self, local: datetime) -> Moment:
        epoch_h = self._clock.epoch_h(local)
        return Moment(epoch_h, local, self._clock.sums(epoch_h))


def forecast(history: History, at: datetime, hours: int, grower: Grower | None) -> Forecast:
    """Each bin's fill at each whole hour from `at` to `at` + hours, were it emptied then.

    at: local; nothing of that time or later is used.  grower: None for the plain formula.
    Raises Refused where nothing was collected before.
    """
    past = [one for one in history.collections if one.at < at]
    if not past:
        raise Refused(
            f"no collection before {at.isoformat()}: there is nothing to forecast from; who keeps "
            "the history adds what was collected, or asks for a later time",
            "at",
        )
    last = at + timedelta(hours=hours)
    city = City(Clock(time_zone(ZONE), past[0].at.date(), last.date()))
    city.replay(past)
    asked = city.ask(at, hours)
    answer = bin_bands.answer(city.rows, asked, grower)
    rows = [
        (row.bin_id, row.local.isoformat(timespec="seconds"), *values)
        for row, values in zip(asked, answer.values, strict=True)
    ]
    return Forecast(rows, answer.model, answer.errors.mean, answer.errors.number)

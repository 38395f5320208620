"""How many people will pass each counter in each hour of the coming local day.

History: `footfall.csv` with `sensor_id`, `hour_utc` (2016-03-04T13Z), `count`; hours that were not
counted are absent. `holidays.csv` with `day` (2016-03-14), where it is there: also those to come.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from math import exp, isnan, sqrt
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from gateway.errors import Refused
from gateway.forecast import band, holidays, table
from gateway.forecast.days import HOURS, Days, grids, known, log1p, mean
from gateway.forecast.trees import Grower, Trees

FILE = "footfall.csv"
HOLIDAYS = "holidays.csv"
OUT = ("sensor_id", "hour_utc", "count", "q10", "q90", "past_mae")
LEAST_DAYS = 42
"""With fewer counted days the trees know less than the formula."""
HELD_DAYS = 56
"""The band is set by forecasts of so many last days, made from what was before."""
TAUGHT_DAYS = 450
"""Older days are looked back at, but teach nothing: a call stays at some ten seconds."""
MOST = 1e7
QUANTILE: dict[str, Any] = {
    "objective": "quantile", "rounds": 400, "learning_rate": 0.05, "min_data_in_leaf": 60,
    "bagging_fraction": 0.8, "feature_fraction": 0.6,
}  # fmt: skip
ENDS: dict[str, Any] = QUANTILE | {"rounds": 250}


class History(Struct):
    """Counts by hour. rows: (sensor, start of the hour, count)."""

    rows: list[tuple[str, datetime, float]]
    holidays: frozenset[date]
    notes: list[str]


class Row(Struct):
    """An hour of a sensor. usual: its log, the base of `features`.  truth: NaN of one to come."""

    sensor: str
    day: date
    hour: int
    usual: float
    formula: float
    features: list[float]
    truth: float


class Forecast(Struct):
    """Rows of OUT. past_mae: people by which past forecasts missed.  model: `trees`, `plain`."""

    rows: list[tuple[str, str, float, float, float, float]]
    model: str
    past_mae: float
    past_number: int


def read(folder: Path, zone: ZoneInfo) -> History:
    """The history of a folder. Raises Refused with each line that is wrong."""
    path = folder / FILE
    found = table.read(path, ("sensor_id", "hour_utc", "count"))
    wrong = table.Wrong(path)
    rows: list[tuple[str, datetime, float]] = []
    for line, row in found.lines:
        try:
            count = table.number(row, "count", 0, MOST)
            rows.append((row["sensor_id"], _hour(row["hour_utc"]), count))
        except ValueError as error:
            wrong.add(line, str(error))
    wrong.end()
    days, notes = _holidays(folder / HOLIDAYS, zone)
    return History(rows, days, [*found.notes, *notes])


def _hour(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%HZ").replace(tzinfo=UTC)
    except ValueError:
        raise ValueError(f"hour_utc is {text!r}, not an hour such as 2016-03-04T13Z") from None


def _holidays(path: Path, zone: ZoneInfo) -> tuple[frozenset[date], list[str]]:
    if not path.exists():
        listed = holidays.known(zone.key)
        said = f"{path.name} is not there: holidays are forecast as any other day"
        return listed, [said] * (not listed)
    found = table.read(path, ("day",))
    wrong = table.Wrong(path)
    days: list[date] = []
    for line, row in found.lines:
        try:
            days.append(date.fromisoformat(row["day"]))
        except ValueError:
            wrong.add(line, f"day is {row['day']!r}, not a day such as 2016-03-14")
    wrong.end()
    return frozenset(days), found.notes


def forecast(history: History, at: datetime, zone: ZoneInfo, grower: Grower | None) -> Forecast:
    """The hours of the local day that begins at `at`; nothing of `at` or later is used.

    Raises Refused where nothing was counted before.
    """
    today = _day(at, zone)
    local = [(one, hour.astimezone(zone), count) for one, hour, count in history.rows if hour < at]
    grid = grids([(one, hour.date(), hour.hour, count) for one, hour, count in local])
    if not grid:
        raise Refused(
            f"nothing was counted before {at.isoformat()}: there is nothing to forecast from; who "
            "keeps the history adds counts, or asks for a later day",
            "at",
        )
    sensors = {name: Days(one, history.holidays) for name, one in sorted(grid.items())}
    first = min(min(one) for one in grid.values())
    every = [first + timedelta(days=one) for one in range((today - first).days + 1)]
    rows = [row for day in every[8:][-TAUGHT_DAYS:] for row in _rows(sensors, day)]
    asked = _rows(sensors, today)
    past = [one for one in rows if one.day < today and not isnan(one.truth)]
    trees = grower is not None and len({one.day for one in past}) >= LEAST_DAYS
    answer = _trees(grower, past, asked, today) if grower and trees else _plain(past, asked)
    hours = {(one.sensor, one.hour): values for one, values in zip(asked, answer[0], strict=True)}
    errors = answer[1]
    made = [
        (sensor, hour.strftime("%Y-%m-%dT%HZ"),
         *hours[sensor, hour.astimezone(zone).hour], errors.at(sensor))
        for sensor in sensors
        for hour in _hours_of(today, zone)
    ]  # fmt: skip
    return Forecast(made, "trees" if trees else "plain", errors.mean, errors.number)


def _day(at: datetime, zone: ZoneInfo) -> date:
    """The local day that begins at `at`. Raises Refused where none does."""
    start = at.astimezone(zone)
    if (start.hour, start.minute) != (0, 0):
        raise Refused(
            f"at {at.isoformat()} no day begins in {zone.key}, where it is {start.isoformat()}: "
            "who asks gives the local midnight with its offset, or names another --zone",
            "at",
        )
    return start.date()


def _hours_of(day: date, zone: ZoneInfo) -> list[datetime]:
    """The 23, 24 or 25 hours of a local day, in UTC."""
    start = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    after = day + timedelta(days=1)
    end = datetime(after.year, after.month, after.day, tzinfo=zone).astimezone(UTC)
    return [
        start + timedelta(hours=one) for one in range(round((end - start).total_seconds() / 3600))
    ]


def _rows(sensors: dict[str, Days], day: date) -> list[Row]:
    city = mean(known(one.level(day - timedelta(days=1)) for one in sensors.values()))
    made: list[Row] = []
    for number, (name, one) in enumerate(sensors.items()):
        shared = [float(number), *one.of_day(day, city)]
        for hour in range(HOURS):
            usual = one.usual(day, hour)
            base = 0.0 if isnan(usual) else log1p(usual)
            features = [*shared, *one.of_hour(day, hour)]
            formula = one.formula(day, hour)
            truth = one.count(day, hour)
            made.append(Row(name, day, hour, base, formula, features, truth))
    return made


class Model:
    """Trees for the log of a count against the usual: the median and both ends of the band."""

    def __init__(self, grower: Grower, rows: Sequence[Row]) -> None:
        features = [one.features for one in rows]
        wanted = [log1p(one.truth) - one.usual for one in rows]
        misses: dict[str, list[float]] = {}
        for one in rows:
            misses.setdefault(one.sensor, []).append(abs(one.truth - exp(one.usual) + 1))
        scale = {sensor: 1 / (mean(some) + 1) for sensor, some in misses.items()}
        # An error counts in people, as a share of what its sensor misses anyhow.
        weights = [exp(one.usual) * scale[one.sensor] for one in rows]

        def fit(share: float, parameters: dict[str, Any]) -> Trees:
            return grower.fit(features, wanted, weights, alpha=share, **parameters)

        self._middle = fit(0.5, QUANTILE)
        self._low = fit(0.1, ENDS)
        self._high = fit(0.9, ENDS)

    def ask(self, rows: Sequence[Row]) -> list[tuple[float, float, float]]:
        """(log of the count, of q10, of q90) of each row."""
        features = [one.features for one in rows]
        parts = (self._low, self._middle, self._high)
        logs = zip(*(part.predict(features) for part in parts), strict=True)
        return [
            (one.usual + mid, one.usual + min(low, mid), one.usual + max(high, mid))
            for one, (low, mid, high) in zip(rows, logs, strict=True)
        ]


Answer = tuple[list[tuple[float, float, float]], band.Errors]


def _trees(grower: Grower, past: Sequence[Row], asked: Sequence[Row], today: date) -> Answer:
    """The margin is in units of the band's own width: a busy hour has a wide one."""
    cut = today - timedelta(days=min(HELD_DAYS, (today - past[0].day).days // 3))
    held = [one for one in past if one.day >= cut]
    logs = Model(grower, [one for one in past if one.day < cut]).ask(held)
    known = [
        band.Past(one.sensor, log1p(one.truth), *values)
        for one, values in zip(held, logs, strict=True)
    ]
    scores = [band.outside(one) / _width(one.low, one.high) for one in known]
    margin = band.quantile(scores, band.COVERED)
    people = [
        band.Past(one.place, row.truth, exp(one.point) - 1, 0.0, 0.0)
        for one, row in zip(known, held, strict=True)
    ]
    answers: list[tuple[float, float, float]] = []
    for point, low, high in Model(grower, past).ask(asked):
        more = margin * _width(low, high)
        answers.append(
            (_people(point), _people(min(low - more, point)), _people(max(high + more, point)))
        )
    return answers, band.Errors(people)


def _width(low: float, high: float) -> float:
    return max(high - low, 0.02)


def _people(log_count: float) -> float:
    return max(exp(log_count) - 1, 0.0)


def _plain(past: Sequence[Row], asked: Sequence[Row]) -> Answer:
    """The usual of four weeks, moved half way to the last days; errors as shares of its root."""
    made = [band.Past(one.sensor, one.truth, one.formula, 0.0, 0.0) for one in past]
    shares = [(one.truth - one.point) / sqrt(one.point + 1) for one in made]
    low, high = (band.quantile(shares, one) if shares else 0.0 for one in (0.1, 0.9))
    answers: list[tuple[float, float, float]] = []
    for one in asked:
        spread = sqrt(one.formula + 1)
        ends = (one.formula + low * spread, one.formula + high * spread)
        answers.append(
            (one.formula, max(min(ends[0], one.formula), 0.0), max(ends[1], one.formula))
        )
    return answers, band.Errors(made)

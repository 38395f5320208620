"""What a lamp does in a night by its programme, by the code that the node runs, and what it uses.

Energy is modelled: watts rise evenly with the level from what the lamp uses at 0 %. Source of the
line: the power curves of LED drivers, exponent 0.95 to 1.1, taken as 1.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from msgspec import Struct

from gateway.clock import Instant, rfc3339, time_zone
from gateway.lighting.decree import findings
from gateway.lighting.encoded import node
from gateway.lighting.source import Source

Baseline = Literal["full_night", "previous"]
BASELINES: dict[str, str] = {
    "full_night": "rated power from sunset to sunrise",
    "previous": "the version of this programme before",
}
MINUTE_S = 60
YEAR_STEP_S = 900
SUN = bytes([0, 1, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 100])
"""A programme that is lit from sunset to sunrise; without its CRC."""


class Place(Struct, frozen=True):
    """A lamp. latitude, longitude: degrees.  rated_w: at 100 %.  standby_w: at 0 %."""

    latitude: float
    longitude: float
    rated_w: float = 70.0
    standby_w: float = 1.0


class Step(Struct, frozen=True):
    """From an instant on the lamp has this level, %. clock: on the wall, with its offset."""

    at: Instant
    clock: str
    level: int


class Preview(Struct, frozen=True):
    """One night, from noon to noon on the wall.

    date: on which it begins.  hours: of that day, 23 or 25 where the clocks change.
    sunset, sunrise, dusk, dawn: instants, dusk and dawn of civil twilight; null where there are
    none.  kwh, baseline_kwh: of the night.  year_kwh, year_baseline_kwh: of that year, by quarters
    of an hour.  saved: share of the year.  decree: what does not fit the French decree of
    27-12-2018.
    """

    date: str
    hours: float
    sunset: Instant | None
    dusk: Instant | None
    dawn: Instant | None
    sunrise: Instant | None
    steps: list[Step]
    baseline: str
    kwh: float
    baseline_kwh: float
    year_kwh: float
    year_baseline_kwh: float
    saved: float
    decree: list[str]


def level_at(data: bytes, unix: int, place: Place) -> int:
    """Level in %, 0 outside the active period; the photocell is taken to agree with the sun."""
    latitude, longitude = round(place.latitude * 1000), round(place.longitude * 1000)
    night: bool | None = None
    if latitude or longitude:
        night = node.height(unix, latitude, longitude)[0] < node.SET
    return max(int(node.level(data, unix, night, latitude, longitude)), 0)


def preview(
    source: Source, data: bytes, baseline: bytes | None, on: date, place: Place
) -> Preview:
    """The night that begins on a date. baseline: of the version before; None: full night."""
    start, end = _noons(source.zone, on)
    steps, by_sun = night(source, data, on, place)
    against = baseline or SUN
    whole = (_year(data, on.year, place), _year(against, on.year, place))
    return Preview(
        date=on.isoformat(),
        hours=(end - start) / 3600,
        **by_sun,
        steps=steps,
        baseline=BASELINES["previous" if baseline else "full_night"],
        kwh=_kwh(data, range(start, end, MINUTE_S), place),
        baseline_kwh=_kwh(against, range(start, end, MINUTE_S), place),
        year_kwh=whole[0],
        year_baseline_kwh=whole[1],
        saved=round(1 - whole[0] / whole[1], 4) if whole[1] else 0.0,
        decree=findings(source, steps, by_sun["sunset"]),
    )


def night(
    source: Source, data: bytes, on: date, place: Place
) -> tuple[list[Step], dict[str, str | None]]:
    """(levels in order, instants of the sun by their names) of the night from a date on."""
    start, end = _noons(source.zone, on)
    minutes = range(start, end, MINUTE_S)
    levels = [level_at(data, unix, place) for unix in minutes]
    return list(_steps(source.zone, minutes, levels)), _crossings(start, end, place)


def _noons(zone: str, on: date) -> tuple[int, int]:
    """Noon on the wall of a date and of the next, Unix seconds."""
    known = time_zone(zone)
    noon = datetime(on.year, on.month, on.day, 12, tzinfo=known)
    after = on + timedelta(days=1)
    return int(noon.timestamp()), int(
        datetime(after.year, after.month, after.day, 12, tzinfo=known).timestamp()
    )


def _steps(zone: str, minutes: range, levels: list[int]) -> Iterator[Step]:
    known = time_zone(zone)
    before = -1
    for unix, level in zip(minutes, levels, strict=True):
        if level != before:
            clock = datetime.fromtimestamp(unix, known).strftime("%H:%M %z")
            yield Step(rfc3339(unix * 1000), clock, level)
        before = level


def _crossings(start: int, end: int, place: Place) -> dict[str, str | None]:
    """Sunset, dusk, dawn and sunrise between two noons."""
    latitude, longitude = round(place.latitude * 1000), round(place.longitude * 1000)
    sines = [node.height(unix, latitude, longitude)[0] for unix in range(start, end, MINUTE_S)]
    found: dict[str, str | None] = dict.fromkeys(("sunset", "dusk", "dawn", "sunrise"))
    for below, down, up in ((node.SET, "sunset", "sunrise"), (node.CIVIL, "dusk", "dawn")):
        for at in range(1, len(sines)):
            if (sines[at - 1] < below) != (sines[at] < below):
                found[down if sines[at] < below else up] = rfc3339((start + at * MINUTE_S) * 1000)
    return found


def _kwh(data: bytes, instants: range, place: Place) -> float:
    span = place.rated_w - place.standby_w
    levels = sum(level_at(data, unix, place) for unix in instants)
    watts = place.standby_w * len(instants) + span * levels / 100
    return round(watts * instants.step / 3_600_000, 4)


def _year(data: bytes, year: int, place: Place) -> float:
    first = int(datetime(year, 1, 1, tzinfo=UTC).timestamp())
    last = int(datetime(year + 1, 1, 1, tzinfo=UTC).timestamp())
    return _kwh(data, range(first, last, YEAR_STEP_S), place)

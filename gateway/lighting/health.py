"""What a lamp's own readings say of its health and its energy: failure, day-burning, cycling, ...

Judged by the power at its meter against the level at its pin, over the readings of a span. Power
is taken to rise evenly with the level from `standby_w` to `rated_w`. The limits are of our own:
less than a fifth of what is expected is a failure; three readings in a row outside of the
tolerance; three changes of the load in an hour; half an hour lit in daylight; a step of 50 points
that moves the power by less than a tenth. The codes are named after TALQ 2.7.1's attributes.
"""

from collections.abc import Sequence
from itertools import pairwise

from msgspec import Struct

LIT_PCT = 30
"""From this level on a lamp without power has failed; below, gear is not exact enough."""
FAILED = 0.2
TOLERANCE = 0.15
"""Of the rated power; at least TOLERANCE_W."""
TOLERANCE_W = 3.0
IN_A_ROW = 3
CONFIRM_MS = 60_000
DAY_LUX = 100
"""Twice what switches a lamp off by default (50 lx)."""
DAY_MS = 1_800_000
BURNS_W = 5.0
CHANGES = 3
HOUR_MS = 3_600_000
STEP_PCT = 50
MOVES = 0.1
WRAP_WH = 1_000_000
"""The meter's counter begins again after 999999 Wh."""
STEP_WH = 100_000
"""More between two readings is no consumption: another meter."""


class Reading(Struct, frozen=True):
    """One reading of a lamp; None where it has no meter or no sensor.

    level: %.  power_w, lux.  energy_wh: cumulative.
    """

    at_ms: int
    level: int | None = None
    power_w: float | None = None
    lux: float | None = None
    energy_wh: int | None = None


class Fault(Struct, frozen=True):
    """What is wrong. since_ms: of the first reading that shows it.  said: with the values."""

    code: str
    since_ms: int
    said: str


class Rating(Struct, frozen=True):
    """Of a lamp, W at 100 % and at 0 %."""

    rated_w: float
    standby_w: float = 1.0

    def expected_w(self, level: int) -> float:
        """What a lamp uses at a level, %."""
        return self.standby_w + (self.rated_w - self.standby_w) * level / 100


def faults(readings: Sequence[Reading], rating: Rating) -> list[Fault]:
    """What is wrong at the newest reading, or was within its last hour. readings: oldest first."""
    metered = [one for one in readings if one.level is not None and one.power_w is not None]
    if not metered:
        return []
    found = _failure(metered, rating) or _off_curve(metered, rating)
    judged = [found, _day_burning(metered), _cycling(metered, rating), _dimming(metered, rating)]
    return [one for one in judged if one]


def _run(readings: Sequence[Reading], shows: list[bool]) -> list[Reading]:
    """The newest readings in a row that show something, oldest first."""
    count = next((at for at, one in enumerate(reversed(shows)) if not one), len(shows))
    return list(readings[len(readings) - count :])


def _failure(readings: Sequence[Reading], rating: Rating) -> Fault | None:
    run = _run(readings, [_dead(one, rating) for one in readings])
    if len(run) < 2 or run[-1].at_ms - run[0].at_ms < CONFIRM_MS:
        return None
    return Fault("lampFailure", run[0].at_ms, f"it uses {_told(run[-1], rating)}")


def _dead(one: Reading, rating: Rating) -> bool:
    level, power_w = one.level or 0, one.power_w or 0.0
    return level >= LIT_PCT and power_w < FAILED * rating.expected_w(level)


def _off_curve(readings: Sequence[Reading], rating: Rating) -> Fault | None:
    most = max(TOLERANCE * rating.rated_w, TOLERANCE_W)
    for code, sign in (("lampPowerTooHigh", 1), ("lampPowerTooLow", -1)):
        off = [sign * ((one.power_w or 0) - rating.expected_w(one.level or 0)) for one in readings]
        run = _run(readings, [one > most for one in off])
        if len(run) >= IN_A_ROW:
            return Fault(code, run[0].at_ms, f"it uses {_told(run[-1], rating)}")
    return None


def _told(one: Reading, rating: Rating) -> str:
    level = one.level or 0
    return f"{one.power_w:g} W at {level} %, {rating.expected_w(level):.1f} W are expected"


def _day_burning(readings: Sequence[Reading]) -> Fault | None:
    burns = [(one.lux or 0) > DAY_LUX and (one.power_w or 0) > BURNS_W for one in readings]
    run = _run(readings, burns)
    if not run or run[-1].at_ms - run[0].at_ms < DAY_MS:
        return None
    said = f"it uses {run[-1].power_w:g} W in {run[-1].lux:g} lx of daylight"
    return Fault("lampUnexpectedOn", run[0].at_ms, said)


def _cycling(readings: Sequence[Reading], rating: Rating) -> Fault | None:
    """The load goes off and on by itself, at one level, within the last hour."""
    level = readings[-1].level or 0
    if level < LIT_PCT:
        return None
    last_ms = readings[-1].at_ms
    hour = [one for one in readings if one.at_ms >= last_ms - HOUR_MS and one.level == level]
    loads = [not _dead(one, rating) for one in hour]
    changed = [at for at, (was, now) in enumerate(pairwise(loads)) if was != now]
    if len(changed) < CHANGES:
        return None
    said = f"its load changed {len(changed)} times within an hour at {level} %"
    return Fault("lampCycling", hour[changed[0]].at_ms, said)


def _dimming(readings: Sequence[Reading], rating: Rating) -> Fault | None:
    """The newest large step of the level that the power did not follow."""
    for before, after in reversed(list(pairwise(readings))):
        step = abs((after.level or 0) - (before.level or 0))
        if step >= STEP_PCT:
            moved_w = abs((after.power_w or 0) - (before.power_w or 0))
            if moved_w > MOVES * rating.rated_w or _dead(after, rating) or _dead(before, rating):
                return None
            said = f"{before.level} % to {after.level} % moved its power by {moved_w:.1f} W"
            return Fault("dimmingFailure", after.at_ms, said)
    return None


def energy_kwh(readings: Sequence[Reading], rating: Rating | None) -> tuple[float | None, str]:
    """(kWh from the first reading to the last, `measured` | `modelled` | `unknown`).

    Measured by the meter's counter; without one modelled from the levels, each held until the next
    reading; unknown without a rated power too.
    """
    counts = [one.energy_wh for one in readings if one.energy_wh is not None]
    if len(counts) > 1:
        steps = [(now - was) % WRAP_WH for was, now in pairwise(counts)]
        return sum(one for one in steps if one < STEP_WH) / 1000, "measured"
    levels = [one for one in readings if one.level is not None]
    if rating is None or len(levels) < 2:
        return None, "unknown"
    joules = sum(
        rating.expected_w(was.level or 0) * (now.at_ms - was.at_ms) / 1000
        for was, now in pairwise(levels)
    )
    return round(joules / 3_600_000, 4), "modelled"

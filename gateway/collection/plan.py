"""Today's list: what is worth an emptying, cut to what the truck and the shift can do."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from math import isnan

from msgspec import Struct

from gateway.clock import time_zone
from gateway.collection import tour
from gateway.collection.city import City, Now
from gateway.collection.files import DEPOT, RIM, History, Place
from gateway.collection.worth import Bin, Choice, LongRun, each
from gateway.forecast import bins
from gateway.forecast.clock import Clock

PRICE = 1.6
"""An overflow is worth PRICE / risk emptyings, so that a bin is left at a chance well below it."""
FULL = 100.0


class Limits(Struct):
    """What a day can do; None: no limit. shift_min: minutes from the depot and back."""

    truck_l: float | None = None
    shift_min: float | None = None
    speed_kmh: float = 20.0
    stop_min: float = 2.0
    bin_l: float = 240.0
    age_days: float = 14.0


class Stop(Struct):
    """One bin. gain: by which emptying is cheaper than leaving.  why: a sentence for the crew."""

    bin_id: str
    urgent: bool
    fill: float
    risk: float
    litres: float
    gain: float
    why: str


class Plan(Struct):
    """stops: in order of the way.  skipped: with the reason.  minutes, km: of the whole way."""

    stops: list[Stop]
    skipped: list[Stop]
    km: float
    minutes: float
    litres: float


class Point(Struct):
    """Of the trade-off at one risk, a day: emptyings and overflows, and the calendar's."""

    risk: float
    here: LongRun
    calendar: LongRun


def morning(history: History, at: datetime) -> dict[str, Now]:
    """Each bin that has a place, or each where there are no places."""
    seen = [*history.past, *history.since]
    first = min(one.at for one in seen).date()
    clock = Clock(time_zone(bins.ZONE), first, at.date())
    now = City(clock, history.past, history.since).now(at)
    places = history.places
    return {name: one for name, one in now.items() if not places or name in places}


def make(history: History, now: Mapping[str, Now], risk: float, limits: Limits) -> Plan:
    """The list of a day. risk: accepted chance of an overflow before tomorrow's visit, 0 to 1."""
    stops = [_stop(name, one, risk, limits, history) for name, one in sorted(now.items())]
    stops += [_unknown(name, limits, history) for name in history.places if name not in now]
    wanted = sorted((one for one in stops if one.gain > 0), key=_first)
    skipped = [one for one in stops if not one.gain > 0]
    loaded = _load(wanted, limits, skipped)
    return _drive(loaded, skipped, history.places, limits)


def _first(one: Stop) -> tuple[bool, float, str]:
    return (not one.urgent, -one.gain, one.bin_id)


def _stop(name: str, one: Now, risk: float, limits: Limits, history: History) -> Stop:
    choice = Bin(one.usual, PRICE / max(risk, 1e-4)).choose(one.today, one.level)
    fill = min(one.level.fill + one.level.unseen * one.usual.mean, RIM)
    gain = choice.leave - choice.empty
    old = one.age_days > limits.age_days and fill > 0
    full = fill >= FULL
    if old or full:
        gain = max(gain, 1.0)
    litres = history.litres.get(name, limits.bin_l) * min(fill, FULL) / 100
    why = _why(choice, one, fill, old=old, wanted=gain > 0)
    return Stop(name, full or choice.risk > risk, fill, choice.risk, litres, gain, why)


def _why(choice: Choice, one: Now, fill: float, *, old: bool, wanted: bool) -> str:
    blind = one.level.unseen
    said = f"{fill:.0f} % full"
    seen = f"about {said} (not read for {blind:.0f} days)" if blind >= 1 else said
    chance = f"{seen}, {100 * choice.risk:.0f} % chance to overflow before tomorrow"
    if wanted and old:
        return f"{chance}; not emptied for {one.age_days:.0f} days"
    return chance if wanted else f"{chance}: it can wait"


def _unknown(name: str, limits: Limits, history: History) -> Stop:
    known = name != DEPOT
    litres = history.litres.get(name, limits.bin_l) if known else 0.0
    why = "never read or emptied: nobody knows how full it is" if known else "the depot"
    return Stop(name, known, 0.0, 1.0 if known else 0.0, litres, float(known), why)


def _load(wanted: Sequence[Stop], limits: Limits, skipped: list[Stop]) -> list[Stop]:
    """What the truck holds, the most urgent first."""
    taken: list[Stop] = []
    held = 0.0
    for one in wanted:
        if limits.truck_l is not None and held + one.litres > limits.truck_l:
            one.why += "; the truck is full"
            skipped.append(one)
        else:
            held += one.litres
            taken.append(one)
    return taken


def _drive(
    wanted: list[Stop], skipped: list[Stop], places: Mapping[str, Place], limits: Limits
) -> Plan:
    """As many of the wanted, most urgent first, as fit into the shift, in order of the way."""

    def fits(number: int) -> bool:
        return _way(wanted[:number], places, limits)[2] <= (limits.shift_min or float("inf"))

    number = len(wanted)
    if limits.shift_min is not None and not fits(number):
        number = _most(fits, number)
    for one in wanted[number:]:
        one.why += "; the shift ends before"
    stops, km, minutes = _way(wanted[:number], places, limits)
    left = sorted([*skipped, *wanted[number:]], key=_first)
    left = [one for one in left if one.bin_id != DEPOT]
    return Plan(stops, left, km, minutes, sum(one.litres for one in stops))


def _most(fits: Callable[[int], bool], number: int) -> int:
    """The largest number that fits, by halving: below `number`, which does not."""
    low = 0
    while number - low > 1:
        half = (low + number) // 2
        low, number = (half, number) if fits(half) else (low, half)
    return low


def _way(
    stops: Sequence[Stop], places: Mapping[str, Place], limits: Limits
) -> tuple[list[Stop], float, float]:
    """(stops in order, km, minutes)."""
    placed = [one for one in stops if one.bin_id in places]
    spots = [(places[one.bin_id].x_m, places[one.bin_id].y_m) for one in placed]
    start = places.get(DEPOT)
    depot = (start.x_m, start.y_m) if start else None
    way = tour.order(spots, depot)
    km = tour.km([spots[place] for place in way], depot)
    minutes = km / limits.speed_kmh * 60 + len(stops) * limits.stop_min
    rest = [one for one in stops if one.bin_id not in places]
    return [placed[place] for place in way] + rest, km, minutes


def curve(now: Mapping[str, Now], risks: Sequence[float], days: int) -> list[Point]:
    """The trade-off against the calendar that empties each bin every so many days.

    A day on average, by the same inflows: what would be, not what was.
    """
    usual = [one.usual for one in now.values()]
    calendar = _sum([each(days, one) for one in usual])
    return [
        Point(risk, _sum([Bin(one, PRICE / risk).long_run() for one in usual]), calendar)
        for risk in risks
    ]


def _sum(runs: Sequence[LongRun]) -> LongRun:
    return LongRun(sum(one.emptyings for one in runs), sum(one.overflows for one in runs))


def known_place(place: Place) -> bool:
    """Whether a place has coordinates that a map knows."""
    return not isnan(place.lat)

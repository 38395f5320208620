"""What a device measured over time: its values one by one, or their statistics over spans.

Readings are in the store in the order in which they came; a device that was out of reach tells
later what it measured earlier. So a span is computed from all readings since its beginning.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, time, timedelta

import msgspec
from msgspec import Struct

from gateway.clock import AHEAD_MS, Instant, parse_ms, rfc3339, time_zone
from gateway.events import Entry, Value

QUARTER_MS = 900_000
Span = tuple[int, int]
"""Beginning and end, ms since 1970; the end is not in it."""
Spanning = Callable[[int], Span]


class _Data(Struct):
    observed_at: Instant
    values: list[Value]


class _Reading(Struct):
    id: str
    data: _Data


_decode = msgspec.json.Decoder(_Reading).decode


class Measured(Struct, frozen=True):
    """One value. at: when it was measured.  event_id: of the reading that told it."""

    at: Instant
    property: str
    value: float | int | str | None
    unit: str
    quality: tuple[str, ...]
    event_id: str


class Statistics(Struct, frozen=True):
    """What a property was from `since_at` until before `until_at`.

    count: numbers whose quality is `ok`; mean, low, high and last are theirs, null where there is
    none.  doubtful: values that are left out of them.
    """

    since_at: Instant
    until_at: Instant
    property: str
    unit: str
    count: int
    mean: float | None
    low: float | None
    high: float | None
    last: float | None
    doubtful: int


class Wanted(Struct, frozen=True):
    """Which values. property: empty is every one.  since_ms, until_ms: until is not among them."""

    property: str
    since_ms: int
    until_ms: int

    def earliest_ms(self) -> int:
        """The earliest time of an event that tells of them; a device's clock may be ahead."""
        return self.since_ms - AHEAD_MS

    def of(self, entry: Entry) -> list[Measured]:
        """The values of a reading that are wanted."""
        reading = _decode(entry.body)
        at = reading.data.observed_at
        if not self.since_ms <= parse_ms(at) < self.until_ms:
            return []
        return [
            Measured(at, one.property, one.value, one.unit, one.quality, reading.id)
            for one in reading.data.values
            if self.property in {"", one.property}
        ]


def quarters(at_ms: int) -> Span:
    """The quarter of an hour of an instant."""
    begin = at_ms // QUARTER_MS * QUARTER_MS
    return begin, begin + QUARTER_MS


def days(zone: str) -> Spanning:
    """The day of an instant by the clocks of a zone. Raises Refused for a zone that is none."""
    clocks = time_zone(zone)

    def day(at_ms: int) -> Span:
        date = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(clocks).date()
        midnights = (
            datetime.combine(one, time.min, clocks) for one in (date, date + timedelta(days=1))
        )
        begin, end = (int(one.timestamp() * 1000) for one in midnights)
        return begin, end

    return day


class _Sums:
    __slots__ = ("count", "doubtful", "high", "last", "last_at", "low", "total")

    def __init__(self) -> None:
        self.count = self.doubtful = 0
        self.total = 0.0
        self.low = self.high = self.last = None
        self.last_at = ""

    def add(self, one: Measured) -> None:
        number = one.value
        if number is None or isinstance(number, str) or one.quality[:1] != ("ok",):
            self.doubtful += 1
            return
        self.count += 1
        self.total += number
        self.low = number if self.low is None else min(self.low, number)
        self.high = number if self.high is None else max(self.high, number)
        if one.at >= self.last_at:
            self.last = number
            self.last_at = one.at

    @property
    def mean(self) -> float | None:
        """Without the digits that binary fractions add."""
        return float(f"{self.total / self.count:.12g}") if self.count else None


class Spans:
    """The earliest `most` spans that have values, from all values in any order."""

    def __init__(self, spanning: Spanning, most: int) -> None:
        self._spanning = spanning
        self._most = most
        self._sums: dict[Span, dict[tuple[str, str], _Sums]] = {}
        self._end_ms: int | None = None
        self.more = False

    def add(self, values: Iterable[Measured]) -> None:
        """Take values."""
        for one in values:
            span = self._spanning(parse_ms(one.at))
            if self._end_ms is not None and span[0] >= self._end_ms:
                self.more = True
                continue
            sums = self._sums.setdefault(span, {})
            sums.setdefault((one.property, one.unit), _Sums()).add(one)
        if len(self._sums) > 2 * self._most:
            self._cut()

    def end(self) -> tuple[list[Statistics], int | None]:
        """What they tell, by time and property, and where the last span ends."""
        self._cut()
        told = [
            _told(span, *key, one)
            for span, sums in sorted(self._sums.items())
            for key, one in sorted(sums.items())
        ]
        return told, max((end for _, end in self._sums), default=None)

    def _cut(self) -> None:
        """Forget the later ones."""
        spans = sorted(self._sums)
        for span in spans[self._most :]:
            del self._sums[span]
            self.more = True
            self._end_ms = min(span[0], self._end_ms or span[0])


def _told(span: Span, name: str, unit: str, sums: _Sums) -> Statistics:
    return Statistics(
        since_at=rfc3339(span[0]),
        until_at=rfc3339(span[1]),
        property=name,
        unit=unit,
        count=sums.count,
        mean=sums.mean,
        low=sums.low,
        high=sums.high,
        last=sums.last,
        doubtful=sums.doubtful,
    )

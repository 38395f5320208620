"""Hours of a city: how long a gap was, and how much of it people were about."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

DAY = (8, 23)
"""Local hours in which the street is used."""
BY_DAY = 1.35
BY_NIGHT = 0.35
WEEKEND = 1.1
"""Weights of an hour; the first two make 25.65 h of a working day. Guessed once, not tuned."""
PARTS = ((8, 17), (17, 23))
"""Working hours and evening; what is neither is night."""
_H = 3600.0


class Clock:
    """Sums over the local hours of a zone between two days, looked up in no time.

    A change of clocks makes a day of 23 or 25 hours, counted as such.
    """

    def __init__(self, zone: ZoneInfo, first: date, last: date) -> None:
        self._zone = zone
        start = datetime(first.year, first.month, first.day, tzinfo=zone).astimezone(UTC)
        self._start_h = start.timestamp() / _H
        end = datetime(last.year, last.month, last.day, tzinfo=zone).astimezone(UTC)
        hours = int((end - start) / timedelta(hours=1)) + 49
        self._rates: list[tuple[float, ...]] = []
        self._sums: list[tuple[float, ...]] = [(0.0, 0.0, 0.0, 0.0)]
        for number in range(hours):
            rates = _rates((start + timedelta(hours=number)).astimezone(zone))
            self._rates.append(rates)
            self._sums.append(tuple(a + b for a, b in zip(self._sums[-1], rates, strict=True)))

    def epoch_h(self, local: datetime) -> float:
        """Hours since 1970 UTC of a local time; of the hour that comes twice, the first."""
        return local.replace(tzinfo=self._zone).timestamp() / _H

    def sums(self, epoch_h: float) -> tuple[float, ...]:
        """(activity, working hours, evening hours, weekend hours) since the first day."""
        at = min(max(epoch_h - self._start_h, 0.0), len(self._rates) - 1e-9)
        whole = int(at)
        rates = self._rates[whole]
        return tuple(s + (at - whole) * r for s, r in zip(self._sums[whole], rates, strict=True))


def _rates(local: datetime) -> tuple[float, ...]:
    weekend = local.weekday() >= 5  # Saturday, Sunday
    weight = BY_DAY if DAY[0] <= local.hour < DAY[1] else BY_NIGHT
    parts = [float(first <= local.hour < last) for first, last in PARTS]
    return (weight * (WEEKEND if weekend else 1.0), *parts, float(weekend))

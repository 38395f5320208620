"""Bands that hold what they say: widened or narrowed by the forecast's own past errors.

Source: Romano, Patterson, Candès, "Conformalized Quantile Regression", 2019, section 4: the score
of a past forecast is how far outside (> 0) or inside (< 0) of its band the truth was.
"""

from collections.abc import Sequence

from msgspec import Struct

COVERED = 0.8
"""Share of the truths that a band is to hold."""
SHRINK = 5.0
"""So many errors of the whole are mixed into those of one place."""


class Past(Struct):
    """A forecast of the past, made with what was known then, and what came. place: bin, sensor."""

    place: str
    truth: float
    point: float
    low: float
    high: float


def outside(one: Past) -> float:
    """How far the truth is outside of the band, in the forecast's unit; negative inside."""
    return max(one.low - one.truth, one.truth - one.high)


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which a share of the values are; values: at least one, in any order."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def margin(past: Sequence[Past], covered: float = COVERED) -> float:
    """What to add to both ends to hold this share of the past's truths; 0 without past."""
    return quantile([outside(one) for one in past], covered) if past else 0.0


class Errors:
    """Mean absolute errors of past forecasts, of all and of each place."""

    def __init__(self, past: Sequence[Past]) -> None:
        self._of: dict[str, list[float]] = {}
        for one in past:
            self._of.setdefault(one.place, []).append(abs(one.truth - one.point))
        every = [error for errors in self._of.values() for error in errors]
        self.number = len(every)
        self.mean = sum(every) / len(every) if every else float("nan")

    def at(self, place: str) -> float:
        """Of one place, mixed with SHRINK errors of the mean size; NaN without any past."""
        own = self._of.get(place, [])
        return (sum(own) + SHRINK * self.mean) / (len(own) + SHRINK)

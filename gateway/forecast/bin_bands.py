"""From rows of features to fills with bands: boosted trees, or the plain formula's own errors."""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import datetime
from math import nan
from typing import Any

from msgspec import Struct

from gateway.forecast import band
from gateway.forecast.bin_state import FULL
from gateway.forecast.trees import Grower, Trees

LEAST = 300
"""With fewer past rows the trees know less than the formula."""
KNOWN = 2
"""Collections a bin must have had for its row to teach."""
BLOCK_H = 5 * 24.0
BLOCKS = 2
"""The band is set by forecasts made for so many past blocks of this length, before each."""
POINT: dict[str, Any] = {
    "objective": "l1",
    "rounds": 250,
    "bagging_fraction": 0.6,
    "feature_fraction": 0.5,
}
END: dict[str, Any] = POINT | {"objective": "quantile"}
CHANCE: dict[str, Any] = POINT | {"objective": "binary", "rounds": 120}
RATE = 0.03
LOW, HIGH = 0.1, 0.9


class Row(Struct):
    """A question, or a collection as it was asked. usual: the formula's fill.  fill: the truth."""

    bin_id: str
    epoch_h: float
    local: datetime
    number: int
    usual: float
    features: list[float]
    fill: float = nan


class Answer(Struct):
    """values: of each row (fill, q10, q90, chance to be full, own past error)."""

    values: list[tuple[float, float, float, float, float]]
    model: str
    errors: band.Errors


class Model:
    """Trees for the fill (itself, and what the formula misses) and for both ends of the band."""

    def __init__(self, grower: Grower, rows: Sequence[Row]) -> None:
        features = [row.features for row in rows]
        fills = [row.fill for row in rows]
        missed = [row.fill - row.usual for row in rows]

        def fit(wanted: Sequence[float], **parameters: Any) -> Trees:
            return grower.fit(features, wanted, learning_rate=RATE, **parameters)

        self._fill = fit(fills, **POINT)
        self._missed = fit(missed, **POINT)
        self._low = fit(fills, **END, alpha=LOW)
        self._high = fit(fills, **END, alpha=HIGH)

    def ask(self, rows: Sequence[Row]) -> list[tuple[float, float, float]]:
        """(fill, q10, q90) of each row; the ends may lie beyond 0 and 100."""
        features = [row.features for row in rows]
        both = zip(self._fill.predict(features), self._missed.predict(features), strict=True)
        points = [
            _within((fill + row.usual + missed) / 2)
            for row, (fill, missed) in zip(rows, both, strict=True)
        ]
        ends = zip(self._low.predict(features), self._high.predict(features), strict=True)
        return [
            (point, min(low, point), max(high, point))
            for point, (low, high) in zip(points, ends, strict=True)
        ]


def answer(past: Sequence[Row], asked: Sequence[Row], grower: Grower | None) -> Answer:
    """Forecast the rows asked from those of the past, which are in order of time."""
    taught = [row for row in past if row.number >= KNOWN]
    if grower is None or len(taught) < LEAST:
        return _plain(taught, asked)
    known = _known(grower, taught)
    margin = band.margin(known)
    errors = band.Errors(known)
    features = [row.features for row in asked]
    full = [row.fill >= FULL for row in taught]
    chance = grower.fit([row.features for row in taught], full, learning_rate=RATE, **CHANCE)
    values = [
        (point, _within(min(low - margin, point)), _within(max(high + margin, point)),
         full, errors.at(row.bin_id))
        for row, (point, low, high), full in zip(
            asked, Model(grower, taught).ask(asked), chance.predict(features), strict=True
        )
    ]  # fmt: skip
    return Answer(values, "trees", errors)


def _known(grower: Grower, taught: Sequence[Row]) -> list[band.Past]:
    """Forecasts of the last blocks, each by a model that saw only what was before it."""
    times = [row.epoch_h for row in taught]
    made: list[band.Past] = []
    last = len(taught)
    for _ in range(BLOCKS):
        first = min(bisect_left(times, times[last - 1] - BLOCK_H), last - 1)
        if first < LEAST / 2:
            break
        block = taught[first:last]
        made += [
            band.Past(row.bin_id, row.fill, *values)
            for row, values in zip(block, Model(grower, taught[:first]).ask(block), strict=True)
        ]
        last = first
    return made


def _plain(taught: Sequence[Row], asked: Sequence[Row]) -> Answer:
    """The formula, and the spread of its past errors where it said as much."""
    ordered = sorted(taught, key=lambda row: row.usual)
    usual = [row.usual for row in ordered]
    errors = band.Errors([band.Past(row.bin_id, row.fill, row.usual, nan, nan) for row in taught])
    third = max(len(ordered) // 3, 1)
    values: list[tuple[float, float, float, float, float]] = []
    for row in asked:
        first = max(min(bisect_left(usual, row.usual) - third // 2, len(ordered) - third), 0)
        missed = [near.fill - near.usual for near in ordered[first : first + third]] or [0.0]
        point = _within(row.usual)
        low, high = (_within(point + band.quantile(missed, share)) for share in (LOW, HIGH))
        full = sum(point + error >= FULL for error in missed) / len(missed)
        values.append((point, min(low, point), max(high, point), full, errors.at(row.bin_id)))
    return Answer(values, "plain", errors)


def _within(fill: float) -> float:
    return min(max(fill, 0.0), FULL)

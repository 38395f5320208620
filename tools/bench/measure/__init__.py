"""What `make bench` prints: figures beside their aims, each from a run of this tree.

One module here is one kind of figure; each has `async def measure() -> list[Figure]`.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One number. aim: the most it may be (None: printed only). least: the aim is a minimum.

    where: "emulated" for what a virtual board did, "this machine" for wall seconds.
    """

    name: str
    value: float
    unit: str
    aim: float | None = None
    least: bool = False
    where: str = "emulated"

    @property
    def ratio(self) -> float | None:
        """Value by aim; up to 1 is within, or from 1 on where the aim is a minimum."""
        return None if not self.aim else self.value / self.aim

    @property
    def within(self) -> bool:
        """Whether the aim is met; true where there is none."""
        if self.aim is None:
            return True
        return self.value >= self.aim if self.least else self.value <= self.aim

    def line(self) -> str:
        """One line of the table."""
        aim = "" if self.aim is None else f"{'>=' if self.least else '<='} {self.aim:g}"
        ratio = "" if self.ratio is None else f"{self.ratio:5.2f}"
        verdict = "" if self.aim is None else ("ok" if self.within else "OVER")
        value = f"{self.value:,.3f}".rstrip("0").rstrip(".")
        return (
            f"{self.name:<58} {value:>12} {self.unit:<5} {aim:>9} {ratio:>5} "
            f"{verdict:<4} {self.where}"
        )


def spread(
    name: str, values: Sequence[float], unit: str, *, p50: float | None, most: float | None
) -> list[Figure]:
    """Median and maximum of a sample as two figures, each beside its aim."""
    if not values:
        raise ValueError(f"{name}: nothing was measured")
    return [
        Figure(f"{name}, p50 of {len(values)}", statistics.median(values), unit, p50),
        Figure(f"{name}, max", max(values), unit, most),
    ]

"""Boosted trees (LightGBM) behind one function; the extra `forecast` of this package brings it.

Source: LightGBM 4 documentation, Parameters: `objective`, `num_leaves`, `deterministic`.
"""

import ctypes
import importlib
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

FIXED = {
    "num_leaves": 7,
    "min_data_in_leaf": 40,
    "bagging_freq": 1,
    "num_threads": 1,  # one core, and the same sums on each machine
    "deterministic": True,
    "seed": 1,
    "verbose": -1,
}
Rows = Sequence[Sequence[float]]


class Trees:
    """One fitted model."""

    def __init__(self, booster: Any, numpy: Any) -> None:
        self._booster = booster
        self._numpy = numpy

    def predict(self, rows: Rows) -> list[float]:
        """One number a row; an absent feature is NaN."""
        if not rows:
            return []
        return self._booster.predict(self._numpy.array(rows, dtype=float)).tolist()


class Grower:
    """Fits trees; `grower()` gives one where LightGBM is installed."""

    def __init__(self, lightgbm: Any, numpy: Any) -> None:
        self._lightgbm = lightgbm
        self._numpy = numpy

    def fit(
        self,
        rows: Rows,
        wanted: Sequence[float],
        weights: Sequence[float] | None = None,
        *,
        rounds: int,
        **parameters: Any,
    ) -> Trees:
        """Fit `rounds` trees. parameters: of LightGBM, above FIXED; `objective` at least."""
        data = self._lightgbm.Dataset(
            self._numpy.array(rows, dtype=float),
            label=self._numpy.array(wanted, dtype=float),
            weight=None if weights is None else self._numpy.array(weights, dtype=float),
        )
        return Trees(self._lightgbm.train(FIXED | parameters, data, rounds), self._numpy)


OPENMP = Path(sys.prefix) / "lib" / "libgomp.so.1"
"""Where set-up puts the library that LightGBM's wheel asks of the system, if that has none."""


def grower(openmp: Path = OPENMP) -> Grower | None:
    """What fits trees, or None where LightGBM or its libgomp.so.1 is not installed."""
    with suppress(OSError):  # the loader then finds it by its name
        ctypes.CDLL(str(openmp))
    try:
        lightgbm = importlib.import_module("lightgbm")
        numpy = importlib.import_module("numpy")
    except (ImportError, OSError):  # OSError: libgomp.so.1 is not there
        return None
    return Grower(lightgbm, numpy)

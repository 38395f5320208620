"""libgomp.so.1, which LightGBM's wheel asks of the system: where it is missing, beside our Python.

The system's own package is unpacked, not installed, so that no rights are needed; the
gateway looks there (`gateway.forecast.trees`).
"""

import ctypes
import shutil
from pathlib import Path

from tools.setup import stamps, unpacking
from tools.setup.paths import CACHE, VENV
from tools.setup.progress import SetupError, step
from tools.setup.system import System

STEP = "openmp"
LIBRARY = "libgomp.so.1"
BESIDE = VENV / "lib" / LIBRARY


def wanted(system: System) -> str:
    """The key: the release of the system."""
    return stamps.key(system.codename, system.architecture, Path(__file__))


def ready(key: str, library: str = LIBRARY) -> bool:
    """Whether the system has it, or it was brought."""
    return _has(library) or stamps.done(STEP, key, BESIDE)


def _has(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def bring(system: System, key: str, library: str = LIBRARY) -> None:
    """Download the system's package and take the library out of it. Raises SetupError."""
    if _has(library):  # the compiler, installed since the look, came with it
        return
    stamps.begin(STEP)
    if not system.architecture:
        raise SetupError(
            "libgomp (GCC's OpenMP), which the forecasts need, is missing, and here is no apt-get "
            "to bring it: install it with this system's own package manager, then run the same "
            "command again."
        )
    with step("libgomp, of the forecasts", 5):
        place = CACHE / STEP
        log = CACHE / "logs" / f"{STEP}.log"
        unpacking.unpack(
            "libgomp1", place, log, what="libgomp, of the forecasts",
            wanted=lambda archive: archive.name.startswith("libgomp1_"),
        )  # fmt: skip
        found = next((place / "root").glob(f"usr/lib/*/{LIBRARY}"), None)
        if not found:
            raise SetupError(f"the package libgomp1 has no {LIBRARY}; look into {log}")
        shutil.copy(found, BESIDE)
        stamps.finish(STEP, key)

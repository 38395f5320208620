"""MicroPython's own tests, from Debian's source package of the version that the bench emulates.

MICROPYTHON_TESTS names the folder `tests` of a MicroPython 1.25 to use instead.
"""

import os
import shutil
import tarfile
import tempfile
from pathlib import Path

from tools.setup import apt, micropython, stamps
from tools.setup.paths import CACHE, MICROPYTHON_TESTS
from tools.setup.progress import SetupError, step
from tools.setup.system import System

LOG = CACHE / "logs" / "micropython-tests.log"
STEP = "micropython-tests"
SOURCE = micropython.SOURCES[0]
FOLDERS = ("basics", "extmod", "float", "micropython", "misc", "stress")
"""Those that a board without network, threads and a file system of data can run."""


def given() -> Path | None:
    """The folder that the environment names. Raises SetupError when it holds no tests."""
    name = os.environ.get("MICROPYTHON_TESTS")
    if not name:
        return None
    if not (Path(name) / "basics").is_dir():
        raise SetupError(
            f"{name} of MICROPYTHON_TESTS has no folder basics: name the folder `tests` of "
            "MicroPython's sources."
        )
    return Path(name)


def wanted() -> str:
    """The key of the tests that have to be there."""
    path = given()
    return stamps.key(str(path)) if path else stamps.key(SOURCE, *FOLDERS)


def ready(key: str) -> bool:
    """Whether they are there and are those of this key."""
    return stamps.done(STEP, key, MICROPYTHON_TESTS)


def bring(machine: System, key: str) -> None:
    """Copy or fetch the tests to .cache/micropython/tests, whole or not at all."""
    stamps.begin(STEP)
    shutil.rmtree(MICROPYTHON_TESTS, ignore_errors=True)
    with tempfile.TemporaryDirectory() as name:
        folder = given() or _fetched(Path(name), machine)
        for one in FOLDERS:
            shutil.copytree(folder / one, MICROPYTHON_TESTS / one)
    stamps.finish(STEP, key)


def _fetched(folder: Path, machine: System) -> Path:
    with step("MicroPython's own tests, 6 MB", 10):
        try:
            apt.trixie(folder, LOG, machine).download_source(SOURCE, into=folder)
        except SetupError as error:
            raise SetupError(
                f"MicroPython's own tests cannot be had: {error} Next: name the folder `tests` of "
                "MicroPython's sources in MICROPYTHON_TESTS.",
                error.said,
            ) from error
        with tarfile.open(next(folder.glob("*.orig.tar.xz"))) as packed:
            members = [one for one in packed if "/tests/" in one.name and not one.issym()]
            packed.extraction_filter = getattr(tarfile, "tar_filter", lambda member, _path: member)
            packed.extractall(folder, members)  # noqa: S202 -- apt has checked its signature
    return next(folder.glob("*/tests"))

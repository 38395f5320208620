"""strace for the tests and the bench: what a process asks of its disk, shown and made to fail."""

from pathlib import Path

from tools.setup import stamps, unpacking
from tools.setup.paths import CACHE, STRACE, strace
from tools.setup.progress import SetupError, run, step
from tools.setup.system import System

LOG = CACHE / "logs" / "strace.log"
STEP = "strace"


def wanted(system: System) -> str:
    """The key: the release of the system, whose libraries it uses too."""
    return stamps.key(
        system.codename, system.architecture, Path(__file__), Path(unpacking.__file__)
    )


def ready(key: str) -> bool:
    """Whether it was brought, or is installed."""
    return stamps.done(STEP, key) and strace() is not None


def bring(system: System, key: str) -> None:
    """Take the installed one, else download the system's own and unpack it."""
    stamps.begin(STEP)
    if strace() is None and not system.architecture:
        raise SetupError(
            "strace is missing, and here is no apt-get to bring it: install it with this "
            "system's own package manager (5.3 or newer), then run the same command again."
        )
    if strace() is None:
        with step("strace, which makes a disk fail in the tests", 5):
            unpacking.unpack("strace", STRACE, LOG, what="The tracer of the tests")
    found = strace()
    if found is None:
        raise SetupError(f"strace was unpacked, but has no program. All it said: {LOG}")
    program, environment = found
    run([program, "--version"], log=LOG, env=environment)
    stamps.finish(STEP, key)

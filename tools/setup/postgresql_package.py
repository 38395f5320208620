"""PostgreSQL for the tests, unpacked into the cache: never installed, no daemon of the machine."""

from pathlib import Path

from tools.setup import stamps, unpacking
from tools.setup.paths import CACHE, POSTGRESQL, postgresql
from tools.setup.progress import SetupError, run, step
from tools.setup.system import System

LOG = CACHE / "logs" / "postgresql.log"
STEP = "postgresql"
NEEDED = ("postgresql-", "lib")
UNUSED = ("libllvm", "libperl", "libjson-perl", "postgresql-common")
"""What Debian's package asks for and a server run by hand does not: just-in-time compilation
(100 MB), and Debian's own way to run clusters."""


def wanted(system: System) -> str:
    """The key: the release of the system, whose libraries the server uses too."""
    return stamps.key(
        system.codename, system.architecture, Path(__file__), Path(unpacking.__file__)
    )


def ready(key: str) -> bool:
    """Whether the server was brought, or one is installed."""
    return stamps.done(STEP, key) and postgresql() is not None


def bring(system: System, key: str) -> None:
    """Download the system's own PostgreSQL with the libraries that are missing, and unpack them.

    One that is installed is taken, of which only the programs are used, never a running server.
    Debian 12 has version 15, Ubuntu 24.04 16, Debian 13 17.
    """
    stamps.begin(STEP)
    if postgresql() is None and not system.architecture:
        raise SetupError(
            "PostgreSQL is missing, and here is no apt-get to bring it: install its server with "
            "this system's own package manager (15 or newer), then run the same command again."
        )
    if postgresql() is None:
        with step("PostgreSQL, the database of the tests", 20):
            unpacking.unpack(
                "postgresql", POSTGRESQL, LOG, what="The database of the tests", wanted=unpacked
            )
    found = postgresql()
    if found is None:
        raise SetupError(f"PostgreSQL was unpacked, but has no program. All it said: {LOG}")
    folder, environment = found
    run([folder / "postgres", "--version"], log=LOG, env=environment)
    stamps.finish(STEP, key)


def unpacked(archive: Path) -> bool:
    """Whether a .deb holds something that the server needs."""
    return archive.name.startswith(NEEDED) and not archive.name.startswith(UNUSED)

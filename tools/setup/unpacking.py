"""A program of the system's packages, unpacked into the cache: never installed."""

import shutil
from collections.abc import Callable
from pathlib import Path

from tools.setup import apt
from tools.setup.progress import SetupError, run


def unpack(
    package: str,
    place: Path,
    log: Path,
    *,
    what: str,
    wanted: Callable[[Path], bool],
) -> None:
    """Replace `place` by a package and the libraries that are missing here, below its `root`.

    what: the program, for the message of SetupError where it cannot be had.  wanted: which of the
    .deb files.
    """
    fresh = place.with_suffix(".tmp")
    shutil.rmtree(fresh, ignore_errors=True)
    log.unlink(missing_ok=True)
    try:
        apt.host(fresh / "apt", log).download_missing(package, into=fresh / "deb")
    except SetupError as error:
        raise SetupError(
            f"{what} is missing: {error} Next: make `apt-get update` work here, then run the same "
            f"command again; or install {package} yourself."
        ) from error
    for archive in filter(wanted, sorted((fresh / "deb").glob("*.deb"))):
        run(["dpkg-deb", "-x", archive, fresh / "root"], log=log)
    shutil.rmtree(fresh / "apt")
    shutil.rmtree(fresh / "deb")
    shutil.rmtree(place, ignore_errors=True)
    fresh.replace(place)

"""Programs of the system's packages, unpacked into the cache: never installed, no daemon runs."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tools.setup import paths, stamps, unpacking
from tools.setup.progress import SetupError, run, step
from tools.setup.system import System

Found = tuple[Path, dict[str, str]]
NEEDED = ("postgresql-", "lib")
UNUSED = ("libllvm", "libperl", "libjson-perl", "postgresql-common")
"""What Debian's package asks for and a server run by hand does not: just-in-time compilation
(100 MB), and Debian's own way to run clusters."""


@dataclass
class Program:
    """One program, and how it is brought.

    name: of its package and its step.  called, purpose, missing: for people.  duration_s: about
    how long it takes.  oldest: the version that is needed.  place: where it is unpacked.  found:
    see tools.setup.paths.  try_it: the command that proves it to run.  install: what to install
    where it cannot be brought.  unpacked: which .deb files.  own: an installed one is not taken
    where another can be brought.
    """

    name: str
    called: str
    purpose: str
    duration_s: int
    missing: str
    oldest: str
    place: Path
    found: Callable[[], Found | None]
    try_it: Callable[[Path], list[str | Path]]
    install: str = "it"
    unpacked: Callable[[Path], bool] = Path.exists
    own: bool = False

    @property
    def log(self) -> Path:
        """What its commands said."""
        return paths.CACHE / "logs" / f"{self.name}.log"

    def wanted(self, system: System) -> str:
        """The key: the release of the system, whose libraries it uses too."""
        return stamps.key(
            system.codename, system.architecture, Path(__file__), Path(unpacking.__file__)
        )

    def ready(self, key: str) -> bool:
        """Whether it was brought, or is installed where that is taken."""
        return stamps.done(self.name, key) and self.found() is not None

    def bring(self, system: System, key: str) -> None:
        """Download the system's own with the libraries that are missing here, and unpack them.

        Raises SetupError.
        """
        stamps.begin(self.name)
        there = self.found() is not None
        if not there and not system.architecture:
            raise SetupError(
                f"{self.called} is missing, and here is no apt-get to bring it: install "
                f"{self.install} with this system's own package manager ({self.oldest} or newer), "
                "then run the same command again."
            )
        if system.architecture and (self.own or not there):
            with step(f"{self.called}, {self.purpose}", self.duration_s):
                unpacking.unpack(
                    self.name, self.place, self.log, what=self.missing, wanted=self.unpacked
                )
        found = self.found()
        if found is None:
            raise SetupError(
                f"{self.called} was unpacked, but has no program. All it said: {self.log}"
            )
        program, environment = found
        run(self.try_it(program), log=self.log, env=environment)
        stamps.finish(self.name, key)


def _of_server(archive: Path) -> bool:
    """Whether a .deb holds something that the server of PostgreSQL needs."""
    return archive.name.startswith(NEEDED) and not archive.name.startswith(UNUSED)


MOSQUITTO = Program(
    name="mosquitto",
    called="mosquitto",
    purpose="the broker of the bench",
    duration_s=15,
    missing="The broker of the bench",
    oldest="2.0",
    place=paths.MOSQUITTO,
    found=paths.mosquitto,
    try_it=lambda program: ["sh", "-c", '"$0" -h; [ $? = 3 ]', program],
    own=True,
)
POSTGRESQL = Program(
    name="postgresql",
    called="PostgreSQL",
    purpose="the database of the tests",
    duration_s=20,
    missing="The database of the tests",
    oldest=str(paths.OLDEST_POSTGRESQL),
    place=paths.POSTGRESQL,
    found=paths.postgresql,
    try_it=lambda folder: [folder / "postgres", "--version"],
    install="its server",
    unpacked=_of_server,
)
"""One that is installed is taken, of which only the programs are used, never a running server.
Debian 12 has version 15, Ubuntu 24.04 16, Debian 13 17."""
CHROMIUM = Program(
    name="chromium-headless-shell",
    called="Chromium",
    purpose="in which the tests open the page",
    duration_s=20,
    missing="The browser of the tests",
    oldest="120",
    place=paths.CHROMIUM,
    found=paths.chromium,
    try_it=lambda program: [program, "--version"],
)
"""Without a window. 64 MB to download, 290 MB unpacked. Ubuntu has it as a snap alone."""
STRACE = Program(
    name="strace",
    called="strace",
    purpose="which makes a disk fail in the tests",
    duration_s=5,
    missing="The tracer of the tests",
    oldest="5.3",
    place=paths.STRACE,
    found=paths.strace,
    try_it=lambda program: [program, "--version"],
)
"""Shows what a process asks of its disk, and makes it fail."""

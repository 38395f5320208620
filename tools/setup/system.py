"""The machine below: which system it is, and the few packages it must bring."""

import importlib.util
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from tools.setup.paths import CACHE
from tools.setup.progress import SetupError, output, run, step

LOG = CACHE / "logs" / "system.log"


@dataclass(frozen=True)
class System:
    """What decides how things are brought here.

    ids: os-release's ID and ID_LIKE, e.g. ("ubuntu", "debian").  architecture: as dpkg names it.
    """

    ids: tuple[str, ...]
    codename: str
    architecture: str

    @property
    def builds_micropython(self) -> bool:
        """Whether Debian's source packages can be had and built here."""
        return "debian" in self.ids and self.architecture == "amd64"


def release(text: str) -> dict[str, str]:
    """The fields of an os-release file: {NAME: value without quotes}."""
    pairs = (line.split("=", 1) for line in text.splitlines() if "=" in line)
    return {name.strip(): value.strip().strip("\"'") for name, value in pairs}


def detect(os_release: Path = Path("/etc/os-release")) -> System:
    """This machine. Anything without os-release or dpkg is simply no Debian."""
    fields = release(os_release.read_text()) if os_release.exists() else {}
    ids = tuple(f"{fields.get('ID', '')} {fields.get('ID_LIKE', '')}".split())
    has_apt = shutil.which("apt-get") and shutil.which("dpkg")
    architecture = output(["dpkg", "--print-architecture"]) if has_apt else ""
    return System(ids, fields.get("VERSION_CODENAME", ""), architecture)


def missing(system: System, *, build: bool) -> list[str]:
    """Packages to install: found by what is there, so that an own gcc or cmake counts too.

    build: whether MicroPython has to be built here.
    """
    wanted: list[str] = []
    if importlib.util.find_spec("ensurepip") is None:
        wanted.append("python3-venv")
    if not Path("/etc/ssl/certs/ca-certificates.crt").exists() and "debian" in system.ids:
        wanted.append("ca-certificates")
    if build:
        wanted += [name for name in ("gcc", "make", "cmake") if not shutil.which(name)]
        if not Path("/usr/include/stdio.h").exists():
            wanted.append("libc6-dev")
    return wanted


def install(packages: list[str], system: System) -> None:
    """Install packages of the distribution, as root or by sudo.

    Raises SetupError with the one line to paste where neither is possible.
    """
    if not packages:
        return
    line = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    if not system.architecture:
        raise SetupError(
            f"This needs {', '.join(packages)}, and here is no apt-get to bring them: install "
            "them with this system's own package manager, then run the same command again."
        )
    prefix = elevation(os.geteuid(), shutil.which("sudo"), terminal=sys.stdin.isatty())
    if prefix is None:
        raise SetupError(
            "Some system packages are missing, and this user may not install them. Paste this "
            f"as an administrator, then run the same command again:\n    {' '.join(line)}"
        )
    with step(f"System packages {' '.join(packages)}", 40):
        _install([*prefix, "env", "DEBIAN_FRONTEND=noninteractive"], line, packages)


def elevation(user: int, sudo: str | None, *, terminal: bool) -> list[str] | None:
    """What to put before a command that needs root; None when there is no way.

    terminal: whether sudo can ask for a password.
    """
    if user == 0:
        return []
    if sudo and terminal:
        return [sudo]
    return [sudo, "-n"] if sudo and output([sudo, "-n", "echo", "yes"]) else None


def why(said: str) -> str:
    """The line of apt's output that names the cause of a failure, as a sentence."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    marks = ("Could not resolve", "Temporary failure", "Could not connect", "Unable to connect")
    causes = [line for mark in marks for line in lines if mark in line]
    causes += [line for line in lines if line.startswith(("E:", "Err:"))]
    return f"{[*causes, *lines[-1:], 'it said nothing'][0].removeprefix('E: ').rstrip('.')}."


def _install(prefix: list[str], line: list[str], packages: list[str]) -> None:
    ask = bool(prefix[:-2])
    update = [*prefix, "apt-get", "update"]
    try:
        if not any(Path("/var/lib/apt/lists").glob("*_Packages*")):
            run(update, log=LOG, foreground=ask)
        try:
            run([*prefix, *line], log=LOG, foreground=ask)
        except SetupError:  # the lists may be older than the archive
            run(update, log=LOG, foreground=ask)
            run([*prefix, *line], log=LOG, foreground=ask)
    except SetupError as error:
        said = LOG.read_text(errors="replace")[-20000:]
        raise SetupError(
            f"The system packages {' '.join(packages)} cannot be had: {why(said)} Next: make "
            "`apt-get update` work here, then run the same command again; it goes on from there."
        ) from error

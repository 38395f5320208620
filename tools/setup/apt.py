"""apt-get with lists and a cache of its own: it downloads, and changes nothing of the system.

`host` asks the sources of this machine; `trixie` asks Debian 13, which has the sources that are
built here, with Debian's keyring, on any system that has apt.
"""

import os
import re
from pathlib import Path

from tools.setup.progress import SetupError, output, run
from tools.setup.system import System, why

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
SUITE = "trixie"
HINTS = (
    ("python-apt-common", "usr/share/python-apt/templates/Debian.info"),
    ("debootstrap", "usr/share/debootstrap/scripts/sid"),
    ("debootstrap", "usr/sbin/debootstrap"),
)
"""Packages of any Debian or Ubuntu, and the file in them that names where Debian is."""
TARGETS = "$(REPO_URI) $(RELEASE) $(COMPONENT)"


class Apt:
    """One private state of apt. folder: its lists and cache; log: file for its output."""

    def __init__(self, folder: Path, log: Path, sources: Path | None = None) -> None:
        self.folder = folder
        self.log = log
        for name in ("lists/partial", "cache/archives/partial"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        options = [
            f"Dir::State::Lists={folder}/lists",
            f"Dir::Cache={folder}/cache",
            "Debug::NoLocking=true",
            "APT::Sandbox::User=root",  # the user `_apt` cannot write here
            "Acquire::Languages=none",
            "Acquire::Retries=2",
            "Acquire::http::Timeout=30",
        ]
        if sources is not None:
            options += [f"Dir::Etc::sourcelist={sources}", "Dir::Etc::sourceparts=-"]
        self._command = ["apt-get", "-q", *(part for word in options for part in ("-o", word))]

    def update(self) -> None:
        """Fetch the lists. Raises SetupError when any source cannot be reached or trusted."""
        self._run("update", "-o", "APT::Update::Error-Mode=any")

    def download(self, *packages: str, into: Path) -> None:
        """Fetch binary packages as .deb files, without what they depend on."""
        into.mkdir(parents=True, exist_ok=True)
        self._run("download", *packages, cwd=into)

    def download_source(self, *packages: str, into: Path) -> None:
        """Fetch source packages (.dsc, .orig.tar.*), unpacking nothing."""
        into.mkdir(parents=True, exist_ok=True)
        self._run("source", "--download-only", *packages, cwd=into)

    def download_missing(self, *packages: str, into: Path) -> None:
        """Fetch packages with all they depend on that is not installed here."""
        into.mkdir(parents=True, exist_ok=True)
        self._run("install", "--download-only", "-y", "--no-install-recommends", *packages)
        for found in (self.folder / "cache" / "archives").glob("*.deb"):
            found.replace(into / found.name)

    def _run(self, *words: str, cwd: Path | None = None) -> None:
        env = {**os.environ, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
        try:
            run([*self._command, *words], log=self.log, cwd=cwd, env=env)
        except SetupError as error:
            names = " ".join(word for word in words[1:] if not word.startswith("-"))
            wanted = names if words[0] != "update" else "The package lists"
            raise SetupError(f"{wanted} cannot be had: {why(error.said)}", error.said) from error


def host(folder: Path, log: Path) -> Apt:
    """The sources of this machine, with fresh lists."""
    apt = Apt(folder, log)
    apt.update()
    return apt


def trixie(folder: Path, log: Path, system: System) -> Apt:
    """Debian 13, binary and source, with fresh lists, whatever Debian or Ubuntu this is."""
    keyring = KEYRING
    mirror = os.environ.get("DEBIAN_MIRROR", "")
    if not keyring.exists():
        keyring = _unpacked("debian-archive-keyring", folder, log) / str(KEYRING).lstrip("/")
    if not mirror and system.ids[:1] == ("debian",):
        mirror = host_mirror(output(["apt-get", "indextargets", "--format", TARGETS]), system)
    if not mirror:
        mirror = _mirror_by_packages(folder, log)
    folder.mkdir(parents=True, exist_ok=True)
    sources = folder / "trixie.sources"
    sources.write_text(sources_text(mirror, keyring))
    apt = Apt(folder / SUITE, log, sources)
    apt.update()
    return apt


def sources_text(mirror: str, keyring: Path) -> str:
    """A deb822 source of Debian 13 for one mirror."""
    return (
        f"Types: deb deb-src\nURIs: {mirror}\nSuites: {SUITE}\nComponents: main\n"
        f"Signed-By: {keyring}\n"
    )


def host_mirror(targets: str, system: System) -> str:
    """Where this Debian takes its own packages from, in the lines that TARGETS asked for.

    Empty when there is no such line: security and third-party sources hold no whole Debian.
    """
    suites = {system.codename, "stable", "oldstable", "testing"} - {""}
    for line in targets.splitlines():
        mirror, _, rest = line.partition(" ")
        suite, _, component = rest.partition(" ")
        if suite in suites and component == "main":
            return mirror
    return ""


def mirror_in(text: str) -> str:
    """The first address of a whole Debian in a file that names some; empty when there is none."""
    addresses = re.findall(r"https?://[^\s\"']+/debian(?=[/\s\"']|$)", text)
    current = [address for address in addresses if "archive" not in address]
    return current[0] if current else ""


def _mirror_by_packages(folder: Path, log: Path) -> str:
    for package, file in HINTS:
        hint = _unpacked(package, folder, log) / file
        if hint.exists() and (mirror := mirror_in(hint.read_text(errors="replace"))):
            return mirror
    raise SetupError("no Debian mirror is known here. Next: give DEBIAN_MIRROR=<its address>.")


def _unpacked(package: str, folder: Path, log: Path) -> Path:
    root = folder / "root" / package
    if not root.exists():
        host(folder / "host", log).download(package, into=folder / "deb")
        root.parent.mkdir(parents=True, exist_ok=True)
        for archive in (folder / "deb").glob(f"{package}_*.deb"):
            run(["dpkg-deb", "-x", archive, root], log=log)
    return root

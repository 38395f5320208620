"""Where set-up puts things; everything outside asks here and never guesses."""

import os
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache"
VENV = CACHE / "venv"
PYTHON = VENV / "bin" / "python"
NODE = VENV / "bin" / "node"
SIM = ROOT / "tools" / "bench" / "sim"
PAGE = ROOT / "gateway" / "page"
NODE_TESTS = ROOT / "tools" / "tests" / "node"
MICROPYTHON = CACHE / "micropython"
FIRMWARE_BIN = MICROPYTHON / "firmware.bin"
FIRMWARE_UF2 = MICROPYTHON / "firmware.uf2"
FIRMWARE_ESP32 = MICROPYTHON / "firmware-esp32.bin"
MICROPYTHON_UNIX = MICROPYTHON / "micropython-unix"
MICROPYTHON_TESTS = MICROPYTHON / "tests"
MOSQUITTO = CACHE / "mosquitto"
POSTGRESQL = CACHE / "postgresql"
STRACE = CACHE / "strace"
CHROMIUM = CACHE / "chromium"
FONTS = Path(__file__).with_name("fonts.conf")
OLDEST_POSTGRESQL = 15
LIBRARIES = ("lib/*-linux-gnu", "usr/lib/*-linux-gnu", "usr/lib/*-linux-gnu/pulseaudio")
"""Where Debian's packages put them; Debian 12 has some below /lib."""


def environment() -> dict[str, str]:
    """The caller's environment with our own programs (python, node, ruff) first on PATH."""
    return {**os.environ, "PATH": f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"}


def mosquitto() -> tuple[Path, dict[str, str]] | None:
    """The broker's program and its environment: the unpacked one, else an installed one."""
    return _program(MOSQUITTO, "usr/sbin/mosquitto")


def strace() -> tuple[Path, dict[str, str]] | None:
    """The tracer and its environment; what it runs must not inherit LD_LIBRARY_PATH."""
    return _program(STRACE, "usr/bin/strace")


def chromium() -> tuple[Path, dict[str, str]] | None:
    """The browser without a window, and its environment; an unpacked one has its own fonts."""
    found = _program(CHROMIUM, "usr/lib/chromium/chromium-headless-shell")
    if found is None or not found[0].is_relative_to(CHROMIUM):
        return found
    program, environment = found
    return program, {**environment, "FONTCONFIG_FILE": str(FONTS)}


def _program(place: Path, path: str) -> tuple[Path, dict[str, str]] | None:
    """A program and its environment: unpacked below `place`, else installed."""
    unpacked = place / "root" / path
    if unpacked.exists():
        return unpacked, _with_libraries(place / "root")
    search = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
    installed = shutil.which(unpacked.name, path=search)
    return (Path(installed), dict(os.environ)) if installed else None


def _with_libraries(root: Path) -> dict[str, str]:
    """The environment in which a program unpacked below `root` finds the libraries beside it."""
    found = [folder for name in LIBRARIES for folder in sorted(root.glob(name))]
    return {**os.environ, "LD_LIBRARY_PATH": ":".join(map(str, found))}


def postgresql() -> tuple[Path, dict[str, str]] | None:
    """The folder of PostgreSQL's programs and their environment: unpacked ones, else installed."""
    root = POSTGRESQL / "root"
    if found := _newest(root / "usr" / "lib"):
        return found, _with_libraries(root)
    on_path = shutil.which("postgres")
    installed = _newest(Path("/usr/lib")) or (Path(on_path).resolve().parent if on_path else None)
    return (installed, dict(os.environ)) if installed else None


def _newest(libraries: Path) -> Path | None:
    """The programs of the newest version, 15 at least, of Debian's packages below `libraries`."""
    found = [program.parent for program in libraries.glob("postgresql/[0-9]*/bin/postgres")]
    versions = {int(folder.parent.name): folder for folder in found}
    newest = max(versions, default=0)
    return versions[newest] if newest >= OLDEST_POSTGRESQL else None

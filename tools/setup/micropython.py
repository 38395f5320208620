"""MicroPython for the bench: the RP2040 firmware and a 32-bit, single-float unix port.

Built from Debian 13's source packages where that is possible; elsewhere, or when the person has
own ones, MICROPYTHON_UF2 and MICROPYTHON_UNIX name files to use instead.
"""

import os
import shutil
import tarfile
from pathlib import Path

from tools.setup import apt, stamps, toolchain
from tools.setup.paths import CACHE, FIRMWARE_BIN, FIRMWARE_UF2, MICROPYTHON_UNIX
from tools.setup.progress import SetupError, run, step
from tools.setup.system import System
from tools.setup.uf2 import flash_image, uf2

VERSION = "1.25.0"
SOURCES = (f"micropython={VERSION}+ds-1", "mbedtls")
BINARIES = ("pico-sdk-source=2.1.1-1", "tinyusb-source")
WORK = CACHE / "micropython-build"
ARCHIVES = WORK / "deb"
TREE = WORK / f"micropython-{VERSION}"
LOG = CACHE / "logs" / "micropython.log"
STEP = "micropython"
EPOCH = "1744675200"
"""2025-04-15, when 1.25.0 was released: the firmware reports this date, not that of its build."""
ASYNCIO = 'include("$(MPY_DIR)/extmod/asyncio")\n'
UNIX_VARIANT = """\
#define MICROPY_FLOAT_IMPL (MICROPY_FLOAT_IMPL_FLOAT)
#define MICROPY_CONFIG_ROM_LEVEL (MICROPY_CONFIG_ROM_LEVEL_EXTRA_FEATURES)
#include "variants/mpconfigvariant_common.h"
"""


def wanted(system: System) -> str:
    """The key of what has to be there. Raises SetupError where it can be neither built nor given.

    The message says how to give one.
    """
    given = [os.environ.get(name, "") for name in ("MICROPYTHON_UF2", "MICROPYTHON_UNIX")]
    if all(given):
        for path in map(Path, given):
            if not path.is_file():
                raise SetupError(f"{path} of MICROPYTHON_UF2/MICROPYTHON_UNIX is no file.")
        return stamps.key(*map(Path, given))
    if any(given) or not system.builds_micropython:
        raise SetupError(
            "MicroPython is built from Debian's packages only on x86-64 Debian 12, 13 or Ubuntu "
            "24.04; elsewhere give both files of a MicroPython 1.25: MICROPYTHON_UF2=<RPI_PICO "
            "firmware .uf2> MICROPYTHON_UNIX=<program of the unix port, 32-bit, single float>."
        )
    return stamps.key(Path(__file__), Path(toolchain.__file__), Path(apt.__file__))


def builds() -> bool:
    """Whether a build is asked for, not files that the environment names."""
    return not os.environ.get("MICROPYTHON_UF2")


def ready(key: str) -> bool:
    """Whether the three files are there and made from this key."""
    return stamps.done(STEP, key, FIRMWARE_BIN, FIRMWARE_UF2, MICROPYTHON_UNIX)


def bring(system: System, key: str) -> None:
    """Build or copy the three files to .cache/micropython, each whole or not at all."""
    if builds():
        with step("MicroPython, built from Debian's sources", 150):
            _build(system, key)
    else:
        _take(Path(os.environ["MICROPYTHON_UF2"]), Path(os.environ["MICROPYTHON_UNIX"]))
    stamps.finish(STEP, key)


def _take(firmware: Path, unix: Path) -> None:
    data = firmware.read_bytes()
    stamps.begin(STEP)
    _place(FIRMWARE_BIN, flash_image(data))
    _place(FIRMWARE_UF2, data)
    _place(MICROPYTHON_UNIX, unix.read_bytes(), mode=0o755)


def _place(target: Path, data: bytes, mode: int = 0o644) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_suffix(f".{os.getpid()}.tmp")
    fresh.write_bytes(data)
    fresh.chmod(mode)
    fresh.replace(target)


def _build(system: System, key: str) -> None:
    """Build in WORK, where a run that was interrupted left what it had finished."""
    major = toolchain.gcc_major()
    key = f"{key} gcc {major}"
    if not stamps.done("begun", key, folder=WORK):
        shutil.rmtree(WORK, ignore_errors=True)
        LOG.unlink(missing_ok=True)
        stamps.finish("begun", key, folder=WORK)
    for name, expected_s, work in (
        ("sources and compilers, 115 MB", 30, lambda: _download(system, major)),
        ("unpack", 20, lambda: _unpack(major)),
        ("unix port", 50, lambda: _build_unix(major)),
        ("RP2040 firmware", 50, _build_rp2),
    ):
        stamp = name.replace(" ", "-")
        if not stamps.done(stamp, key, folder=WORK):
            with step(f"  {name}", expected_s):
                work()
                stamps.finish(stamp, key, folder=WORK)
    image = (WORK / "build-rp2" / "firmware.bin").read_bytes()
    stamps.begin(STEP)
    _place(MICROPYTHON_UNIX, (WORK / "build-unix" / "micropython").read_bytes(), mode=0o755)
    _place(FIRMWARE_BIN, image)
    _place(FIRMWARE_UF2, uf2(image))
    shutil.rmtree(WORK)


def _download(system: System, major: str) -> None:
    try:
        debian = apt.trixie(WORK / "apt", LOG, system)
        debian.download_source(*SOURCES, into=ARCHIVES)
        debian.download(*BINARIES, into=ARCHIVES)
        here = apt.host(WORK / "apt" / "host", LOG)
        here.download(*toolchain.ARM, *toolchain.bits32_packages(major), into=ARCHIVES)
    except SetupError as error:
        raise SetupError(
            f"MicroPython cannot be built: {error} Next: make `apt-get update` work here (or give "
            "DEBIAN_MIRROR=<address>), then run the same command again; or give your own by "
            "MICROPYTHON_UF2=<file> MICROPYTHON_UNIX=<file>."
        ) from error


def _unpack(major: str) -> None:
    """Unpack compilers and sources, and put the libraries where MicroPython looks for them."""
    for name in (TREE.name, "mbedtls", "sdk", "arm", "bits32"):
        shutil.rmtree(WORK / name, ignore_errors=True)
    toolchain.unpack_arm(ARCHIVES, WORK / "arm", LOG)
    toolchain.unpack_bits32(ARCHIVES, WORK / "bits32", major, LOG)
    _untar("micropython", WORK)
    _untar("mbedtls", WORK / "mbedtls")
    for archive in (
        *ARCHIVES.glob("pico-sdk-source_*.deb"),
        *ARCHIVES.glob("tinyusb-source_*.deb"),
    ):
        run(["dpkg-deb", "-x", archive, WORK / "sdk"], log=LOG)
    mbedtls = next((WORK / "mbedtls").glob("*/library")).parent
    for name, place in (
        ("mbedtls", mbedtls),
        ("pico-sdk", WORK / "sdk/usr/src/pico-sdk"),
        ("tinyusb", WORK / "sdk/usr/src/tinyusb"),
    ):
        library = TREE / "lib" / name
        shutil.rmtree(library, ignore_errors=True)
        library.symlink_to(place)
    stripped = TREE / "lib" / "micropython-lib"  # the build only asks whether its README is there
    stripped.mkdir(exist_ok=True)
    (stripped / "README.md").write_text("Not in Debian's package.\n")


def _untar(package: str, into: Path) -> None:
    """Unpack the original tar of a source package, without its tests, which are not built."""
    found = ARCHIVES.glob(f"{package}_*.orig.tar.*")
    archive = next(path for path in found if path.suffix in {".xz", ".bz2", ".gz"})
    with tarfile.open(archive) as packed:
        members = [member for member in packed if "/tests/" not in member.name]
        # Python 3.11.2 of Debian 12 has no filters yet
        packed.extraction_filter = getattr(tarfile, "tar_filter", lambda member, _path: member)
        packed.extractall(into, members)  # noqa: S202 -- apt has checked the archive's signature


def _environment() -> dict[str, str]:
    """Own compilers first; a version of its own, or the build would name this project's commit."""
    path = f"{WORK / 'arm' / 'usr' / 'bin'}:/usr/bin:{os.environ.get('PATH', '')}"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    version = {"MICROPY_GIT_TAG": f"v{VERSION}", "MICROPY_GIT_HASH": "debian"}
    return {**clean, **version, "PATH": path, "LC_ALL": "C.UTF-8", "SOURCE_DATE_EPOCH": EPOCH}


def _build_unix(major: str) -> None:
    env = _environment()
    build = WORK / "build-unix"
    make = ["make", f"-j{os.cpu_count() or 1}"]
    variant = WORK / "variant"
    variant.mkdir(exist_ok=True)
    (variant / "mpconfigvariant.h").write_text(UNIX_VARIANT)
    (variant / "mpconfigvariant.mk").write_text("")
    (WORK / "unix.py").write_text(ASYNCIO)
    run([*make, "-C", TREE / "mpy-cross"], log=LOG, env=env)
    run(
        [
            *make, "-C", TREE / "ports" / "unix", f"BUILD={build}", f"VARIANT_DIR={variant}",
            f"FROZEN_MANIFEST={WORK / 'unix.py'}", "MICROPY_PY_BTREE=0", "MICROPY_PY_FFI=0",
            "MICROPY_FORCE_32BIT=1", *toolchain.bits32_flags(WORK / "bits32", major),
        ],
        log=LOG, env=env,
    )  # fmt: skip


def _build_rp2() -> None:
    port, build = TREE / "ports" / "rp2", WORK / "build-rp2"
    env = {**_environment(), "LDFLAGS": f"-L{WORK / 'arm' / 'stub'}"}
    (WORK / "rp2.py").write_text('freeze("$(PORT_DIR)/modules")\n' + ASYNCIO)
    run(
        [
            "cmake", "-S", port, "-B", build, "-DMICROPY_BOARD=RPI_PICO", "-DPICO_NO_PICOTOOL=1",
            f"-DMICROPY_BOARD_DIR={port / 'boards' / 'RPI_PICO'}",
            f"-DMICROPY_FROZEN_MANIFEST={WORK / 'rp2.py'}",
        ],
        log=LOG, env=env,
    )  # fmt: skip
    run(["make", f"-j{os.cpu_count() or 1}", "-C", build], log=LOG, env=env)

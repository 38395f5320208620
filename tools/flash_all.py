"""Installs a batch of units one after another, as their boards are plugged in.

    python -m tools.flash_all FOLDER BOARD

FOLDER is what `lamplighter device import` wrote: a device.json for each unit, in the order of its
devices.csv. Each board that is plugged in gets the firmware, and the file of the next unit; its
label is the next of labels.pdf. What is done stands in FOLDER/flashed.csv: run again, it goes on
from there, and a board that holds a unit of the folder already keeps it.
"""

import argparse
import csv
import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from tools import flash
from tools.build import BuildError
from tools.flash import FlashError

DONE = "flashed.csv"
LIST = "devices.csv"
LOOK_S = 0.5
READ_IDENTITY = """\
import json
try:
    print(json.dumps(["device", json.load(open("/device.json"))["dev_eui"]]))
except (OSError, ValueError, KeyError):
    print(json.dumps(["device", ""]))
"""


class Bench(Protocol):
    """Where boards are plugged in; `Usb` is the real one."""

    def ports(self) -> set[str]:
        """The ports of the boards that are plugged in now."""
        ...

    def identity(self, port: str) -> str:
        """The DevEUI in a board's device.json, empty without one. Raises FlashError."""
        ...

    def install(self, port: str, unit: Path) -> None:
        """Firmware, device.json, start. Raises FlashError."""
        ...


class Usb:
    """Boards on USB ports, by mpremote."""

    def __init__(self, board: str) -> None:
        self.board = board

    def ports(self) -> set[str]:
        """See Bench."""
        return flash.ports()

    def identity(self, port: str) -> str:
        """See Bench."""
        said = flash.mpremote(port, "exec", READ_IDENTITY)
        lines = [line for line in said.splitlines() if line.startswith('["device"')]
        return json.loads(lines[-1])[1] if lines else ""

    def install(self, port: str, unit: Path) -> None:
        """See Bench. The unit's file comes first: the firmware finds it when it starts."""
        flash.mpremote(port, "fs", "cp", str(unit), ":/device.json")
        flash.flash(self.board, port)


class Batch:
    """The units of a folder and what is done of them. Raises FlashError for a folder that is none.

    order: DevEUIs.  names: by DevEUI.  done: those whose boards are installed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            rows = list(csv.DictReader((folder / LIST).read_text().splitlines()))
            self.names = {row["dev_eui"]: row["name"] for row in rows}
        except (OSError, KeyError) as error:
            raise FlashError(
                f"{folder} has no {LIST} of `lamplighter device import`: name the folder of "
                "its --output."
            ) from error
        self.order = [eui for eui in self.names if self.file(eui).exists()]
        self.done = [eui for eui in self._noted() if eui in self.names]

    def file(self, dev_eui: str) -> Path:
        """The device.json of a unit."""
        return self.folder / f"{dev_eui}.json"

    def _noted(self) -> list[str]:
        path = self.folder / DONE
        lines = path.read_text().splitlines() if path.exists() else []
        return [line.split(",")[0] for line in lines]

    def next(self) -> str | None:
        """The unit whose turn it is, None when all are done."""
        return next((eui for eui in self.order if eui not in self.done), None)

    def note(self, dev_eui: str, port: str) -> None:
        """A unit is installed: written before the next one starts."""
        with (self.folder / DONE).open("a") as file:
            file.write(f"{dev_eui},{self.names[dev_eui]},{port}\n")
            file.flush()
        self.done.append(dev_eui)


def run(
    batch: Batch, bench: Bench, say: Callable[[str], None], wait: Callable[[], None]
) -> Iterator[str]:
    """Install each board that appears, until all units are done; yields DevEUIs as they are done.

    say: a line for the person.  wait: called before the ports are looked at again.
    """
    known: set[str] = set()
    told = ""
    while (unit := batch.next()) is not None:
        present = set(bench.ports())
        known &= present  # unplugged: the next board may get the same port
        fresh = sorted(present - known)
        if fresh:
            known.add(fresh[0])
            if dev_eui := _install(batch, bench, fresh[0], unit, say):
                yield dev_eui
            continue
        count = f"{len(batch.done) + 1} of {len(batch.order)}"
        line = f"{count}: plug in the board for {_named(batch, unit)}"
        if line != told:
            say(line)
            told = line
        wait()


def _named(batch: Batch, dev_eui: str) -> str:
    return f"{batch.names[dev_eui]} ({dev_eui})"


def _install(batch: Batch, bench: Bench, port: str, unit: str, say: Callable[[str], None]) -> str:
    """The DevEUI that the board has now; empty where it failed, which is said."""
    try:
        present = bench.identity(port)
        if present in batch.done:
            say(f"{port} is {_named(batch, present)}, done before: unplug it.")
            return ""
        if present and present not in batch.names:
            say(f"{port} holds the unit {present}, which is not of this batch: unplug it.")
            return ""
        unit = present or unit  # it was cut off before it was noted
        say(f"{port}: installing {_named(batch, unit)} ...")
        bench.install(port, batch.file(unit))
        batch.note(unit, port)
    except FlashError as error:
        say(f"{error} Then unplug it and plug it in.")
        return ""
    say(f"{len(batch.done)} of {len(batch.order)}: {_named(batch, unit)} is done; unplug it.")
    return unit


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line; 0 when all units are installed."""
    parser = argparse.ArgumentParser(prog="tools.flash_all", description="Install a batch.")
    parser.add_argument("folder", type=Path, help="as `lamplighter device import --output`")
    parser.add_argument("board", help="a name in boards/, e.g. pico_lora_sx1262")
    options = parser.parse_args(arguments)
    try:
        flash.build.staged_files(options.board)
        batch = Batch(options.folder)
        for _ in run(batch, Usb(options.board), print, lambda: time.sleep(LOOK_S)):
            pass
    except (FlashError, BuildError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped; run it again to go on", file=sys.stderr)
        return 130
    print(f"all {len(batch.order)} units are installed")
    return 0


if __name__ == "__main__":
    sys.exit(main())

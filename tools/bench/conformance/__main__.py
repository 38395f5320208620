"""Run from the command line: one line a folder, then each test that failed with its first line."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections import Counter
from pathlib import Path

from tools.bench.conformance.board import Board
from tools.bench.conformance.expected import passes
from tools.setup import micropython_tests
from tools.setup.paths import MICROPYTHON_TESTS
from tools.setup.progress import SetupError
from tools.setup.system import detect

LEFT_OUT = b"import unittest"
"""The library is none of MicroPython's own repository."""


def chosen(names: list[str]) -> list[Path]:
    """The test files of folders and names. Raises SetupError for one that is not there."""
    found: list[Path] = []
    for name in names or list(micropython_tests.FOLDERS):
        path = MICROPYTHON_TESTS / name
        if not path.exists():
            known = ", ".join(micropython_tests.FOLDERS)
            raise SetupError(f"there is no test {name}: name one of {known}, or FOLDER/NAME.py.")
        found += sorted(path.glob("*.py")) if path.is_dir() else [path]
    return found


async def verdict(board: Board, test: Path) -> tuple[str, str]:
    """("passed", "failed", "skipped" by itself, or "left out", and what it printed)."""
    source = await asyncio.to_thread(test.read_bytes)
    if LEFT_OUT in source:
        return "left out", ""
    printed = await board.run(source)
    if printed is None:
        return "failed", "it did not end"
    if printed.startswith("SKIP"):
        return "skipped", printed
    return ("passed" if await asyncio.to_thread(passes, test, printed) else "failed"), printed


async def run(name: str, tests: list[Path]) -> int:
    """Runs tests on a board; the number of those that failed."""
    counts: dict[str, Counter[str]] = {}
    failed: list[str] = []
    async with Board(name) as board:
        for test in tests:
            result, printed = await verdict(board, test)
            counts.setdefault(test.parent.name, Counter())[result] += 1
            if result == "failed":
                last = (printed.strip() or "nothing").splitlines()[-1]
                failed.append(f"{test.parent.name}/{test.name}: last line {last!r}")
    for folder, count in counts.items():
        print(f"{folder}: {', '.join(f'{n} {kind}' for kind, n in sorted(count.items()))}")
    for line in failed:
        print(line)
    return len(failed)


def main(arguments: list[str] | None = None) -> int:
    """0: all passed or were skipped by themselves; 1: some failed; 2: the tests cannot be had."""
    parser = argparse.ArgumentParser(prog="tools.bench.conformance", description=__doc__)
    parser.add_argument("--board", default="t_beam", help="a file in boards/")
    parser.add_argument("tests", nargs="*", help="folders or FOLDER/NAME.py; all without")
    options = parser.parse_args(arguments)
    try:
        key = micropython_tests.wanted()
        if not micropython_tests.ready(key):
            micropython_tests.bring(detect(), key)
        tests = chosen(options.tests)
    except SetupError as error:
        print(error, file=sys.stderr)
        return 2
    return 1 if asyncio.run(run(options.board, tests)) else 0


if __name__ == "__main__":
    sys.exit(main())

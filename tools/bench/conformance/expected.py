"""What a test of MicroPython prints where it passes."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tools.setup.paths import MICROPYTHON_UNIX

LONGEST_S = 30
ANY_LINES = "########"
"""A line of an .exp file that stands for any number of lines (MicroPython, tests/README.md)."""


def passes(test: Path, printed: str) -> bool:
    """Whether this is what the test prints: its .exp file, else CPython, else the unix port."""
    return any(_equal(_clean(printed), _clean(one)) for one in _expected(test))


def _expected(test: Path) -> Iterator[str]:
    recorded = test.with_name(f"{test.name}.exp")
    yield recorded.read_text(errors="replace") if recorded.exists() else _run(sys.executable, test)
    yield _run(str(MICROPYTHON_UNIX), test)


def _run(program: str, test: Path) -> str:
    try:
        done = subprocess.run(
            [program, test.name], cwd=test.parent, timeout=LONGEST_S, check=False,
            capture_output=True, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return "it did not end"
    return done.stdout.decode(errors="replace")


def _clean(text: str) -> str:
    return re.sub(r'File ".*?"', 'File ""', text.replace("\r\n", "\n")).strip()


def _equal(printed: str, wanted: str) -> bool:
    if ANY_LINES not in wanted:
        return printed == wanted
    parts = [re.escape(part) for part in re.split(rf"{ANY_LINES}\n?", wanted)]
    return re.fullmatch("(?:.*\n)*?".join(parts), printed) is not None

"""CSV files: a history, read with an error by line; a forecast, written whole or not at all."""

import csv
import io
import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from gateway.errors import Refused

SHOWN = 5
"""So many wrong lines are named; the rest are counted."""
Line = tuple[int, dict[str, str]]


class Table(Struct):
    """Rows of a file. lines: (line number, {column: text}).  notes: sentences for who wrote it."""

    lines: list[Line]
    notes: list[str]


def read(path: Path, needed: Sequence[str], known: Collection[str] = ()) -> Table:
    """The rows of a CSV; a column that is neither `needed` nor `known` is named in the notes.

    Raises Refused where the file cannot be read, has no rows or lacks a column of `needed`.
    """
    reader = csv.DictReader(_text(path, needed).splitlines(), restval="")
    columns = [str(name) for name in reader.fieldnames or ()]
    lacking = [name for name in needed if name not in columns]
    if lacking:
        raise Refused(
            f"{path}: the first line lacks {', '.join(lacking)} (it has {', '.join(columns)}); "
            f"who writes the file names the columns {', '.join(needed)}",
            "history",
        )
    unread = [name for name in columns if name not in {*needed, *known}]
    notes = [f"{path.name}: nothing reads the columns {', '.join(unread)}"] * bool(unread)
    lines = [(reader.line_num, row) for row in reader]
    if not lines:
        raise Refused(
            f"{path} has no row: a forecast needs a history; who keeps it writes what was counted "
            "or collected so far",
            "history",
        )
    return Table(lines, notes)


def _text(path: Path, needed: Sequence[str]) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise Refused(
            f"{path} is not there: who keeps the history writes it, a CSV with the columns "
            f"{', '.join(needed)}",
            "history",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"{path} cannot be read as UTF-8 text: {error}", "history") from None


class Wrong:
    """Collects what is wrong in a file, by line; `end` raises it at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._said: list[str] = []

    def add(self, line: int, sentence: str) -> None:
        """Note one line."""
        self._said.append(f"line {line}: {sentence}")

    def end(self) -> None:
        """Raise Refused when any line is wrong."""
        if self._said:
            more = len(self._said) - SHOWN
            shown = self._said[:SHOWN] + [f"and {more} lines more"] * (more > 0)
            listed = "\n".join(shown)
            raise Refused(
                f"{self._path}: who writes the file corrects these lines\n{listed}", "history"
            )


def local(text: str) -> datetime:
    """An ISO local time without offset. Raises ValueError with a sentence."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no ISO time such as 2016-07-20T06:00:00") from None
    if time.tzinfo is not None:
        raise ValueError(f"{text!r} has an offset, but this column is local time without one")
    return time


def number(row: dict[str, str], name: str, least: float, most: float) -> float:
    """A column of a row. Raises ValueError with a sentence."""
    try:
        value = float(row[name])
    except ValueError:
        raise ValueError(f"{name} is {row[name]!r}, which is no number") from None
    if not least <= value <= most:
        raise ValueError(f"{name} is {value:g}, outside of {least:g} to {most:g}")
    return value


def write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a CSV as `replace` does; numbers with four digits. Raises Refused."""
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(columns)
    out.writerows(_shown(rows))
    replace(path, text.getvalue().encode())


def replace(path: Path, data: bytes) -> None:
    """Write a file; a reader sees the old one or the whole new one. Raises Refused."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        fresh.write_bytes(data)
        fresh.replace(path)
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror}", "out") from None


def _shown(rows: Iterable[Sequence[object]]) -> Iterator[list[object]]:
    for row in rows:
        yield [f"{one:.4g}" if isinstance(one, float) else one for one in row]

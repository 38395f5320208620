"""A list of devices as CSV: read whole or refused with every line that is wrong.

The first line names the columns: `name` and `profile` must be there. Commas or semicolons, with or
without a byte order mark, as spreadsheets write them. Keys that are not given are made; a list
that is written has none.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from gateway import csv_lines, limits
from gateway.csv_lines import MAKER
from gateway.errors import Refused
from gateway.model import Device
from gateway.provisioning import PROFILES, Wanted

COLUMNS = (
    "name", "profile", "dev_eui", "join_eui", "app_key", "report_s", "sample_s", "asset",
)  # fmt: skip
WRITTEN = ("name", "profile", "dev_eui", "join_eui", "report_s", "asset")
_DIGITS = {"dev_eui": 16, "join_eui": 16, "app_key": 32}
_ROUNDED = re.compile(r"\d+([.,]\d+)?[eE]\+\d+|\d+[.,]\d+[eE]\d+")
"""A number as a spreadsheet shows it when it has too many digits."""
_FORMULA = "=+-@"


class DeviceList(Struct, frozen=True):
    """What was read: (line, what it asks for), and what was unusual, one sentence each."""

    wanted: tuple[tuple[int, Wanted], ...]
    notes: tuple[str, ...]


def read(raw: bytes) -> DeviceList:
    """Read a list. Raises Refused with a sentence for each line that is wrong."""
    lines, notes = csv_lines.read(raw)
    columns = csv_lines.columns(*lines[0], COLUMNS, ("name", "profile"))
    if len(lines) == 1:
        raise Refused(f"the list has no device below its first line: {MAKER} adds them", "file")
    csv_lines.end(list(_wrong(columns, lines[1:])))
    return DeviceList(
        tuple((number, _wanted(columns, cells)) for number, cells in lines[1:]), tuple(notes)
    )


def _wrong(columns: list[str], lines: Iterable[tuple[int, list[str]]]) -> Iterator[str]:
    """A sentence for each thing that is wrong."""
    first: dict[tuple[str, str], int] = {}
    for line, cells in lines:
        if len(cells) != len(columns):
            yield (
                f"line {line}: {len(cells)} cells, the first line has {len(columns)} columns; "
                f"{MAKER} quotes text that has a separator in it"
            )
            continue
        for column, cell in zip(columns, cells, strict=True):
            said = _cell(column, cell)
            if said:
                yield f"line {line}: {said}"
                continue
            key = column, _plain(cell) if column in _DIGITS else cell.casefold()
            if column in {"name", "dev_eui", "app_key", "asset"} and cell:
                before = first.setdefault(key, line)
                if before != line:
                    shown = "" if column == "app_key" else f" {cell}"
                    yield (
                        f"line {line}: the {column}{shown} is that of line {before} too; "
                        f"{MAKER} gives one of them its own"
                    )


def _cell(column: str, cell: str) -> str:
    """What is wrong with a cell, and who acts next; empty when nothing is."""
    if column in {"name", "profile"} and not cell:
        return f"the {column} is empty; {MAKER} fills it in"
    if column in _DIGITS and cell:
        return _hex(column, cell)
    if column == "profile" and cell not in PROFILES:
        return f"there is no profile {cell!r}; use one of {', '.join(PROFILES)}"
    if column in {"name", "asset"}:
        return _named(column, cell)
    if column in {"report_s", "sample_s"} and cell:
        low, high = limits.number(column)
        if not cell.isascii() or not cell.isdigit() or not low <= int(cell) <= high:
            return f"{column} is {cell!r}; {MAKER} gives a whole number from {low} to {high}"
    return ""


def _named(column: str, cell: str) -> str:
    most = limits.LIMITS[column][0]
    if len(cell) > most:
        return f"the {column} has {len(cell)} characters; {MAKER} shortens it to {most}"
    if cell[:1] in _FORMULA and cell:
        return f"{column} begins with {cell[0]!r}, a spreadsheet computes it; {MAKER} changes it"
    if column == "asset" and not re.fullmatch(r"[0-9A-Za-z./-]*", cell):
        return f"asset is {cell!r}; {MAKER} uses letters, digits, - . / alone"
    return ""


def _hex(column: str, cell: str) -> str:
    """A key's digits are not repeated."""
    shown = "" if column == "app_key" else f" {cell!r}"
    if _ROUNDED.fullmatch(cell):
        return (
            f"a spreadsheet made a number of the {column}{shown}, its digits are lost; {MAKER} "
            "formats the column as text and enters it again"
        )
    plain = _plain(cell)
    if re.fullmatch(rf"[0-9a-f]{{{_DIGITS[column]}}}", plain):
        return ""
    zeros = ", perhaps zeros in front were cut off" if plain.isdigit() else ""
    return (
        f"the {column}{shown} has {len(plain)} characters{zeros}; {MAKER} gives "
        f"{_DIGITS[column]} hexadecimal digits, in a column formatted as text"
    )


def _plain(cell: str) -> str:
    return re.sub(r"[-: ]", "", cell).lower()


def _wanted(columns: list[str], cells: list[str]) -> Wanted:
    row = {column: cell for column, cell in zip(columns, cells, strict=True) if cell}
    keys = {name: _plain(row[name]) for name in _DIGITS if name in row}
    settings: dict[str, Any] = {
        name: int(row[name]) for name in ("report_s", "sample_s") if name in row
    }
    asset = row.get("asset", "").upper()
    if asset:
        settings["asset"] = asset
    return Wanted(
        name=row["name"],
        profile=row["profile"],
        dev_eui=keys.get("dev_eui"),
        join_eui=keys.get("join_eui"),
        app_key=keys.get("app_key"),
        settings=settings,
        asset=asset,
        in_service=False,
    )


def write(devices: Iterable[Device]) -> str:
    """A list of our own boards, without keys, that `read` takes."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(WRITTEN)
    for one in devices:
        cells = (one.name, one.profile, one.dev_eui, one.join_eui, one.report_s, one.asset)
        rows.writerow(
            [f"'{cell}" if str(cell)[:1] in _FORMULA and cell else cell for cell in cells]
        )
    return out.getvalue()

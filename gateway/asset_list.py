"""A list of assets as CSV: read whole or refused with every line that is wrong; and written.

Columns: `id`, `kind`, `lat`, `lon` (WGS 84, degrees), and where they are known `street`, `zone`,
`model`, `capacity`, `floor_class`, `dev_eui`. A list that is written is one that can be read.
"""

import re
from collections.abc import Iterable, Sequence

from gateway import csv_lines, csv_text
from gateway.assets import CLASS, ID, TEXT, Listed, position_wrong
from gateway.csv_lines import MAKER
from gateway.errors import Refused
from gateway.records import KINDS, Asset

COLUMNS = (
    "id", "kind", "lat", "lon", "street", "zone", "model", "capacity", "floor_class", "dev_eui",
)  # fmt: skip
NEEDED = ("id", "kind", "lat", "lon")
METRES = {"x", "y", "x_m", "y_m", "easting", "northing"}


def read(raw: bytes) -> tuple[list[Listed], list[str]]:
    """The assets of a list, and what was unusual. Raises Refused."""
    lines, notes = csv_lines.read(raw)
    number, names = lines[0]
    if METRES & {name.lower() for name in names}:
        raise csv_lines.refused(
            number, "x and y are metres of a map's grid", f"{MAKER} exports lat and lon, WGS 84"
        )
    columns = csv_lines.columns(number, names, COLUMNS, NEEDED)
    wrong: list[str] = []
    listed: list[Listed] = []
    for line, cells in lines[1:]:
        if len(cells) != len(columns):
            said = f"{len(cells)} cells, the first line has {len(columns)} columns"
            wrong.append(f"line {line}: {said}; {MAKER} quotes text that has a separator in it")
            continue
        one = dict(zip(columns, map(_plain, cells), strict=True))
        try:
            listed.append(made(line, one))
        except Refused as error:
            wrong.append(str(error))
    csv_lines.end([*wrong, *twice(listed)])
    return listed, notes


def _plain(cell: str) -> str:
    """Without the apostrophe that keeps a spreadsheet from computing the rest."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(csv_text.COMPUTED) else cell


def made(line: int, row: dict[str, str]) -> Listed:
    """One asset of the texts of a list. Raises Refused that names line and column."""
    lat, lon = (_number(line, row, name) for name in ("lat", "lon"))
    capacity = _number(line, row, "capacity") if row.get("capacity") else None
    asset = Asset(
        id=row.get("id", "").upper(),
        kind=row.get("kind", ""),  # pyright: ignore[reportArgumentType] - checked below
        lat=lat,
        lon=lon,
        street=row.get("street", ""),
        zone=row.get("zone", ""),
        model=row.get("model", ""),
        capacity=capacity,
        floor_class=row.get("floor_class", "").upper(),
    )
    eui = re.sub(r"[-: ]", "", row.get("dev_eui", "")).lower()
    said = _wrong(asset, eui)
    if said:
        raise Refused(f"line {line}: {said}", "file")
    return Listed(line, asset, eui)


def _number(line: int, row: dict[str, str], name: str) -> float:
    text = row.get(name, "").replace(",", ".")
    if not re.fullmatch(r"-?\d{1,9}(\.\d*)?", text):
        said = f"line {line}: {name} is {row.get(name, '')[:50]!r}, not a number"
        raise Refused(f"{said}; {MAKER} corrects it", "file")
    return float(text)


def _wrong(asset: Asset, eui: str) -> str:
    """What is wrong with an asset, and who acts next; empty when nothing is."""
    checks = (_wrong_name, _wrong_facts)
    return next((said for check in checks if (said := check(asset, eui))), "")


def _wrong_name(asset: Asset, eui: str) -> str:
    if not ID.fullmatch(asset.id):
        return f"id is {asset.id[:50]!r}; {MAKER} uses 1 to 24 letters, digits and - . / alone"
    if asset.kind not in KINDS:
        return f"kind is {asset.kind[:50]!r}; {MAKER} uses one of {', '.join(KINDS)}"
    if eui and not re.fullmatch(r"[0-9a-f]{16}", eui):
        return f"dev_eui is {eui[:50]!r}; {MAKER} gives 16 hexadecimal digits, formatted as text"
    return ""


def _wrong_facts(asset: Asset, _eui: str) -> str:
    if not CLASS.fullmatch(asset.floor_class):
        return f"floor_class is {asset.floor_class[:20]!r}; {MAKER} uses M1-M6, C0-C5 or P1-P6"
    if asset.capacity is not None and not 0 <= asset.capacity <= 1e6:
        return f"capacity is {asset.capacity:g}; {MAKER} gives 0 to 1000000"
    long = [name for name in ("street", "zone", "model") if len(getattr(asset, name)) > TEXT]
    if long:
        return f"{long[0]} has more than {TEXT} characters; {MAKER} shortens it"
    return position_wrong(asset.lat, asset.lon)


def twice(listed: Sequence[Listed]) -> list[str]:
    """A sentence for each asset that is in the list again."""
    first: dict[str, int] = {}
    return [
        f"line {one.line}: {one.asset.id} is in line {first[one.asset.id]} too; {MAKER} deletes "
        "one of them"
        for one in listed
        if first.setdefault(one.asset.id, one.line) != one.line
    ]


def write(assets: Iterable[Asset]) -> str:
    """A list that `read` takes; a spreadsheet computes no text in it."""
    cells = (
        (
            one.id, one.kind, f"{one.lat:.7f}", f"{one.lon:.7f}", one.street, one.zone, one.model,
            one.capacity, one.floor_class, one.dev_eui,
        )
        for one in assets
    )  # fmt: skip
    return csv_text.rows([COLUMNS, *([_signed(cell) for cell in row] for row in cells)]).decode()


def _signed(cell: object) -> object:
    """A negative number as a number: as text it would get an apostrophe."""
    return float(cell) if isinstance(cell, str) and re.fullmatch(r"-\d+\.\d+", cell) else cell

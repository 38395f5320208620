"""The lines of a CSV list, as spreadsheets write it: what is wrong is told by line, all at once.

Commas or semicolons, UTF-8 with or without a byte order mark. The first line names the columns.
"""

import csv
import difflib
import io
from collections.abc import Sequence

from gateway.errors import Refused

MAKER = "whoever made the list"
MOST_SHOWN = 20
MOST_BYTES = 4_000_000
Line = tuple[int, list[str]]


def read(raw: bytes) -> tuple[list[Line], list[str]]:
    """(number, cells) of each line that is not empty, and what was unusual. Raises Refused.

    There is at least the line that names the columns.
    """
    text, notes = decoded(raw)
    header, _, _ = text.partition("\n")
    delimiter = ";" if ";" in header and "," not in header else ","
    if delimiter == ";":
        notes.append("line 1: the columns are separated by semicolons; read as such")
    rows = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    try:
        lines = [(rows.line_num, [cell.strip() for cell in row]) for row in rows if any(row)]
    except csv.Error as error:
        raise refused(rows.line_num, f"{error}", f"{MAKER} saves it as CSV again") from None
    if not lines:
        raise Refused(f"the list is empty: {MAKER} writes the names of the columns first", "file")
    return lines, notes


def decoded(raw: bytes) -> tuple[str, list[str]]:
    """The text of a file, and what was unusual. Raises Refused."""
    notes: list[str] = []
    if len(raw) > MOST_BYTES:
        raise Refused(f"the list has more than {MOST_BYTES} bytes: {MAKER} splits it", "file")
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise refused(1, "the file is UTF-16", f"{MAKER} saves it as CSV UTF-8")
    if raw.startswith(b"\xef\xbb\xbf"):
        raw = raw[3:]
        notes.append("line 1: begins with a byte order mark; left out")
    try:
        return raw.decode(), notes
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise refused(line, "a character is not UTF-8", f"{MAKER} saves it as CSV UTF-8") from None


def refused(line: int, what: str, act: str) -> Refused:
    """What is wrong with one line, and who acts next."""
    return Refused(f"line {line}: {what}; {act}", "file")


def columns(
    line: int, names: Sequence[str], known: Sequence[str], needed: Sequence[str]
) -> list[str]:
    """The columns of the first line. Raises Refused for one that is not known or is missing."""
    found = [name.lower().replace(" ", "_") for name in names]
    for name in found:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1, 0.5)
            meant = f"did you mean {near[0]}? " if near else ""
            raise refused(line, f"there is no column {name!r}", f"{meant}use {', '.join(known)}")
        if found.count(name) > 1:
            raise refused(line, f"the column {name} is there twice", f"{MAKER} deletes one")
    for name in needed:
        if name not in found:
            raise refused(line, f"the column {name} is missing", f"{MAKER} adds it")
    return found


def end(wrong: Sequence[str]) -> None:
    """Raise Refused with the sentences of all that is wrong, if there are any."""
    if wrong:
        more = [f"and {len(wrong) - MOST_SHOWN} more"] if len(wrong) > MOST_SHOWN else []
        raise Refused("\n".join([*wrong[:MOST_SHOWN], *more]), "file")

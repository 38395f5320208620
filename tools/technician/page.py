"""A technician's text on one sheet."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from gateway.pdf import A4_MM, Page, document
from tools.technician.widths import width_pt

FOLDER = Path(__file__).parent
LEFT_MM = 15.0
RIGHT_MM = 197.0
BOTTOM_MM = 285.0
_TEXT_MM = 50.0
"""Where the second column begins, unless what is typed is longer."""
_PT_MM = 72 / 25.4


MARKS = {"", "#", "##", "-"}
"""Of lines without a command: sentence, title, section, sentence."""


class Style(NamedTuple):
    """size_pt: of the letters.  step_mm: down from the line before."""

    size_pt: float
    step_mm: float


_TITLE = Style(17, 18)
_SECTION = Style(11.5, 9)
_ROW = Style(8.8, 5.4)


class PageError(Exception):
    """A line or a page does not fit; the message says which."""


def languages() -> list[str]:
    """Those that have a text."""
    return sorted(path.stem for path in FOLDER.glob("*.txt"))


def rows(language: str) -> Iterator[tuple[str, str]]:
    """(what is typed, what it does); of other lines (their mark, the text)."""
    for line in (FOLDER / f"{language}.txt").read_text().splitlines():
        typed, bar, text = line.partition(" | ")
        mark, _, rest = line.partition(" ")
        if bar:
            yield typed, text
        elif mark in MARKS:
            yield mark, rest
        elif line:
            yield "", line


def commands(language: str) -> list[str]:
    """What the page says to type, in its order."""
    found: list[str] = []
    for typed, text in rows(language):
        found += [typed] if typed not in MARKS else []
        found += re.findall("`([^`]+)`", text)
    return found


def pdf(language: str) -> bytes:
    """The file. Raises PageError where a line or the whole is too long for its sheet."""
    page = Page()
    y_mm = 0.0
    for typed, text in rows(language):
        style = {"#": _TITLE, "##": _SECTION}.get(typed, _ROW)
        y_mm += style.step_mm
        x_mm = LEFT_MM
        if typed not in MARKS:
            x_mm = max(_TEXT_MM, _line(page, LEFT_MM, y_mm, style, typed) + 3)
        _line(page, x_mm, y_mm, style, text.replace("`", ""))
    if y_mm > BOTTOM_MM:
        raise PageError(f"{language}.txt ends at {y_mm:.0f} mm of {A4_MM[1]:.0f}: shorten it.")
    return document([page])


def _line(page: Page, x_mm: float, y_mm: float, style: Style, text: str) -> float:
    """Where it ends, in mm."""
    end_mm = x_mm + width_pt(text, style.size_pt) / _PT_MM
    if end_mm > RIGHT_MM:
        over = f"{end_mm - RIGHT_MM:.0f} mm too long"
        raise PageError(f"{text!r} is {over}: shorten it, or break it with `- `.")
    page.text(x_mm, y_mm, style.size_pt, text)
    return end_mm

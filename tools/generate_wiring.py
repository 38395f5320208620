"""A picture of each board file: which GPIO goes to which terminal of a sensor or of the lamp.

Rows of the board and of its parts stand at the same height, so that no wire crosses another.
"""

from collections.abc import Iterator, Mapping
from html import escape
from textwrap import wrap
from typing import Any, NamedTuple

SWITCHED = "3V3, by a load switch"
SWITCH = "EN of the load switch"
"""A GPIO does not supply a sensor: it enables what does."""
TERMINALS = {
    "tx": "RX", "rx": "TX", "pin": "OUT", "pin_b": "OUT, inner", "adc": "OUT", "power": SWITCH,
}  # fmt: skip
"""Wire of the board -> the terminal of the part at its other end, where it is called otherwise."""
SENSOR_WIRES = (
    "power", "tx", "rx", "sda", "scl", "sck", "mosi", "miso", "cs", "adc", "pin", "pin_b",
)  # fmt: skip
OUTSIDE_PINS = ("lamp",)
"""Those of PINS that leave the board; all others are wired on it."""
ROW = 22
HEAD = 34
GAP = 18
LEFT = 30
BOARD = 270
PART = 560
RIGHT = 760
TOP = 64
FOOT = 105
"""Characters in a line below the board."""
COLOURS = {"3V3": "#c62828", "GND": "#212121", SWITCHED: "#c62828"}
SIGNALS = ("#1565c0", "#2e7d32", "#ef6c00", "#6a1b9a")


class Line(NamedTuple):
    """One wire: what is written at the board, and at the part."""

    here: str
    there: str


class Part(NamedTuple):
    """One part outside the board."""

    title: str
    lines: tuple[Line, ...]


def parts(constants: Mapping[str, Any]) -> Iterator[Part]:
    """What is wired to a board. constants: the literals of its file."""
    for role, entry in constants["SENSORS"].items():
        wires = [name for name in SENSOR_WIRES if name in entry]
        lines = [Line("3V3", SWITCHED if "power" in wires else "3V3"), Line("GND", "GND")]
        lines += [
            Line(f"GP{entry[name]} {name}", TERMINALS.get(name, name.upper())) for name in wires
        ]
        yield Part(f"{role}: {entry['chip'].upper()}", tuple(lines))
    for name in OUTSIDE_PINS:
        if name in constants["PINS"]:
            gpio = constants["PINS"][name]
            yield Part(f"{name}: dimmer input", (Line("GND", "GND"), Line(f"GP{gpio} PWM", "DIM")))


def on_board(constants: Mapping[str, Any]) -> str:
    """The pins that the product itself uses, for the foot of the picture."""
    pins = constants["PINS"]
    return ", ".join(f"{name} GP{pins[name]}" for name in pins if name not in OUTSIDE_PINS)


def svg(constants: Mapping[str, Any]) -> str:
    """The picture of one board."""
    y = TOP
    drawn: list[str] = []
    for part in parts(constants):
        drawn += _part(part, y)
        y += HEAD + ROW * len(part.lines) + GAP
    name = constants["NAME"]
    foot = wrap(f"On the board already: {on_board(constants)}.", FOOT)
    foot += wrap(f"Source: {constants['SOURCE']}.", FOOT)
    size = f"0 0 {RIGHT + LEFT} {y + 28 + 20 * len(foot)}"
    text = 'font-family="sans-serif" font-size="14" role="img"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{size}" {text}>',
        f"<title>Wiring of {escape(name)}</title>",
        "<!-- Made by python -m tools.generate from the board file; never edited. -->",
        '<rect width="100%" height="100%" fill="#ffffff"/>',
        _box(LEFT, 20, BOARD, y, "#e8f5e9", "#1b5e20"),
        _bold(LEFT + 12, 44, name),
        *drawn,
    ]
    lines += [_small(y + 28 + 20 * at, sentence) for at, sentence in enumerate(foot)]
    return "\n".join([*lines, "</svg>", ""])


def _box(left: int, top: int, right: int, bottom: int, *colours: str) -> str:
    fill, stroke = colours
    place = f'x="{left}" y="{top}" width="{right - left}" height="{bottom - top}"'
    return f'<rect {place} rx="8" fill="{fill}" stroke="{stroke}"/>'


def _bold(x: int, y: int, text: str) -> str:
    return f'<text x="{x}" y="{y}" font-weight="bold">{escape(text)}</text>'


def _small(y: int, text: str) -> str:
    return f'<text x="{LEFT}" y="{y}" font-size="12">{escape(text)}</text>'


def _part(part: Part, y: int) -> Iterator[str]:
    """The box of a part whose top is at y, and its wires."""
    bottom = y + HEAD + ROW * len(part.lines)
    yield _box(PART, y, RIGHT, bottom, "#e3f2fd", "#0d47a1")
    yield _bold(PART + 12, y + 22, part.title)
    signals = 0
    for at, line in enumerate(part.lines):
        colour = COLOURS.get(line.there)
        if colour is None:
            colour = SIGNALS[signals % len(SIGNALS)]
            signals += 1
        yield from _wire(line, y + HEAD + ROW * at + ROW // 2 - 3, colour)


def _wire(line: Line, y: int, colour: str) -> Iterator[str]:
    yield f'<line x1="{BOARD}" y1="{y}" x2="{PART}" y2="{y}" stroke="{colour}" stroke-width="3"/>'
    for x in (BOARD, PART):
        yield f'<circle cx="{x}" cy="{y}" r="5" fill="{colour}"/>'
    yield f'<text x="{BOARD - 12}" y="{y + 5}" text-anchor="end">{escape(line.here)}</text>'
    yield f'<text x="{PART + 12}" y="{y + 5}">{escape(line.there)}</text>'

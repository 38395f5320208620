"""A board file for a product that has none: its literals as text, and what is wrong with them.

The file is for the person who edits pins: literals alone, as `firmware/README.md` has them.
"""

import keyword
import pprint
from typing import Any, cast

from msgspec import Struct, field
from wire import words
from wire.all_profiles import PROFILES

from gateway import mcu
from gateway.errors import Refused

SPI_WIRES = ("sck", "mosi", "miso", "nss", "reset")
SX126X = (*SPI_WIRES, "busy", "dio1")
SX127X = (*SPI_WIRES, "dio0", "dio1")
RADIOS: dict[str, tuple[str, ...]] = {
    "sx126x": SX126X, "sx1261": SX126X, "wio_sx1262": (*SX126X, "antenna"),
    "sx126x_rxen": (*SX126X, "rxen"), "sx1276": SX127X,
}  # fmt: skip
"""RADIO -> the pins it needs. Without "modem", whose pins are those of its MODEM."""
MODEMS = {"SX1261": SX126X, "SX1262": SX126X, "SX1276": SX127X, "SX1278": SX127X}
OTHER_PINS = ("lamp", "led", "vbus", "wake", "battery", "divider")
ROLES = tuple(
    role
    for role in words.ROLES
    if any(
        role in cast("tuple[str, ...]", facts[kind])
        for facts in PROFILES.values()
        for kind in ("roles", "optional")
    )
)
"""Sensors that some profile reads."""
BATTERY = frozenset(("divide", "low_mv"))
"""Of BATTERY, beside its input; and `by`, where the cell is no whole multiple: divide / by."""
TCXO_MV = (0, 1600, 1700, 1800, 2200, 2400, 2700, 3000, 3300)


class Board(Struct, kw_only=True):
    """What a board file says. pins: {name: GPIO}.  sensors: {role: {"chip": name, wires}}.

    battery: {"divide": of its divider, "by": 1, "low_mv": limit}, where PINS has a battery, and
    `divider` where a GPIO joins the divider.  tcxo_mv: 0 for a crystal.  modem: the chip, where
    `radio` is "modem".
    """

    name: str
    mcu: str
    radio: str
    source: str
    radio_spi: int = 1
    pins: dict[str, int] = field(default_factory=dict[str, int])
    sensors: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    battery: dict[str, int] = field(default_factory=dict[str, int])
    tcxo_mv: int = 0
    rf_switch: str = "dio2"
    antenna_dbi: int = 2
    modem: str | None = None


def needed(radio: str, modem: str | None) -> tuple[str, ...]:
    """The pins that a radio has. Raises Refused for one that is not known."""
    known = {**RADIOS, "modem": MODEMS.get(modem or "", ())}
    if radio not in known:
        raise Refused(f"There is no radio {radio}: give one of {', '.join(known)}.", "radio")
    if not known[radio]:
        raise Refused(f"radio modem needs --modem: give one of {', '.join(MODEMS)}.", "modem")
    return known[radio]


def check(board: Board) -> None:
    """Raises Refused, with all that is wrong and what to do about it."""
    if not board.name.isidentifier() or keyword.iskeyword(board.name):
        raise Refused(f"{board.name!r} is no name of a file: use letters, digits and _.", "name")
    if board.mcu not in mcu.names():
        raise Refused(f"There is no MCU {board.mcu}: give one of {', '.join(mcu.names())}.", "mcu")
    wanted = needed(board.radio, board.modem)
    missing = [name for name in wanted if name not in board.pins]
    if missing:
        raise Refused(
            f"radio {board.radio} needs pins for {', '.join(missing)}: add them.", "pins"
        )
    known = (*wanted, *OTHER_PINS, "txen")
    unknown = [name for name in board.pins if name not in known]
    if unknown:
        raise Refused(f"No pin is called {unknown[0]}: use {', '.join(known)}.", "pins")
    _check_parts(board)
    if board.tcxo_mv not in TCXO_MV:
        one_of = ", ".join(map(str, TCXO_MV))
        raise Refused(f"A TCXO of {board.tcxo_mv} mV: give one of {one_of}.", "tcxo_mv")
    found = mcu.complaints(literals(board))
    if found:
        raise Refused(f"{'; '.join(found)}: give other GPIOs.", "pins")


def _check_parts(board: Board) -> None:
    """Sensors and battery. Raises Refused."""
    unread = [role for role in board.sensors if role not in ROLES]
    if unread:
        raise Refused(
            f"No profile reads a {unread[0]} sensor: name it {', '.join(ROLES)}.", "sensor"
        )
    wanted = set(BATTERY if "battery" in board.pins else ())
    missing = "divider" in board.pins and not wanted
    if missing or set(board.battery) - {"by"} != wanted or 0 in board.battery.values():
        raise Refused(
            "A battery needs both its pin and its divider: give --pins battery=GPIO and "
            "--battery divide=3,low_mv=3300 (or divide=49,by=10,...), or neither.", "battery",
        )  # fmt: skip


def _battery(board: Board) -> dict[str, int] | None:
    """BATTERY as the board's port reads it: rp2 counts its ADC from GPIO 26 on."""
    if not board.battery:
        return None
    gpio = board.pins["battery"]
    return {"adc": gpio - 26 if mcu.chip(board.mcu).PORT == "rp2" else gpio} | board.battery


def literals(board: Board) -> dict[str, Any]:
    """The literals of the file, in its order."""
    chip = mcu.chip(board.mcu)
    port = chip.PORT
    found: dict[str, Any] = {
        "NAME": board.name, "PORT": port, "MCU": board.mcu, "FLASH": chip.FLASH,
        "RADIO": board.radio, "RADIO_SPI": board.radio_spi, "PINS": board.pins,
        "SENSORS": board.sensors,
    }  # fmt: skip
    if board.modem:
        found["MODEM"] = board.modem
    if "busy" in board.pins:
        found |= {"TCXO_MV": board.tcxo_mv, "RF_SWITCH": board.rf_switch}
    return found | {
        "ANTENNA_DBI": board.antenna_dbi, "BATTERY": _battery(board),
        "NOTES": "Calculated: checked by the pin rules of its chip, run on no board.",
        "SOURCE": board.source,
    }  # fmt: skip


def text(board: Board) -> str:
    """The file. Raises Refused for a board that cannot be."""
    check(board)
    head = f'"""{board.name} ({board.mcu}, {board.modem or board.radio}). '
    head += 'Edit pins here, copy it to /board.py."""\n'
    rows = [
        f"{name} = {pprint.pformat(value, width=88, sort_dicts=False)}"
        for name, value in literals(board).items()
    ]
    return "\n".join([head, *rows, ""])

"""The pictures of the wiring against the board files that they are made from."""

import xml.etree.ElementTree as ET
from collections import Counter

import pytest

from tools import generate_wiring
from tools.build import BOARDS, board

NAMES = sorted(path.stem for path in BOARDS.glob("*.py"))
SVG = "{http://www.w3.org/2000/svg}"


def texts(constants):
    """Every text of the picture, by its height, from left to right."""
    root = ET.fromstring(generate_wiring.svg(constants))
    found = {}
    for item in sorted(root.iter(f"{SVG}text"), key=lambda item: int(item.get("x", ""))):
        found.setdefault(int(item.get("y", "")), []).append(item.text)
    return [tuple(found[y]) for y in sorted(found)]


@pytest.mark.parametrize("name", NAMES)
def test_every_wire_of_a_board_file_is_drawn_once_a_sensor(name):
    constants = board(name)
    rows = texts(constants)

    wanted = Counter(
        f"GP{entry[wire]} {wire}"  # two sensors may share an I2C bus
        for entry in constants["SENSORS"].values()
        for wire in ("tx", "rx", "sda", "scl", "sck", "mosi", "miso", "cs", "adc", "pin", "power")
        if wire in entry
    )
    drawn = Counter(row[0] for row in rows)
    assert {wire: drawn[wire] for wire in wanted} == wanted
    foot = " ".join(row[0] for row in rows if len(row) == 1)
    for pin, gpio in constants["PINS"].items():
        assert (f"{pin} GP{gpio}" in foot) == (pin != "lamp"), pin


def test_a_serial_line_crosses_and_a_gpio_enables_a_supply_and_is_none():
    constants = board("pico_lora_sx1262")
    assert ("GP0 tx", "RX") in texts(constants)
    assert ("GP1 rx", "TX") in texts(constants)
    assert ("GP6 PWM", "DIM") in texts(constants)

    constants["SENSORS"] = {"distance": {"chip": "x", "uart": 0, "tx": 0, "rx": 1, "power": 22}}
    del constants["PINS"]["lamp"]

    rows = texts(constants)
    assert ("GP22 power", "EN of the load switch") in rows
    assert ("3V3", "3V3, by a load switch") in rows
    assert ("3V3", "3V3") not in rows


def test_another_pin_gives_another_picture():
    constants = board("pico_lora_sx1262")
    before = generate_wiring.svg(constants)
    constants["SENSORS"]["motion"]["pin"] = 8

    assert ("GP8 pin", "OUT") in texts(constants)
    assert generate_wiring.svg(constants) != before

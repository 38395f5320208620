"""A board file made on the command line."""

import json
import re
import runpy
from itertools import chain
from pathlib import Path
from typing import cast

import pytest
from click.testing import CliRunner
from wire.all_profiles import PROFILES

from gateway import boards, mcu
from gateway.cli import main

ROOT = Path(__file__).parents[3]
PINS = "sck=10,mosi=11,miso=12,nss=3,busy=2,reset=15,dio1=20,lamp=6"
ESP32_PINS = "sck=5,mosi=27,miso=19,nss=18,busy=32,reset=23,dio1=33"
OPTIONS = {
    "--mcu": "RP2040",
    "--radio": "sx126x",
    "--tcxo-mv": "1700",
    "--pins": PINS,
    "--sensor": "distance=a02yyuw,uart=0,tx=0,rx=1,power=8",
    "--source": "a schematic",
}


def ran(tmp_path, name="mine", said=None, **options):
    """The result of `board new` with these options instead of those above; None leaves one out."""
    given = OPTIONS | {f"--{key.replace('_', '-')}": one for key, one in options.items()}
    words = [word for pair in given.items() if pair[1] is not None for word in pair]
    path = str(tmp_path / f"{name}.py")
    return CliRunner().invoke(main, ["board", "new", name, "--output", path, *words], input=said)


def literals(tmp_path, name="mine"):
    found = runpy.run_path(str(tmp_path / f"{name}.py"))
    return {key: value for key, value in found.items() if key.isupper()}


def test_a_file_holds_what_was_given_and_keeps_the_rules_of_its_chip(tmp_path):
    result = ran(tmp_path)

    assert result.exit_code == 0, result.output
    assert "make flash BOARD=mine" in result.output
    made = literals(tmp_path)
    known = runpy.run_path(str(ROOT / "boards" / "pico_lora_sx1262.py"))
    assert {key for key in known if key.isupper()} == set(made)
    for key in ("PORT", "MCU", "FLASH", "RADIO", "RADIO_SPI", "TCXO_MV", "RF_SWITCH"):
        assert made[key] == known[key], key
    assert made["SENSORS"] == {"distance": known["SENSORS"]["distance"]}
    assert made["PINS"]["dio1"] == 20
    assert mcu.complaints(made) == []


@pytest.mark.parametrize("chip", mcu.names())
def test_flash_is_that_of_the_boards_there_are(chip):
    for path in (ROOT / "boards").glob("*.py"):
        known = runpy.run_path(str(path))
        if known["MCU"] == chip:
            assert known["FLASH"] == mcu.chip(chip).FLASH, path.name


@pytest.mark.parametrize(
    ("chip", "pins", "gpio", "adc"), [("RP2040", PINS, 29, 3), ("ESP32", ESP32_PINS, 35, 35)]
)
def test_a_battery_is_named_as_its_port_reads_it(tmp_path, chip, pins, gpio, adc):
    pins += f",battery={gpio},wake={22 if chip == 'RP2040' else 38}"
    options = {"pins": pins, "battery": "divide=2,low_mv=3300", "sensor": None}
    spi = "1" if chip == "RP2040" else "2"

    result = ran(tmp_path, mcu=chip, radio_spi=spi, **options)

    assert result.exit_code == 0, result.output
    assert literals(tmp_path)["BATTERY"] == {"adc": adc, "divide": 2, "low_mv": 3300}


def test_a_divider_may_be_no_whole_number_and_joined_by_a_pin(tmp_path):
    pins = PINS + ",battery=26,divider=22"
    for wrong in ("divide=49,by=0,low_mv=3300", "divide=49,by=10"):
        result = ran(tmp_path, pins=pins, battery=wrong, sensor=None)
        assert "A battery needs both its pin and its divider" in result.output
    result = ran(tmp_path, pins=PINS + ",divider=22", sensor=None)
    assert "A battery needs both its pin and its divider" in result.output

    result = ran(tmp_path, pins=pins, battery="divide=49,by=10,low_mv=3300", sensor=None)

    assert result.exit_code == 0, result.output
    made = literals(tmp_path)
    assert made["BATTERY"] == {"adc": 0, "divide": 49, "by": 10, "low_mv": 3300}
    assert made["PINS"]["divider"] == 22


def test_each_sensor_that_a_profile_reads_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.setattr("gateway.cli.board.at_terminal", lambda: True)
    result = ran(tmp_path, sensor=None, said="\n" * len(boards.ROLES))

    asked = re.findall(r"(\w+) sensor, as", result.output)
    read = [facts[kind] for facts in PROFILES.values() for kind in ("roles", "optional")]
    assert set(asked) == set(chain.from_iterable(cast("list[tuple[str, ...]]", read)))
    assert len(asked) == len(set(asked)) >= 5


def test_every_radio_of_the_firmware_is_offered():
    radios = {path.stem for path in (ROOT / "firmware" / "radios").glob("*.py")}
    parts = {one for one in radios if one.endswith("_start")} | {"__init__", "errors", "timed"}
    assert radios - parts == {*boards.RADIOS, "modem"}


def test_a_modem_names_its_chip_and_an_sx1276_has_no_tcxo(tmp_path):
    pins = "sck=14,mosi=15,miso=8,nss=16,reset=17,dio0=21,dio1=22"
    options = {"pins": pins, "tcxo_mv": None, "sensor": None}
    assert ran(tmp_path, radio="modem", modem="SX1276", **options).exit_code == 0
    made = literals(tmp_path)
    assert (made["RADIO"], made["MODEM"]) == ("modem", "SX1276")
    assert "TCXO_MV" not in made


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"mcu": "ESP8266"}, "There is no MCU ESP8266: give one of ESP32, ESP32S3, RP2040."),
        ({"radio": "sx9999"}, "There is no radio sx9999: give one of sx126x, sx1261,"),
        ({"radio": "modem"}, "--modem is missing: modem, one of SX1261,"),
        ({"radio": "modem", "modem": "RFM"}, "radio modem needs --modem: give one of SX1261,"),
        (
            {"pins": "sck=10"},
            "radio sx126x needs pins for mosi, miso, nss, reset, busy, dio1: add them",
        ),
        ({"pins": PINS + ",blue=9"}, "No pin is called blue: use sck,"),
        ({"pins": "sck:10"}, "'sck:10' is no pair: write NAME=NUMBER, as sck=10."),
        ({"pins": PINS + ",led=6"}, "GPIO6 is both lamp and led: give other GPIOs."),
        (
            {"pins": PINS.replace("sck=10", "sck=9")},
            "sck of the radio at GPIO9: spi 1 has sck only at 10, 14, 26: give other GPIOs.",
        ),
        ({"tcxo_mv": "1750"}, "A TCXO of 1750 mV: give one of 0, 1600, 1700,"),
        ({"sensor": "a02yyuw"}, "'a02yyuw' is no sensor: write distance=a02yyuw,"),
        (
            {"sensor": "distance=a02yyuw,uart=0,tx=0"},
            "'rx' of distance (a02yyuw), which is on uart is missing: give other GPIOs.",
        ),
        (
            {"sensor": "distanse=a02yyuw,uart=0,tx=0,rx=1"},
            "No profile reads a distanse sensor: name it distance, light, motion,",
        ),
        ({"battery": "divide=3,low_mv=3300"}, "A battery needs both its pin and its divider"),
        ({"pins": PINS + ",battery=29"}, "A battery needs both its pin and its divider"),
        (
            {"pins": PINS + ",battery=22", "battery": "divide=3,low_mv=3300"},
            "battery at GPIO22: no analog input; those are 26, 27, 28, 29: give other GPIOs.",
        ),
        (
            {"mcu": "ESP32", "sensor": None, "radio_spi": "2", "pins": ESP32_PINS + ",wake=21"},
            "wake at GPIO21: it cannot end sleep; those that can are 0, 2, 4, 12,",
        ),
        ({"source": None}, "--source is missing: the schematic that says so."),
        ({"name": "my-board"}, "'my-board' is no name of a file: use letters, digits and _."),
    ],
)
def test_what_is_wrong_is_refused_with_what_to_do(tmp_path, options, sentence):
    result = ran(tmp_path, **options)

    assert result.exit_code == 1
    assert sentence in result.output
    assert list(tmp_path.iterdir()) == []


def test_nothing_that_is_there_is_written_over(tmp_path):
    (tmp_path / "mine.py").write_text("kept")
    result = ran(tmp_path)
    assert "is there already: move it away, or give --output." in result.output
    assert (tmp_path / "mine.py").read_text() == "kept"
    assert "cannot be written" in ran(tmp_path / "nowhere").output


def test_json_is_one_value(tmp_path):
    words = [word for pair in OPTIONS.items() for word in pair]
    path = str(tmp_path / "mine.py")
    result = CliRunner().invoke(main, ["board", "new", "mine", "--output", path, "--json", *words])
    assert json.loads(result.stdout) == {"name": "mine", "path": path}


def test_at_a_terminal_it_asks_for_the_rest(tmp_path, monkeypatch):
    monkeypatch.setattr("gateway.cli.board.at_terminal", lambda: True)
    pins = PINS.replace("sck=10,", "").replace(",dio1=20", "")
    said = "a schematic\n10\n20\na02yyuw,uart=0,tx=0,rx=1\n" + "\n" * len(boards.ROLES[1:])

    result = ran(tmp_path, pins=pins, sensor=None, source=None, said=said)

    assert result.exit_code == 0, result.output
    made = literals(tmp_path)
    assert (made["PINS"]["sck"], made["PINS"]["dio1"]) == (10, 20)
    assert made["SENSORS"] == {"distance": {"chip": "a02yyuw", "uart": 0, "tx": 0, "rx": 1}}
    assert made["SOURCE"] == "a schematic"

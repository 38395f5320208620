"""Pins of a board against the rules of its chip."""

import pytest

from gateway import mcu
from tools import build

PICO = build.board("pico_lora_sx1262")
TBEAM = {
    "MCU": "ESP32",
    "PORT": "esp32",
    "RADIO_SPI": 2,
    "PINS": {
        "sck": 5, "mosi": 27, "miso": 19, "nss": 18, "busy": 32, "reset": 23, "dio1": 33, "led": 4,
        "battery": 35,
    },
    "SENSORS": {
        "distance": {"chip": "a02yyuw", "uart": 1, "tx": 13, "rx": 14},
        "light": {"chip": "bh1750", "i2c": 0, "sda": 21, "scl": 22},
        "motion": {"chip": "am312", "pin": 36},
    },
}  # fmt: skip


def pico(pins=None, **sensors):
    return mcu.complaints(PICO | {"PINS": PICO["PINS"] | (pins or {}), "SENSORS": sensors})


def esp32(pins=None, **sensors):
    return mcu.complaints(TBEAM | {"PINS": TBEAM["PINS"] | (pins or {}), "SENSORS": sensors})


def uart(number, tx, rx):
    return {"chip": "a02yyuw", "uart": number, "tx": tx, "rx": rx}


def i2c(number, sda, scl, chip="bh1750"):
    return {"chip": chip, "i2c": number, "sda": sda, "scl": scl}


def spi(number, sck, mosi, miso, cs):
    return {"chip": "scl3300", "spi": number, "sck": sck, "mosi": mosi, "miso": miso, "cs": cs}


def test_every_board_keeps_the_rules_of_its_chip():
    for path in sorted(build.BOARDS.glob("*.py")):
        assert mcu.complaints(build.board(path.stem)) == [], path.name
    assert mcu.complaints(TBEAM) == []


def test_the_boards_that_are_checked_are_those_of_make_check(monkeypatch, tmp_path):
    text = (build.BOARDS / "pico_lora_sx1262.py").read_text()
    (tmp_path / "mine.py").write_text(text.replace('"rx": 1,', '"rx": 5,'))
    monkeypatch.setattr(build, "BOARDS", tmp_path)

    assert (
        "boards/mine.py: rx of distance (a02yyuw) at GPIO5: uart 0 has rx only at 1, 13, 17, 29."
        in build.complaints([])
    )


# Source of the pairs: the pins that MicroPython's rp2 port names for its buses (quick reference).
@pytest.mark.parametrize(
    "entry",
    [
        uart(0, 0, 1), uart(0, 16, 17), uart(1, 4, 5), uart(1, 8, 9),
        i2c(0, 4, 5), i2c(0, 8, 9), i2c(1, 6, 7), i2c(1, 26, 27),
        spi(0, 6, 7, 4, 5), spi(0, 18, 19, 16, 17), {"chip": "ntc", "adc": 27},
    ],
)  # fmt: skip
def test_what_an_rp2040_can_do_is_allowed(entry):
    assert pico({"lamp": 22}, distance=entry) == []


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        (uart(0, 1, 0), "at GPIO1: uart 0 has tx only at 0, 12, 16, 28"),
        (uart(1, 0, 1), "at GPIO0: uart 1 has tx only at 4, 8, 20, 24"),
        (uart(2, 0, 1), "there is no uart 2, but 0, 1"),
        (i2c(0, 6, 7), "at GPIO6: i2c 0 has sda only at 0, 4, 8, 12, 16, 20, 24, 28"),
        (i2c(1, 6, 5), "at GPIO5: i2c 1 has scl only at 3, 7, 11, 15, 19, 23, 27"),
        (spi(0, 10, 19, 16, 17), "at GPIO10: spi 0 has sck only at 2, 6, 18, 22"),
        ({"chip": "ntc", "adc": 22}, "at GPIO22: no analog input; those are 26, 27, 28, 29"),
        ({"chip": "am312", "pin": 30}, "at GPIO30: there is no such GPIO"),
        ({"chip": "am312", "pin": None}, "at GPIONone: there is no such GPIO"),
    ],
)
def test_what_an_rp2040_cannot_do_has_a_sentence(entry, sentence):
    found = pico({"lamp": 27}, distance=entry)

    assert any(sentence in one for one in found), found


def test_an_esp32_routes_any_wire_to_any_pad():
    assert (
        esp32(distance=uart(2, 25, 26), light=i2c(1, 22, 21), motion={"chip": "x", "pin": 39})
        == []
    )


@pytest.mark.parametrize(
    ("pins", "sentence"),
    [
        ({"lamp": 34}, "lamp at GPIO34: this GPIO is an input only"),
        ({"lamp": 8}, "lamp at GPIO8: the flash is there"),
        ({"lamp": 1}, "lamp at GPIO1: the console is there"),
        ({"lamp": 28}, "lamp at GPIO28: it has no pad"),
        ({"lamp": 40}, "lamp at GPIO40: there is no such GPIO"),
        ({"dio1": 12}, "dio1 at GPIO12: read at reset, high sets 1.8 V for the flash"),
        ({"busy": 0}, "busy at GPIO0: read at reset, low starts the loader"),
        ({"battery": 16}, "battery at GPIO16: no analog input"),
    ],
)
def test_what_an_esp32_cannot_do_has_a_sentence(pins, sentence):
    assert any(one.startswith(sentence) for one in esp32(pins)), esp32(pins)


def test_every_pin_of_an_esp32_s3_but_some_can_be_anything():
    board = build.board("heltec_v3")
    assert mcu.complaints(board) == []
    for pins, sentence in (
        ({"lamp": 19}, "lamp at GPIO19: the console is there"),
        ({"lamp": 44}, "lamp at GPIO44: the console is there"),
        ({"lamp": 24}, "lamp at GPIO24: it has no pad"),
        ({"lamp": 26}, "lamp at GPIO26: the flash is there"),
        ({"lamp": 49}, "lamp at GPIO49: there is no such GPIO"),
        ({"dio1": 45}, "dio1 at GPIO45: read at reset, high sets 1.8 V for the flash"),
        ({"battery": 21}, "battery at GPIO21: no analog input"),
    ):
        (first,) = mcu.complaints(board | {"PINS": board["PINS"] | pins})
        assert first.startswith(sentence)
    for pins in ({"lamp": 46}, {"lamp": 34}, {"dio1": 3}, {"lamp": 45}, {"battery": 18}):
        assert mcu.complaints(board | {"PINS": board["PINS"] | pins}) == [], pins


def test_a_strapping_pin_may_drive_something():
    assert esp32({"lamp": 2}) == []


def test_the_console_is_no_bus_for_a_sensor():
    (first, *_) = esp32(distance=uart(0, 25, 26))
    assert first == "tx of distance (a02yyuw) at GPIO25: there is no uart 0, but 1, 2"


def test_one_gpio_has_one_owner():
    assert pico(motion={"chip": "am312", "pin": 2}) == [
        "GPIO2 is both busy and pin of motion (am312)"
    ]


def test_sensors_share_a_bus_on_the_same_pins_alone():
    assert pico(light=i2c(0, 4, 5), glare=i2c(0, 4, 5, "veml7700")) == []
    assert pico(light=i2c(0, 4, 5), glare=i2c(0, 8, 9, "veml7700")) == [
        "i2c 0 is of both light (bh1750) and glare (veml7700), whose sda are at GPIO4 and GPIO8",
        "i2c 0 is of both light (bh1750) and glare (veml7700), whose scl are at GPIO5 and GPIO9",
    ]


def test_a_serial_line_and_the_radios_bus_are_not_shared():
    (first, *_) = pico(distance=uart(0, 0, 1), tilt=uart(0, 16, 17))
    assert first.startswith("uart 0 is of both distance (a02yyuw) and tilt (a02yyuw)")
    assert len(pico(tilt=spi(1, 10, 11, 12, 17))) == 3
    assert len(pico({"led": 9}, tilt=spi(1, 14, 27, 28, 17))) == 3


def test_a_chip_that_is_not_known_names_those_that_are():
    with pytest.raises(
        ValueError, match=r"of ESP32, ESP32S3, RP2040, or add gateway/mcu/esp8266\.py"
    ):
        mcu.complaints(PICO | {"MCU": "ESP8266"})
    assert mcu.complaints(TBEAM | {"PORT": "rp2"}) == ["PORT of a board with ESP32 is 'esp32'"]


def test_a_board_file_with_a_hole_has_a_sentence():
    assert "'scl'" in pico(light={"chip": "bh1750", "i2c": 0, "sda": 4})[0]
    assert "PINS or SENSORS" in mcu.complaints(PICO | {"SENSORS": {"light": 4}})[0]


def test_a_board_of_another_port_is_one_file(monkeypatch, tmp_path):
    literals = TBEAM | {
        "NAME": "t_beam", "RADIO": "sx126x", "LINK": "lorawan",
    }  # fmt: skip
    text = "".join(f"{name} = {value!r}\n" for name, value in literals.items())
    (tmp_path / "t_beam.py").write_text(text)
    monkeypatch.setattr(build, "BOARDS", tmp_path)

    assert build.complaints(build.all_sizes()) == []
    files = build.staged_files("t_beam")
    assert files["/board.py"] == text.encode()
    assert "/lib/node/ports/esp32.mpy" in files
    assert "/lib/node/ports/rp2.mpy" not in files

"""The contract of every file in boards/, and what a wrong board file is told."""

import os

from tests import fake_device

# isort: split
from node import wiring
from node.errors import ConfigError
from node.profiles import PROFILES

HERE = __file__.rsplit("/", 1)[0]
BOARDS = HERE + "/../../boards"
FILES = sorted(name for name in os.listdir(BOARDS) if name.endswith(".py"))
NEEDED = {
    "NAME": str, "PORT": str, "MCU": str, "FLASH": dict, "RADIO": str, "RADIO_SPI": int,
    "PINS": dict, "SENSORS": dict, "TCXO_MV": int, "RF_SWITCH": str, "BUDGET": dict,
    "NOTES": str, "SOURCE": str,
}  # fmt: skip


class Board:
    """A board file as the device sees it."""

    def __init__(self, name):
        scope = {}
        with open(BOARDS + "/" + name) as file:
            exec(file.read(), scope)
        for key, value in scope.items():
            if key[0] != "_":
                setattr(self, key, value)


def refused(call, *arguments):
    try:
        call(*arguments)
    except ConfigError as error:
        return str(error)
    return None


def board():
    return Board("pico_lora_sx1262.py")


def test_every_board_has_every_literal_and_its_name():
    assert FILES
    for name in FILES:
        one = Board(name)
        for key, kind in NEEDED.items():
            assert isinstance(getattr(one, key), kind), (name, key)
        assert one.NAME + ".py" == name
        assert one.SOURCE
        assert all(isinstance(pin, int) and 0 <= pin < 49 for pin in one.PINS.values())


def test_no_board_gives_one_pin_to_two_things():
    for name in FILES:
        wiring.check(Board(name))


def test_every_boards_radio_and_sensors_exist():
    for name in FILES:
        one = Board(name)
        assert one.RADIO + ".py" in os.listdir(HERE + "/../radios"), name
        for sensor in one.SENSORS:
            assert wiring.sensor(one, sensor, "any"), (name, sensor)


def test_every_boards_profiles_find_their_sensors():
    one = board()
    for profile in PROFILES.values():
        for sensor in profile["sensors"]:
            assert sensor in one.SENSORS


def test_a_pin_with_two_owners_is_named_with_both():
    one = board()
    one.PINS["led"] = one.PINS["busy"]
    assert "GP2 is both" in refused(wiring.check, one)
    one = board()
    one.SENSORS["am312"]["pin"] = one.SENSORS["bh1750"]["sda"]
    said = refused(wiring.check, one)
    assert "GP4 is both" in said and "am312.pin" in said and "i2c.sda" in said


def test_two_sensors_may_share_an_i2c_bus():
    one = board()
    one.SENSORS["veml7700"] = dict(one.SENSORS["bh1750"], addr=0x10)
    wiring.check(one)


def test_an_unknown_or_missing_sensor_has_its_sentence():
    one = board()
    del one.SENSORS["a02yyuw"]
    assert refused(wiring.sensor, one, "a02yyuw", "bin") == (
        "profile bin needs the sensor a02yyuw: add it to SENSORS of /board.py"
    )
    one.SENSORS["hal9000"] = {"pin": 9}
    assert refused(wiring.sensor, one, "hal9000", "bin") == (
        "sensor hal9000 is unknown: there is no node/sensors/hal9000"
    )


def test_an_impossible_bus_and_an_unknown_radio_have_their_sentence():
    one = board()
    one.SENSORS["a02yyuw"]["uart"] = 5
    said = refused(wiring.sensor, one, "a02yyuw", "bin")
    assert said == "/board.py: sensor a02yyuw: bad bus 5; check its pins"
    del one.SENSORS["bh1750"]["sda"]
    assert refused(wiring.sensor, one, "bh1750", "lamp").startswith("/board.py: sensor bh1750: ")
    one.RADIO = "sx9999"
    assert refused(wiring.radio, one, None) == "radio sx9999 is unknown: there is no radios/sx9999"


assert fake_device

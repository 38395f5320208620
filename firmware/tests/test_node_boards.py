"""The contract of every file in boards/, and the sentences for wrong board files."""

import os

from tests import fake_device
from tests.fake_buses import MADE

# isort: split
from node import wiring
from node.errors import ConfigError
from radios import sx126x_start
from radios.errors import RadioError
from wire.all_profiles import PROFILES

HERE = __file__.rsplit("/", 1)[0]
BOARDS = HERE + "/../../boards"
FILES = sorted(name for name in os.listdir(BOARDS) if name.endswith(".py"))
NEEDED = {
    "NAME": str, "PORT": str, "MCU": str, "FLASH": dict, "RADIO": str, "RADIO_SPI": int,
    "PINS": dict, "SENSORS": dict, "NOTES": str, "SOURCE": str,
}  # fmt: skip
NEEDED_BY_RADIO = {"sx1276": {}}
"""What a radio needs beside it; any other is an SX126x."""
SX126X_NEEDS = {"TCXO_MV": int, "RF_SWITCH": str}


class Board:
    """A board file as the device sees it."""

    def __init__(self, name):
        scope = {}
        with open(BOARDS + "/" + name) as file:
            exec(file.read(), scope)
        for key, value in scope.items():
            if key[0] != "_":
                setattr(self, key, value)


def on_rising(pin, handler):
    pin.irq(handler, pin.IRQ_RISING)


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
        needed = dict(NEEDED)
        needed.update(NEEDED_BY_RADIO.get(one.RADIO, SX126X_NEEDS))
        for key, kind in needed.items():
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
        for role in one.SENSORS:
            assert wiring.sensor(one, role, "any", on_rising), (name, role)


def test_every_profile_finds_its_sensors_on_a_board():
    boards = [Board(name) for name in FILES]
    for profile, facts in PROFILES.items():
        needed = set(facts["roles"])
        assert [one for one in boards if not needed - set(one.SENSORS)], profile


def test_a_pin_with_two_owners_is_named_with_both():
    one = board()
    one.PINS["led"] = one.PINS["busy"]
    assert "GP2 is both" in refused(wiring.check, one)
    one = board()
    one.SENSORS["motion"]["pin"] = one.SENSORS["light"]["sda"]
    said = refused(wiring.check, one)
    assert "GP4 is both" in said and "motion.am312.pin" in said and "i2c.0.sda" in said


def test_sensors_may_share_a_bus_and_not_the_line_that_selects_one():
    one = board()
    one.SENSORS["glare"] = dict(one.SENSORS["light"], chip="veml7700", addr=0x10)
    one.SENSORS["tilt"] = {
        "chip": "scl3300", "spi": 0, "sck": 18, "mosi": 19, "miso": 16, "cs": 17
    }  # fmt: skip
    one.SENSORS["shock"] = dict(one.SENSORS["tilt"], cs=22)
    wiring.check(one)
    one.SENSORS["shock"]["cs"] = 17
    said = refused(wiring.check, one)
    assert "GP17 is both" in said and "tilt.scl3300.cs" in said and "shock.scl3300.cs" in said


def test_the_pin_that_switches_its_power_has_one_owner_and_is_low_at_first():
    one = board()
    one.SENSORS["distance"]["power"] = one.PINS["lamp"]
    said = refused(wiring.check, one)
    assert "GP6 is both" in said and "distance.a02yyuw.power" in said
    one.SENSORS["distance"]["power"] = 9
    wiring.check(one)
    wiring.sensor(one, "distance", "bin", on_rising)
    assert [pin.level for pin in MADE if getattr(pin, "number", None) == 9][-1] == 0


def test_a_sensor_that_sleeps_by_itself_or_never_keeps_its_power():
    for role in ("motion", "light"):
        one = board()
        one.SENSORS[role]["power"] = 9
        wiring.sensor(one, role, "any", on_rising).sleep()
        assert [pin.level for pin in MADE if getattr(pin, "number", None) == 9][-1] == 1


def test_the_radios_bus_is_its_own():
    one = board()
    one.SENSORS["tilt"] = {
        "chip": "scl3300", "spi": 1, "sck": 10, "mosi": 11, "miso": 12, "cs": 17
    }  # fmt: skip
    assert "is both" in refused(wiring.check, one)


def test_a_pin_that_the_chip_does_not_have_is_named():
    one = board()
    for gpio in (30, -1, "seven", None):
        one.SENSORS["motion"]["pin"] = gpio
        assert refused(wiring.check, one) == (
            "/board.py: motion.am312.pin: there is no GP%s" % gpio
        )
    one.MCU = "ESP32"
    one.SENSORS["motion"]["pin"] = 39
    wiring.check(one)


def test_what_the_node_takes_before_its_console_is_checked_first():
    for name in ("lamp", "vbus", "led"):
        one = board()
        one.PINS[name] = 40
        assert refused(wiring.literals, one) == "/board.py: %s: there is no GP40" % name
        one.PINS[name] = "GP6"
        assert refused(wiring.literals, one) == (
            "/board.py: %s: write the number alone, without GP" % name
        )
    for name in ("NAME", "MCU", "RADIO", "PINS", "SENSORS", "BATTERY"):
        one = board()
        delattr(one, name)
        assert refused(wiring.literals, one) == (
            "/board.py: %s is missing; boards/ has examples" % name
        )
    one.PINS = one.BATTERY = None
    assert refused(wiring.literals, one) == "/board.py: PINS and SENSORS must be dicts"


def test_every_board_is_whole():
    for name in FILES:
        wiring.literals(Board(name))


def wires(one):
    try:
        sx126x_start.wires(one)
    except RadioError as error:
        return str(error)
    return None


def test_what_the_radio_lacks_is_named():
    one = board()
    assert wires(one) is None
    del one.RADIO_SPI, one.PINS["dio1"]
    assert wires(one) == "/board.py: radio sx126x needs RADIO_SPI, dio1 in PINS"
    one = board()
    one.RADIO_SPI = 5
    assert wires(one) == "/board.py: radio sx126x: bad bus 5; check RADIO_SPI, sck, mosi, miso"
    one = board()
    one.TCXO_MV = 1750
    assert wires(one).startswith("/board.py: TCXO_MV: 1750 is none of (0, 1600, 1700,")


def test_an_unknown_or_missing_sensor_has_its_sentence():
    one = board()
    del one.SENSORS["distance"]
    assert refused(wiring.sensor, one, "distance", "bin", on_rising) == (
        "profile bin needs a distance sensor: add distance to SENSORS of /board.py"
    )
    one.SENSORS["distance"] = {"chip": "hal9000", "pin": 9}
    assert refused(wiring.sensor, one, "distance", "bin", on_rising) == (
        "distance sensor hal9000 is unknown: there is no node/sensors/hal9000"
    )


def test_an_impossible_bus_and_an_unknown_radio_have_their_sentence():
    one = board()
    one.SENSORS["distance"]["uart"] = 5
    assert refused(wiring.sensor, one, "distance", "bin", on_rising) == (
        "/board.py: distance.a02yyuw: bad bus 5; check its pins: tx GP0, rx GP1, power GP8"
    )
    del one.SENSORS["light"]["sda"]
    said = "/board.py: light.bh1750 needs sda in SENSORS"
    assert (
        refused(wiring.check, one)
        == refused(wiring.sensor, one, "light", "lamp", on_rising)
        == said
    )
    one.SENSORS["light"] = {"chip": "bh1750", "pin": 4}
    assert refused(wiring.sensor, one, "light", "lamp", on_rising) == (
        "/board.py: light.bh1750 must be wired to i2c"
    )
    one.SENSORS["light"] = {"chip": "bh1750"}
    assert refused(wiring.check, one) == ("/board.py: light.bh1750 needs a bus in SENSORS")
    one.RADIO = "sx9999"
    assert refused(wiring.radio, one, None) == "radio sx9999 is unknown: there is no radios/sx9999"


def test_an_entry_that_is_no_dict_is_named():
    one = board()
    one.SENSORS["light"] = 4
    assert refused(wiring.check, one) == ("/board.py: light in SENSORS is no dict")


def test_a_board_file_of_firmware_0_1_0_is_read_by_the_roles_of_its_chips():
    old = Board("../firmware/tests/data/board_0_1_0.py")

    today = board().SENSORS
    del today["distance"]["power"]
    del today["people"]  # no release of then counted by direction
    assert wiring.sensors(old) == today
    wiring.check(old)
    for role in today:
        assert wiring.sensor(old, role, "any", on_rising)


def test_a_chip_that_firmware_0_1_0_did_not_know_has_no_role():
    old = Board("../firmware/tests/data/board_0_1_0.py")
    old.SENSORS["hal9000"] = {"pin": 9}
    del old.SENSORS["bh1750"]
    assert refused(wiring.sensor, old, "light", "lamp", on_rising) == (
        "profile lamp needs a light sensor: add light to SENSORS of /board.py"
    )


def test_the_wires_of_every_bus_reach_its_driver():
    class Module:
        BAUD = 9600

    made = {}
    for bus, wires in (
        ("uart", {"uart": 0, "tx": 0, "rx": 1}),
        ("i2c", {"i2c": 1, "sda": 2, "scl": 3}),
        ("spi", {"spi": 0, "sck": 18, "mosi": 19, "miso": 16, "cs": 17}),
        ("adc", {"adc": 26}),
        ("pin", {"pin": 7}),
    ):
        Module.BUS = bus
        made[bus] = wiring._bus(Module, wires)

    numbers = {
        bus: {
            wire: pin.number
            for wire, pin in made[bus].options.items()
            if wire in wiring._WIRES[bus]
        }
        for bus in ("uart", "i2c", "spi")
    }
    assert numbers == {
        "uart": {"tx": 0, "rx": 1},
        "i2c": {"sda": 2, "scl": 3},
        "spi": {"sck": 18, "mosi": 19, "miso": 16},
    }
    assert (made["adc"].channel.number, made["pin"].number) == (26, 7)


assert fake_device

"""The contract of every file in node/sensors: its examples on a fake bus, its documents."""

import asyncio
import os

from tests.fake_buses import MADE
from tests.fake_device import Pin

# isort: split
from node import ranging, wiring
from node.sensors import ROLES
from node.sensors.am312 import AM312

HERE = __file__.rsplit("/", 1)[0]
FOLDER = HERE + "/../node/sensors"
NAMES = sorted(name[:-3] for name in os.listdir(FOLDER) if name.endswith(".py") and name[0] != "_")
WIRES = {
    "uart": {"uart": 0, "tx": 0, "rx": 1},
    "i2c": {"i2c": 0, "sda": 4, "scl": 5},
    "spi": {"spi": 0, "sck": 18, "mosi": 19, "miso": 16, "cs": 17},
    "adc": {"adc": 26},
    "pin": {"pin": 7},
}


class Board:
    """A board with one sensor."""

    def __init__(self, chip, one):
        self.SENSORS = {one.ROLE: dict(WIRES[one.BUS], chip=chip)}
        self.SENSORS[one.ROLE].update(getattr(one, "OPTIONS", {}))


def on_rising(pin, handler):
    pin.irq(handler, Pin.IRQ_RISING)


def module(name):
    return __import__("node.sensors." + name, None, None, ["*"])


def driver(name, raw):
    """The driver as a board builds it, on a bus where a device answers `raw`."""
    one = module(name)
    sensor = wiring.sensor(Board(name, one), one.ROLE, "any", on_rising)
    MADE[-1].answer(raw)
    return sensor


class Hurry:
    """asyncio whose sleeps cost no time."""

    ThreadSafeFlag = asyncio.ThreadSafeFlag

    async def sleep_ms(self, _ms):
        return None


def test_every_example_gives_what_the_datasheet_says():
    async def story():
        for name in NAMES:
            one = module(name)
            for raw, values in one.EXAMPLES:
                one.asyncio = Hurry()
                assert await driver(name, raw).read() == values, (name, raw)
                one.asyncio = asyncio

    assert NAMES
    asyncio.run(story())


def test_every_sensor_has_its_bus_its_role_and_its_source():
    for name in NAMES:
        one = module(name)
        assert one.BUS in WIRES, name
        assert one.BUS not in ("uart", "spi") or one.BAUD, name
        assert one.ROLE in ROLES, name
        assert one.SOURCE, name
        assert [values for _, values in one.EXAMPLES if values], name
        for _, values in one.EXAMPLES:
            assert values is None or sorted(values) == sorted(ROLES[one.ROLE]), name
        driver(name, one.EXAMPLES[0][0]).sleep()


def test_every_sensor_that_can_be_silent_has_an_example_of_it():
    for name in NAMES:
        one = module(name)
        silent = [raw for raw, values in one.EXAMPLES if values is None]
        assert silent or one.BUS in ("pin", "adc", "spi"), name


def test_a_motion_sensor_counts_edges_after_its_warm_up_and_refractory_time():
    pin = Pin(7)
    sensor = AM312(pin, on_rising, warmup_s=60)
    pin.edge(1)
    assert asyncio.run(sensor.read())["total"] == 0
    pin = Pin(7)
    sensor = AM312(pin, on_rising, warmup_s=0, refractory_ms=60000)
    pin.edge(1)
    pin.edge(0)
    pin.edge(1)
    assert asyncio.run(sensor.read()) == {"total": 1, "presence": 1, "warm": 1}


def test_a_stray_echo_is_no_cluster_and_a_bracket_is():
    def judge(pings):
        return ranging.judge(pings, 30, 4500)

    assert judge([100, 800, 801, 802, 803, 804, 805])["obstructed"] == 0
    bracket = judge([140, 141, 142, 800, 801, 802, 803])
    assert (bracket["distance"], bracket["obstructed"], bracket["valid"]) == (802, 1, 4)
    assert judge([100] * 7)["obstructed"] == 1
    assert judge([5000, 20, 800])["valid"] == 1

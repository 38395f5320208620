"""The contract of every file in node/sensors: its examples on a fake bus, its documents."""

import asyncio
import os

from tests.fake_device import Pin

HERE = __file__.rsplit("/", 1)[0]
FOLDER = HERE + "/../node/sensors"
NAMES = sorted(name[:-3] for name in os.listdir(FOLDER) if name.endswith(".py") and name[0] != "_")


class Uart:
    """Gives the example's bytes after the old ones were thrown away."""

    def __init__(self, raw):
        self._raw = raw
        self._cleared = False

    def any(self):
        return len(self._raw) if self._cleared else 3

    def read(self, count):
        assert count == self.any()  # more would spin on a board
        if not self._cleared:
            self._cleared = True
            return b"old"
        return self._raw


class I2c:
    """Gives two bytes a read; None: nobody is there."""

    def __init__(self, raw):
        self._raw = raw

    def writeto(self, _address, _data):
        if self._raw is None:
            raise OSError(5)

    def readfrom(self, _address, count):
        data, self._raw = self._raw[:count], self._raw[count:]
        return data


def module(name):
    return __import__("node.sensors." + name, None, None, ["*"])


def driver(one, name, raw):
    make = getattr(one, name.upper())
    if one.BUS == "uart":
        return make(Uart(raw))
    if one.BUS == "i2c":
        return make(I2c(raw))
    pin = Pin(7)
    sensor = make(pin, warmup_s=0, refractory_ms=0)
    for level in raw:
        pin.edge(level)
    return sensor


def test_there_are_sensors():
    assert NAMES == ["a02yyuw", "am312", "bh1750"]


def test_every_example_gives_what_the_datasheet_says():
    async def story():
        for name in NAMES:
            one = module(name)
            for raw, values in one.EXAMPLES:
                one.asyncio = Hurry()
                assert await driver(one, name, raw).read() == values, (name, raw)
                one.asyncio = asyncio

    asyncio.run(story())


class Hurry:
    """asyncio whose sleeps cost no time."""

    ThreadSafeFlag = asyncio.ThreadSafeFlag

    async def sleep_ms(self, _ms):
        return None


def test_every_sensor_says_its_bus_its_values_and_its_source():
    for name in NAMES:
        one = module(name)
        assert one.BUS in ("uart", "i2c", "pin")
        assert one.SOURCE
        for _, values in one.EXAMPLES:
            assert values is None or sorted(values) == sorted(one.READS), name
        driver(one, name, one.EXAMPLES[0][0]).sleep()


def test_a_motion_sensor_counts_edges_after_its_warm_up_and_refractory_time():
    pin = Pin(7)
    sensor = module("am312").AM312(pin, warmup_s=60)
    pin.edge(1)
    assert asyncio.run(sensor.read())["total"] == 0
    pin = Pin(7)
    sensor = module("am312").AM312(pin, warmup_s=0, refractory_ms=60000)
    pin.edge(1)
    pin.edge(0)
    pin.edge(1)
    assert asyncio.run(sensor.read()) == {"total": 1, "presence": 1, "warm": 1}


def test_a_stray_echo_is_no_cluster_and_a_bracket_is():
    one = module("a02yyuw")
    assert one._result([100, 800, 801, 802, 803, 804, 805])["obstructed"] == 0
    bracket = one._result([140, 141, 142, 800, 801, 802, 803])
    assert (bracket["distance"], bracket["obstructed"], bracket["valid"]) == (802, 1, 4)
    assert one._result([100] * 7)["obstructed"] == 1
    assert one._result([5000, 20, 800])["valid"] == 1

"""The contract of every file in node/sensors: its examples on a fake bus, its documents."""

import asyncio
import os

from tests.fake_buses import MADE
from tests.fake_device import Clock, Pin

# isort: split
from node import ranging, wiring
from node.sensors import ROLES, a02yyuw, bh1750
from node.sensors.am312 import AM312
from node.sensors.bh1750 import BH1750

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
                assert await driver(name, raw).read(Clock()) == values, (name, raw)
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
    assert asyncio.run(sensor.read(None))["total"] == 0
    pin = Pin(7)
    sensor = AM312(pin, on_rising, warmup_s=0, refractory_ms=60000)
    pin.edge(1)
    pin.edge(0)
    pin.edge(1)
    assert asyncio.run(sensor.read(None)) == {"total": 1, "presence": 1, "warm": 1}


def test_a_ranger_with_a_switch_has_power_only_while_it_is_read():
    levels = []

    class Supply:
        """A pin."""

        def value(self, level):
            levels.append(level)

    class Line:
        """A UART that is asked when nothing has come yet."""

        def any(self):
            levels.append("asked")
            return 0

        def read(self, _count):
            return b""

    class Clock:
        """The CPU may sleep until the sensor measures."""

        def us(self):
            return 300

        async def sleep_until_us(self, us):
            levels.append(us)

    async def story():
        a02yyuw.asyncio = Hurry()
        sensor = a02yyuw.A02YYUW(Line(), power=Supply())
        assert levels == [0]
        await sensor.read(Clock())
        sensor.sleep()
        a02yyuw.asyncio = asyncio

    asyncio.run(story())
    assert levels[:3] == [0, 1, 1000300]
    assert set(levels[3:-1]) == {"asked"}
    assert levels[-1] == 0


class Light:
    """A BH1750 that keeps its MTreg while it has power; `faults`: transfers until one fails."""

    def __init__(self, lux):
        self.lux = lux
        self.mtreg = 69
        self.faults = 1 << 30

    def _transfer(self):
        self.faults -= 1
        if not self.faults:
            raise OSError(5)

    def writeto(self, _address, data):
        self._transfer()
        if data[0] & 0xF8 == 0x40:
            self.mtreg = (data[0] & 7) << 5 | self.mtreg & 31
        elif data[0] & 0xE0 == 0x60:
            self.mtreg = self.mtreg & 0xE0 | data[0] & 31

    def readfrom(self, _address, count):
        self._transfer()
        return min(self.lux * 6 * self.mtreg // (5 * 69), 65535).to_bytes(count, "big")


def test_a_light_sensor_is_right_after_a_fault_at_any_transfer_and_after_a_restart():
    async def story():
        bh1750.asyncio = Hurry()
        for at in range(1, 12):
            chip = Light(90000)
            chip.faults = at
            await BH1750(chip).read(None)
            chip.faults = 1 << 30
            assert abs((await BH1750(chip).read(None))["lux"] - 90000) < 10, at
            chip.lux = 1000
            assert abs((await BH1750(chip).read(None))["lux"] - 1000) < 3, (at, chip.mtreg)
        bh1750.asyncio = asyncio

    asyncio.run(story())


class HungPin(Pin):
    """A wire of a bus whose SDA a device holds low until SCL rose `clocks` times."""

    clocks = rises = 0

    def value(self, level=None):
        if level and self.number == WIRES["i2c"]["scl"]:
            HungPin.rises += 1
        if level is None and self.number == WIRES["i2c"]["sda"]:
            return int(HungPin.rises >= HungPin.clocks)
        return super().value(level)


def test_a_device_that_holds_sda_is_clocked_until_it_lets_go():
    kept = wiring.Pin
    wiring.Pin = HungPin
    try:
        for clocks in range(12):
            HungPin.clocks = clocks
            HungPin.rises = 0
            driver("bh1750", b"")
            assert HungPin.rises == min(clocks, 9), clocks
    finally:
        wiring.Pin = kept


def test_a_stray_echo_is_no_cluster_and_a_bracket_is():
    def judge(pings):
        return ranging.judge(pings, 30, 4500)

    assert judge([100, 800, 801, 802, 803, 804, 805])["obstructed"] == 0
    bracket = judge([140, 141, 142, 800, 801, 802, 803])
    assert (bracket["distance"], bracket["obstructed"], bracket["valid"]) == (802, 2, 4)
    assert judge([100] * 7)["obstructed"] == 1
    assert judge([5000, 20, 800])["valid"] == 1


def test_a_bag_that_sticks_up_is_no_empty_bin():
    bag = ranging.judge([310, 305, 300, 1150, 1151, 1152, 1153], 30, 4500)
    assert (bag["distance"], bag["obstructed"], bag["valid"]) == (305, 1, 3)
    assert ranging.judge([310, 1150, 1151, 1152, 1153, 1154, 1155], 30, 4500)["distance"] == 1152


def test_a_surface_nearer_than_the_range_is_no_dead_sensor():
    near = {"distance": 30, "valid": 7, "spread": 0, "obstructed": 1}
    assert ranging.judge([20] * 7, 30, 4500) == near
    for mm in range(1, 30):
        assert ranging.judge([mm, 0, 29, mm, mm, 5000, mm], 30, 4500) == dict(near, valid=5), mm
    assert ranging.judge([28, 29, 30, 31, 29, 31, 27], 30, 4500) == near
    assert ranging.judge([20] * 3 + [800] * 4, 30, 4500)["distance"] == 800
    assert ranging.judge([0] * 7, 30, 4500)["distance"] is None

"""Drivers of chips with registers: a fault at any transfer, then a field that has changed."""

import asyncio

from tests.fake_device import Pin  # noqa: F401 - it makes `machine`

# isort: split
from node.errors import ConfigError
from node.sensors import qmc5883l, rm3100


class Hurry:
    """asyncio whose sleeps cost no time."""

    async def sleep_ms(self, _ms):
        return None


class Chip:
    """Registers; a transfer fails when `faults` has counted down to 0."""

    def __init__(self):
        self.faults = 1 << 30
        self.nt = 0

    def _transfer(self):
        self.faults -= 1
        if not self.faults:
            raise OSError(5)

    def readfrom_mem(self, _address, register, count, addrsize=8):
        self._transfer()
        return self.get(register, count)

    def writeto_mem(self, _address, register, data, addrsize=8):
        self._transfer()
        self.put(register, data)


class Qmc(Chip):
    """It keeps result and its flag until they are read or it is reset; a result takes a while."""

    def __init__(self):
        super().__init__()
        self.put(0x0A, b"\x80")

    def put(self, register, data):
        if register == 0x0A:
            self.ready = self.running = self.asked = 0
            self.period = 0
        elif register == 0x0B:
            self.period = data[0]
        elif register == 0x09:
            self.running = data[0] & 1 and self.period == 1
            self.asked = 0

    def get(self, register, _count):
        if register == 0x0D:
            return b"\xff"
        if register == 0x06:
            if not self.ready and self.running:
                self.asked += 1
                if self.asked > 1:
                    self.ready = 1
                    self.raw = (self.nt * 3 // 100).to_bytes(2, "little")
            return bytes((self.ready,))
        self.ready = 0
        return self.raw * 3


class Rm(Chip):
    """Its cycle counts are lost with the supply; a result takes a while."""

    def __init__(self):
        super().__init__()
        self.cycles = 50
        self.asked = -1

    def put(self, register, data):
        if register == 0x04:
            self.cycles = data[1]
        else:
            self.asked = 0

    def get(self, register, _count):
        if register == 0x36:
            return b"\x22"
        if register == 0x34:
            self.asked += 1
            return b"\x80" if self.asked > 1 else b"\x00"
        gain = {50: 20, 200: 75}[self.cycles]
        return (self.nt * gain // 1000).to_bytes(3, "big") * 3


def value(module, driver):
    """The value of X of a reading, whose axes are alike; or None."""

    async def read():
        module.asyncio = Hurry()
        try:
            return await driver.read(None)
        finally:
            module.asyncio = asyncio

    values = asyncio.run(read())
    assert values is None or values["x"] == values["y"] == values["z"]
    return values and values["x"]


def test_a_magnetometer_is_right_after_a_fault_at_any_transfer():
    for module, kind, chip_kind in (
        (qmc5883l, qmc5883l.QMC5883L, Qmc),
        (rm3100, rm3100.RM3100, Rm),
    ):
        for at in range(1, 16):
            chip = chip_kind()
            driver = kind(chip)
            for nt, fault in ((20000, 0), (30000, at), (40000, 0)):
                chip.nt = nt
                chip.faults = fault or 1 << 30
                found = value(module, driver)
                driver.sleep()
                chip.faults = 1 << 30
                about = kind.__name__, at, nt, found
                assert (found is None and fault) or abs(found - nt) <= 40, about


def test_a_magnetometer_in_standby_after_a_fault_draws_little():
    chip = Qmc()
    driver = qmc5883l.QMC5883L(chip)
    chip.faults = 6
    assert value(qmc5883l, driver) is None
    assert chip.running
    driver.sleep()
    assert not chip.running


def test_a_cycle_count_that_the_manual_has_no_gain_for_is_refused():
    try:
        rm3100.RM3100(Rm(), cycles=300)
    except ConfigError as error:
        assert str(error) == "field.rm3100: cycles is 50, 100 or 200, not 300"
    else:
        raise AssertionError

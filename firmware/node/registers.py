"""A chip with registers on I2C: how its driver reads, writes and waits for a result."""

import asyncio


class Registers:
    """A driver of such a chip. ADDRSIZE of the driver's class: bits of a register's address."""

    ADDRSIZE = 8

    def __init__(self, bus, addr):
        self._i2c = bus
        self._addr = addr

    async def answered(self, measuring) -> "dict | None":
        """What this coroutine returns; None when the chip does not acknowledge meanwhile."""
        try:
            return await measuring
        except OSError:
            return None

    async def becomes(self, register, bits, tries, late_ms) -> int:
        """The byte of this register once one of these bits is set; 0 if none is in time."""
        for _ in range(tries):
            state = self._get(register, 1)[0]
            if state & bits:
                return state
            await asyncio.sleep_ms(late_ms)
        return 0

    def _get(self, register, count):
        return self._i2c.readfrom_mem(self._addr, register, count, addrsize=self.ADDRSIZE)

    def _set(self, register, data):
        self._i2c.writeto_mem(self._addr, register, data, addrsize=self.ADDRSIZE)

    def sleep(self) -> None:
        """No command: it is idle whenever it does not measure."""

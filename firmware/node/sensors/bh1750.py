"""ROHM BH1750FVI: ambient light over I2C, one-shot, 1 to about 121 000 lx."""

import asyncio

from micropython import const

BUS = "i2c"
if __debug__:  # for documents and tests; no board carries them
    ROLE = "light"
    SOURCE = (
        "ROHM BH1750FVI datasheet: H-resolution 180 ms at most, lux = counts / 1.2 x 69 / MTreg"
    )
    EXAMPLES = (
        (b"\x83\x90", {"lux": 28066, "saturated": 0}),
        (b"\x00\x00", {"lux": 0, "saturated": 0}),
        (b"\xff\xff\xc3\x50", {"lux": 92741, "saturated": 0}),
        (b"\xff\xff\xff\xff", {"lux": 121556, "saturated": 1}),
        (None, None),
    )

_ONE_SHOT_HIGH = const(0x20)
_WAIT_MS = const(180)  # the longest, not the typical, at the default MTreg
_DEFAULT_MTREG = const(69)
_LEAST_MTREG = const(31)
_SATURATED = const(65535)


class BH1750:
    """`read` returns None when no device acknowledges the address."""

    def __init__(self, bus, addr=0x23, **_options):
        self._i2c = bus
        self._addr = addr

    async def read(self, _clock) -> "dict | None":
        """Takes 0.18 s, twice that when saturated: measures again at the lowest sensitivity."""
        try:
            mtreg = _DEFAULT_MTREG
            counts = await self._measure(mtreg)
            if counts == _SATURATED:
                mtreg = _LEAST_MTREG
                counts = await self._measure(mtreg)
        except OSError:
            return None
        lux = counts * 5 * _DEFAULT_MTREG // (6 * mtreg)
        return {"lux": lux, "saturated": int(counts == _SATURATED)}

    async def _measure(self, mtreg):
        """Counts of one measurement. Sets MTreg each time: the sensor keeps one while powered."""
        high = 0x40 | mtreg >> 5
        low = 0x60 | mtreg & 0x1F
        for command in (high, low, _ONE_SHOT_HIGH):
            self._i2c.writeto(self._addr, bytes((command,)))
        await asyncio.sleep_ms(_WAIT_MS)
        raw = self._i2c.readfrom(self._addr, 2)
        return raw[0] << 8 | raw[1]

    def sleep(self) -> None:
        """No command: a one-shot measurement ends in power-down."""

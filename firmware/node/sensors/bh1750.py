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

_ONE_SHOT_HIGH = b"\x20"
_WAIT_MS = const(180)  # the longest, not the typical, at the default MTreg
_DEFAULT_MTREG = const(69)
_LEAST_MTREG = const(31)
_SATURATED = const(65535)


class BH1750:
    """`read` returns None when no device acknowledges the address."""

    def __init__(self, bus, addr=0x23, **_options):
        self._i2c = bus
        self._addr = addr

    async def read(self) -> "dict | None":
        """Waits 0.18 s; when saturated, measures once more at the lowest sensitivity."""
        try:
            mtreg = _DEFAULT_MTREG
            counts = await self._measure()
            if counts == _SATURATED:
                self._set_mtreg(_LEAST_MTREG)
                mtreg = _LEAST_MTREG
                counts = await self._measure()
                self._set_mtreg(_DEFAULT_MTREG)
        except OSError:
            return None
        lux = counts * 5 * _DEFAULT_MTREG // (6 * mtreg)
        return {"lux": lux, "saturated": int(counts == _SATURATED)}

    async def _measure(self):
        self._i2c.writeto(self._addr, _ONE_SHOT_HIGH)
        await asyncio.sleep_ms(_WAIT_MS)
        raw = self._i2c.readfrom(self._addr, 2)
        return raw[0] << 8 | raw[1]

    def _set_mtreg(self, mtreg):
        """Two commands: high 3 bits at 01000xxx, low 5 bits at 011xxxxx."""
        self._i2c.writeto(self._addr, bytes((0x40 | mtreg >> 5,)))
        self._i2c.writeto(self._addr, bytes((0x60 | mtreg & 0x1F,)))

    def sleep(self) -> None:
        """No command: a one-shot measurement ends in power-down."""

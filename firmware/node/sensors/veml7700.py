"""Vishay VEML7700: ambient light over I2C, 0 to about 120 000 lx, ranged by gain and time."""

from micropython import const

from node.supply import Switched

_CONFIG = const(0x00)  # gain in bits 12:11, integration time in 9:6, bit 0: shut down
_LIGHT = const(0x04)
_IDENTITY = const(0x07)
BUS = "i2c"
if __debug__:  # for documents and tests; no board carries them
    ROLE = "light"
    SOURCE = (
        "Vishay VEML7700 datasheet 84286 (registers, identity); application note 84323, "
        "06-Mar-2025: resolution, limits of 100 and 10 000 counts, correction above 1000 lx"
    )

    def _answers(*counts, config=(b"\x00\x10", b"\x00\x08"), identity=b"\x81\xc4"):
        """Registers of a sensor: counts and configuration at each measurement, low byte first."""
        light = [count.to_bytes(2, "little") for count in counts]
        return {_IDENTITY: identity, _CONFIG: list(config), _LIGHT: light}

    _SUN = (b"\x00\x10", b"\x00\x13")
    EXAMPLES = (
        (_answers(1000), {"lux": 537, "saturated": 0}),
        (_answers(0, 0), {"lux": 0, "saturated": 0}),
        (_answers(40, 640), {"lux": 21, "saturated": 0}),  # gain 2: 0.0336 lx a count
        (_answers(1900), {"lux": 1098, "saturated": 0}),  # 1021 before its correction
        (_answers(20000, 5000, config=_SUN), {"lux": 16559, "saturated": 0}),
        (_answers(42000, 10500, config=_SUN), {"lux": 112353, "saturated": 0}),
        (_answers(65535, 30000, config=_SUN), {"lux": 120000, "saturated": 1}),
        (_answers(40, 65535), {"lux": 2514, "saturated": 1}),  # light came meanwhile
        (_answers(1000, config=(b"\x01\x00",)), None),  # it lost its supply
        (_answers(1000, identity=b"\x80\xc4"), None),
        (None, None),
    )

_STEPS = ((0x1000, 5376, 100), (0x1300, 21504, 25), (0x0800, 336, 100))
"""Configuration, resolution (0.1 mlx a count), ms: gain 1/8 first, shorter in the sun, then 2."""
_FEW = const(100)
_MANY = const(10000)
_FULL = const(65535)
_LINEAR_LUX = const(1000)
_MOST_LUX = const(120000)
_OFF = const(1)


def corrected(lux: int) -> int:
    """What its count means above 1000 lx, where it is not linear; ends at 120 000 lx.

    6.0135e-13 x^4 - 9.3924e-9 x^3 + 8.1488e-5 x^2 + 1.0023 x, in units of 1e-17.
    """
    if lux <= _LINEAR_LUX:
        return lux
    lux = min(lux, 30000)  # of which the formula makes 336 000: no daylight
    slope = ((60135 * lux - 939240000) * lux + 8148800000000) * lux + 100230000000000000
    return min(slope * lux // 100000000000000000, _MOST_LUX)


class VEML7700(Switched):
    """`read` returns None when no VEML7700 answers, or it has lost its settings meanwhile."""

    START_US = 2500

    def __init__(self, bus, addr=0x10, power=None, **_options):
        self._addr = addr
        Switched.__init__(self, bus, power)

    async def read(self, clock) -> "dict | None":
        """Takes 0.2 s, in the dark and in the sun up to twice that; the CPU may sleep."""
        await self.wake(clock)
        try:
            if self._get(_IDENTITY) & 255 != 0x81:
                return None
            return await self._measure(clock)
        except OSError:
            return None

    async def _measure(self, clock):
        step = 0
        counts = await self._counts(_STEPS[step], clock)
        if counts is not None and not _FEW <= counts <= _MANY:
            step = 1 if counts > _MANY else 2
            counts = await self._counts(_STEPS[step], clock)
        if counts is None:
            return None
        lux = corrected(counts * _STEPS[step][1] // 10000)
        return {"lux": lux, "saturated": int(counts == _FULL or lux == _MOST_LUX)}

    async def _counts(self, step, clock):
        """Counts of one measurement; None when the configuration is another one after it."""
        config, _, ms = step
        self._set(config | _OFF)  # gain and time change while it is off
        self._set(config)
        # twice: the first count may be of a time that began before
        await clock.sleep_until_us(clock.us() + self.START_US + 2000 * ms)
        counts = self._get(_LIGHT)
        kept = self._get(_CONFIG)
        self._set(config | _OFF)
        return counts if kept == config else None

    def _get(self, register):
        raw = self._bus.readfrom_mem(self._addr, register, 2)
        return raw[0] | raw[1] << 8

    def _set(self, config):
        self._bus.writeto_mem(self._addr, _CONFIG, bytes((config & 255, config >> 8)))

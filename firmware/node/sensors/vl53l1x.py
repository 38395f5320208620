"""ST VL53L1X: time-of-flight ranger over I2C, 40 to 4000 mm, in a beam of 27 degrees."""

import asyncio

from micropython import const

from node.ranging import judge
from node.registers import Registers

_VHV_BOUND = const(0x0008)
_VHV_START = const(0x000B)
_CONFIG = const(0x002D)  # to 0x0087
_STATUS = const(0x0031)  # bit 0: a result is ready, as 0x0030 says it is active high
_CLEAR = const(0x0086)
_MODE = const(0x0087)
_RESULT = const(0x0089)  # status, then at 0x0096 the distance in mm, 16 bits
_BOOTED = const(0x00E5)
_MODEL = const(0x010F)
BUS = "i2c"
if __debug__:  # for documents and tests; no board carries them
    ROLE = "distance"
    SOURCE = (
        "ST UM2510 and STSW-IMG009 3.3 (registers, configuration, steps, status 9: valid); "
        "VL53L1X datasheet, DocID031281 (address, range)"
    )

    def _answers(*pings, ready=b"\x03", model=b"\xea\xcc"):
        """Registers of a sensor that measures these (status, mm)."""
        results = [
            bytes((status,)) + bytes(12) + bytes((mm >> 8, mm & 255)) for status, mm in pings
        ]
        return {_BOOTED: b"\x03", _MODEL: model, _STATUS: ready, _RESULT: results}

    EXAMPLES = (
        (
            _answers(
                (9, 1500), (9, 809), (4, 60), (9, 812), (7, 200), (9, 813), (9, 812), (9, 815)
            ),  # the first calibrates
            {"distance": 812, "valid": 5, "spread": 1, "obstructed": 0},
        ),
        (_answers((9, 812)), {"distance": 812, "valid": 7, "spread": 0, "obstructed": 0}),
        (_answers((9, 20)), {"distance": 40, "valid": 7, "spread": 0, "obstructed": 1}),
        (_answers((4, 4100)), {"distance": None, "valid": 0, "spread": None, "obstructed": 0}),
        (_answers((9, 812), ready=b"\x02"), None),
        (_answers((9, 812), model=b"\xee\xaa"), None),  # a VL53L0X
        (None, None),
    )

_PINGS = const(7)
_NEAR_MM = const(40)
_FAR_MM = const(4000)
_VALID = const(9)
_BOOT_TRIES = const(6)
_BOOT_MS = const(2)
_PING_MS = const(102)  # the timing budget of _START is 100 ms
_LATE_MS = const(10)
_LATE_TRIES = const(6)
_START = (
    b"\x00\x01\x01\x01\x02\x00\x02\x08\x00\x08\x10\x01\x01\x00\x00\x00\x00\xff\x00\x0f\x00\x00\x00"
    b"\x00\x00\x20\x0b\x00\x00\x02\x0a\x21\x00\x00\x05\x00\x00\x00\x00\xc8\x00\x00\x38\xff\x01\x00"
    b"\x08\x00\x00\x01\xcc\x0f\x01\xf1\x0d\x01\x68\x00\x80\x08\xb8\x00\x00\x00\x00\x0f\x89\x00\x00"
    b"\x00\x00\x00\x00\x00\x01\x0f\x0d\x0e\x0e\x00\x00\x02\xc7\xff\x9b\x00\x00\x00\x01\x00\x00"
)
"""ST's configuration: long distance, 100 ms. 0x2E and 0x2F: pulled up to AVDD, as on breakouts."""


class VL53L1X(Registers):
    """Median of 7 pings. `read` returns None when no VL53L1X answers."""

    ADDRSIZE = 16
    most_mm = 1 << 13

    def __init__(self, bus, addr=0x29, **_options):
        Registers.__init__(self, bus, addr)

    async def read(self, _clock) -> "dict | None":
        """Takes 0.9 s. Sets all that it relies on: the supply may have failed since."""
        return await self.answered(self._measure())

    async def _measure(self):
        if not await self.becomes(_BOOTED, 1, _BOOT_TRIES, _BOOT_MS):
            return None
        if self._get(_MODEL, 2) != b"\xea\xcc":
            return None
        self._set(_CONFIG, _START)
        self._vhv(b"\x81", b"\x92")  # calibrate: the temperature may differ by 8 degrees or more
        if not await self._pings(1):
            return None
        self._vhv(b"\x09", b"\x00")
        pings = await self._pings(_PINGS)
        return judge(pings, _NEAR_MM, min(_FAR_MM, self.most_mm)) if pings else None

    def _vhv(self, bound, start):
        self._set(_VHV_BOUND, bound)
        self._set(_VHV_START, start)

    async def _pings(self, count):
        """Distances of so many rangings, 0 where one is not valid; fewer when the sensor stops."""
        found = []
        self._set(_MODE, b"\x40")
        while len(found) < count and await self._ready():
            result = self._get(_RESULT, 15)
            found.append(result[13] << 8 | result[14] if result[0] & 0x1F == _VALID else 0)
            self._set(_CLEAR, b"\x01")
        self._set(_MODE, b"\x00")
        return found

    async def _ready(self):
        await asyncio.sleep_ms(_PING_MS)
        return await self.becomes(_STATUS, 1, _LATE_TRIES, _LATE_MS)

"""QST QMC5883L: magnetometer over I2C, +-800 uT on three axes. On boards sold as HMC5883L too."""

import asyncio
from struct import unpack

from micropython import const

from node.registers import Registers

_RESULT = const(0x00)  # X, Y, Z, 16 bits each, signed, low byte first
_STATUS = const(0x06)  # bit 0: a result is ready, bit 1: an axis is beyond the range
_CONTROL = const(0x09)
_RESET = const(0x0A)
_PERIOD = const(0x0B)
_IDENTITY = const(0x0D)
BUS = "i2c"
if __debug__:  # for documents and tests; no board carries them
    ROLE = "field"
    SOURCE = (
        "QST QMC5883L datasheet 1.0, chapters 2 (sensitivity, start-up) and 9 (registers); "
        "compared with ArduPilot's AP_Compass_QMC5883L.cpp"
    )

    def _answers(result, state=b"\x01", other=b"\xff"):
        """Registers of a sensor with this result."""
        return {_STATUS: state, _IDENTITY: other, _RESULT: result}

    EXAMPLES = (
        (_answers(b"\x58\x02\xa8\xfd\x64\x05"), {"x": 20000, "y": -20000, "z": 46000}),
        (_answers(bytes(6)), {"x": 0, "y": 0, "z": 0}),
        (_answers(b"\xff\xff\x01\x00\xfd\xff"), {"x": -34, "y": 33, "z": -100}),
        (_answers(b"\xff\x7f\x00\x00\x00\x00", b"\x03"), None),  # beyond the range
        (_answers(bytes(6), b"\x00"), None),
        (_answers(bytes(6), b"\x01", b"\x80"), None),  # a QMC5883P
        (None, None),
    )

_ID = b"\xff"
_SOFT = b"\x80"
_EVERY = b"\x01"  # set and reset period, as its datasheet recommends
_MEASURE = b"\x1d"  # 512 samples, 8 G, 200 Hz, continuous: it has no single measurement
_STANDBY = b"\x00"
_READY = const(1)
_BEYOND = const(2)
_WAIT_MS = const(10)
_TRIES = const(6)
_LATE_MS = const(3)


class QMC5883L(Registers):
    """`read` returns None when no QMC5883L answers, or its range of 8 G is exceeded."""

    def __init__(self, bus, addr=0x0D, **_options):
        Registers.__init__(self, bus, addr)

    async def read(self, _clock) -> "dict | None":
        """The field in nT. Takes 11 ms. Resets it: an old result must not pass for a new one."""
        return await self.answered(self._measure())

    async def _measure(self):
        self._set(_RESET, _SOFT)
        if self._get(_IDENTITY, 1) != _ID:
            return None
        self._set(_PERIOD, _EVERY)
        self._set(_CONTROL, _MEASURE)
        await asyncio.sleep_ms(_WAIT_MS)
        status = await self.becomes(_STATUS, _READY, _TRIES, _LATE_MS)
        raw = status and self._get(_RESULT, 6)
        self._set(_CONTROL, _STANDBY)
        if not raw or status & _BEYOND:
            return None
        x, y, z = [counts * 100 // 3 for counts in unpack("<3h", raw)]  # 3000 are 1 G, 100 uT
        return {"x": x, "y": y, "z": z}

    def sleep(self) -> None:
        """Standby, 3 uA, after a measurement that a fault of the bus has ended."""
        try:
            self._set(_CONTROL, _STANDBY)
        except OSError:
            pass

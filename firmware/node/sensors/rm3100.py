"""PNI RM3100: magneto-inductive field sensor over I2C, +-800 uT on three axes."""

import asyncio

from micropython import const

from node.errors import ConfigError
from node.registers import Registers

_POLL = const(0x00)
_CYCLES = const(0x04)  # cycle counts of X, Y, Z, 16 bits each
_RESULT = const(0x24)  # X, Y, Z, 24 bits each, signed
_STATUS = const(0x34)  # bit 7: a result is ready
_REVISION = const(0x36)
BUS = "i2c"
if __debug__:  # for documents and tests; no board carries them
    ROLE = "field"
    SOURCE = (
        "PNI RM3100 & RM2100 user manual: table 3-1 (gain by cycle count), chapter 5 (registers); "
        "compared with Linux 6, drivers/iio/magnetometer/rm3100-core.c"
    )
    OPTIONS = {"addr": 0x20}

    def _answers(result, state=b"\x80", other=b"\x22"):
        """Registers of a sensor with this result."""
        return {_STATUS: state, _REVISION: other, _RESULT: result}

    EXAMPLES = (
        (
            _answers(b"\x00\x05\xdc\xff\xfa\x24\x00\x0d\x7a"),  # 1500, -1500, 3450 at 75 a uT
            {"x": 20000, "y": -20000, "z": 46000},
        ),
        (_answers(bytes(9)), {"x": 0, "y": 0, "z": 0}),
        (
            _answers(b"\x00\xea\x60\xff\x15\xa0\xff\xff\xff"),  # the ends of its range
            {"x": 800000, "y": -800000, "z": -14},
        ),
        (_answers(bytes(9), b"\x00"), None),
        (_answers(bytes(9), b"\x80", b"\xff"), None),  # another chip at this address
        (None, None),
    )

_REVISION_ID = b"\x22"
_ALL_AXES = b"\x70"
_READY = const(0x80)
_GAINS = {50: 20, 100: 38, 200: 75}  # cycle count -> counts of a uT
_WAIT_MS = const(8)  # three axes at a cycle count of 200 take 6.8 ms (147 Hz)
_TRIES = const(4)
_LATE_MS = const(2)


class RM3100(Registers):
    """`read` returns None when no RM3100 answers. Between measurements it draws 1 uA.

    cycles: 50, 100 or 200; a higher count takes longer and has less noise. Raises ConfigError.
    """

    def __init__(self, bus, addr=0x20, cycles=200, **_options):
        if cycles not in _GAINS:
            raise ConfigError("field.rm3100: cycles is 50, 100 or 200, not %s" % cycles)
        Registers.__init__(self, bus, addr)
        self._cycles = cycles

    async def read(self, _clock) -> "dict | None":
        """The field in nT. Takes 8 ms. Sets all that it relies on: the supply may have failed."""
        return await self.answered(self._measure())

    async def _measure(self):
        if self._get(_REVISION, 1) != _REVISION_ID:
            return None
        self._set(_CYCLES, bytes((0, self._cycles)) * 3)
        self._set(_POLL, _ALL_AXES)
        await asyncio.sleep_ms(_WAIT_MS)
        if not await self.becomes(_STATUS, _READY, _TRIES, _LATE_MS):
            return None
        raw = self._get(_RESULT, 9)
        return {"x": self._nt(raw, 0), "y": self._nt(raw, 3), "z": self._nt(raw, 6)}

    def _nt(self, raw, at):
        counts = raw[at] << 16 | raw[at + 1] << 8 | raw[at + 2]
        if counts & 0x800000:
            counts -= 0x1000000
        return counts * 1000 // _GAINS[self._cycles]

"""ST LIS3DH: accelerometer over I2C: how far a container leans, and whether something hit it."""

import asyncio
from math import atan2, pi, sqrt
from struct import unpack

from micropython import const

from node.errors import ConfigError
from node.registers import Registers

_IDENTITY = const(0x0F)
_CONTROL = const(0x20)  # CTRL_REG1 to CTRL_REG6
_STATUS = const(0x27)  # bit 3: new data of all axes
_RESULT = const(0x28)  # X, Y, Z, 16 bits each, left-justified, signed, low byte first
_TURNED = const(0x30)  # INT1_CFG; its source 0x31, threshold 0x32, duration 0x33
_HIT = const(0x34)  # INT2_CFG; likewise
_ON = const(0x80)  # of a register's address: it counts on
BUS = "i2c"
if __debug__:  # for documents and tests; no board carries them
    ROLE = "tilt"
    SOURCE = (
        "ST LIS3DH datasheet DocID17530 rev 2: tables 4 and 10 (16 mg a digit at 2 g and 8 bits), "
        "11 (3 uA at 10 Hz in low power); registers and their bits compared with "
        "STMicroelectronics/lis3dh-pid, lis3dh_reg.h"
    )

    def _answers(*axes_mg, hit=0, identity=b"\x33", state=b"\x0f", kept=None):
        """Registers of a sensor that lies still: so many mg on X, Y and Z."""
        raw = b"".join([(mg // 16 << 8 & 0xFFFF).to_bytes(2, "little") for mg in axes_mg])
        return {
            _IDENTITY: identity, _CONTROL | _ON: kept or _SET, _STATUS: state,
            _RESULT | _ON: raw, _TURNED + 1: b"\0", _HIT + 1: bytes((hit << 6,)),
        }  # fmt: skip

    _SET = b"\x2f\x02\x60\x80\x0a"
    EXAMPLES = (
        (_answers(0, 0, 1008), {"tilt": 0, "shock": 0}),
        (_answers(512, 0, 880), {"tilt": 30, "shock": 0}),
        (_answers(704, 0, 704), {"tilt": 45, "shock": 0}),
        (_answers(0, -1008, 0), {"tilt": 90, "shock": 0}),
        (_answers(0, 0, -1008), {"tilt": 180, "shock": 0}),
        (_answers(0, 0, 992, hit=1), {"tilt": 0, "shock": 1}),
        (_answers(0, 0, 0), None),  # it falls, or an axis is dead
        (_answers(1984, 1984, 1984), None),  # it is being thrown about
        (_answers(0, 0, 1008, state=b"\x00"), None),  # it measures nothing
        (_answers(0, 0, 1008, identity=b"\x32"), None),
        (_answers(0, 0, 1008, kept=b"\x07\0\0\0\0"), None),  # it does not take its settings
        (None, None),
    )  # fmt: skip

_ID = b"\x33"
_SETTINGS = (
    (_CONTROL | _ON, b"\x2f\x02\x60\x80\x0a"),
    # 10 Hz, low power, 3 axes; gravity taken off for the second interrupt; both on INT1; 2 g and
    # whole results; both latched until they are read
    (_TURNED, b"\x7f"),  # movement in 6 directions: from one that is known to another
    (_TURNED + 2, b"\x2c\x01"),  # 704 mg: 45 degrees; for 0.1 s
    (_HIT + 2, b"\x32\x00"),  # 800 mg
    (_HIT, b"\x2a"),  # above it on any axis
)
_FIRST_MS = const(300)  # the filter takes gravity for a shock until then
_READY = const(8)
_TRIES = const(5)
_LATE_MS = const(30)
_ACTIVE = const(0x40)
_LEAST_MG = const(500)
_MOST_MG = const(1700)
_UP = {"x": 0, "y": 1, "z": 2}


class LIS3DH(Registers):
    """`read` returns None when no LIS3DH answers, or it does not stand still enough.

    addr: 0x18, or 0x19 with SDO high.  pin_b: a Pin at INT1, high when it turns or is hit; None:
    it is asked at each sample alone.  up: the axis that is up when the container stands, x, y, z,
    with a - before it where it points down.  Raises ConfigError for another.
    """

    def __init__(self, bus, addr=0x18, pin_b=None, up="z", **_options):
        Registers.__init__(self, bus, addr)
        self.line = pin_b
        if up[-1:] not in _UP or up[:-1] not in ("", "-"):
            raise ConfigError("/board.py: tilt.lis3dh: up is x, y, z, -x, -y or -z, not %s" % up)
        self._axis = _UP[up[-1]]
        self._sign = -1 if len(up) > 1 else 1

    async def read(self, _clock) -> "dict | None":
        """The angle from upright, and whether it was hit since the last reading. Takes 10 ms."""
        return await self.answered(self._measure())

    async def _measure(self):
        if self._get(_IDENTITY, 1) != _ID:
            return None
        if self._get(_CONTROL | _ON, 5) != _SETTINGS[0][1]:  # it was off meanwhile
            for register, data in _SETTINGS:
                self._set(register | _ON, data)
            await asyncio.sleep_ms(_FIRST_MS)
            self._get(_HIT + 1, 1)
            if self._get(_CONTROL | _ON, 5) != _SETTINGS[0][1]:
                return None
        if not await self.becomes(_STATUS, _READY, _TRIES, _LATE_MS):
            return None
        axes = [raw >> 4 for raw in unpack("<3h", self._get(_RESULT | _ON, 6))]
        self._get(_TURNED + 1, 1)
        hit = self._get(_HIT + 1, 1)[0] & _ACTIVE
        up = self._sign * axes.pop(self._axis)
        aside = sqrt(axes[0] * axes[0] + axes[1] * axes[1])
        if not _LEAST_MG <= sqrt(aside * aside + up * up) <= _MOST_MG:
            return None
        return {"tilt": int(atan2(aside, up) * 180 / pi + 0.5), "shock": int(bool(hit))}

    def sleep(self) -> None:
        """Stays on at 3 uA: its interrupt wakes the node."""

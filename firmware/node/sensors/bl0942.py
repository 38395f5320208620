"""Belling BL0942: mains meter on a UART, for one phase: voltage, current, power and energy.

It is connected to the mains: between it and the board stand optocouplers.
"""

import asyncio

from micropython import const

BUS = "uart"
BAUD = 4800
if __debug__:  # for documents and tests; no board carries them
    ROLE = "meter"
    SOURCE = (
        "Belling BL0942 datasheet V1.06: 1.218 V reference, 305978, 73989 and 3537 counts, "
        "1638.4 x 256 counts a pulse (as esphome/components/bl0942 has them); 58 AA, packet of 23 "
        "bytes"
    )

    def _packet(volts, amperes, watts, pulses, damage=0):
        """A packet for 1 mOhm and 1950 kOhm over 510 Ohm: counts a V, A and W."""
        numbers = (amperes * 251213.5, volts * 15883.34, 0, watts * 623.3938 % 2**24, pulses)
        raw = b"\x55" + b"".join([int(one + 0.5).to_bytes(3, "little") for one in numbers])
        raw += b"\x20\x4e\x00\x00\x00\x00"
        return raw + bytes((~(0x58 + sum(raw)) & 0xFF ^ damage,))

    EXAMPLES = (
        (_packet(230, 0.2, 40, 5351),
         {"mains": 230000, "current": 200, "power": 40000, "energy": 1000068}),
        (_packet(230, 0, 0, 0), {"mains": 230000, "current": 0, "power": 0, "energy": 0}),
        (_packet(230, 0.2, -40, 0),  # its shunt is the other way round
         {"mains": 230000, "current": 200, "power": 40000, "energy": 0}),
        (_packet(120, 10, 1200, 0),
         {"mains": 120000, "current": 10000, "power": 1200001, "energy": 0}),
        (_packet(230, 0.2, 40, 1, damage=1), None),
        (_packet(230, 0.2, 40, 1)[:-1], None),
        (b"\x54" * 23, None),
        (_packet(600, 0.2, 40, 1), None),  # no mains has that: something is burnt
        (b"", None),
    )  # fmt: skip

_ASK = b"\x58\xaa"
_SIZE = const(23)
_HEAD = const(0x55)
_REFERENCE_MV = const(1218)
_MOST_MV = const(500000)
_TURN_MS = const(60)  # 23 bytes take 53 ms
_TRIES = const(3)


class BL0942:
    """`read` returns None when it does not answer, or the packet is damaged.

    shunt_uohm, upper_ohm, lower_ohm: of the current shunt and the voltage divider.  mains_pm,
    current_pm, power_pm: calibration, per mille of what these resistors give.
    """

    def __init__(
        self, bus, shunt_uohm=1000, upper_ohm=1950000, lower_ohm=510,
        mains_pm=1000, current_pm=1000, power_pm=1000, **_options
    ):  # fmt: skip
        self._bus = bus
        divided = upper_ohm + lower_ohm
        volt = _REFERENCE_MV * divided
        self._mains = volt * mains_pm, 73989 * 1000000 * lower_ohm
        self._current = _REFERENCE_MV * current_pm, 305978 * shunt_uohm
        self._power = _REFERENCE_MV * volt * power_pm, 3537 * 1000000 * lower_ohm * shunt_uohm

    async def read(self, _clock) -> "dict | None":
        """mV, mA, mW, and mWh since it had power last. Takes 60 ms."""
        self._bus.read(self._bus.any())  # of before
        self._bus.write(_ASK)
        for _ in range(_TRIES):
            await asyncio.sleep_ms(_TURN_MS)
            if self._bus.any() >= _SIZE:
                break
        raw = self._bus.read(self._bus.any()) or b""
        if len(raw) != _SIZE or raw[0] != _HEAD or sum(raw, _ASK[0]) & 0xFF != 0xFF:
            return None
        current, mains, _, power, pulses = [
            int.from_bytes(raw[at : at + 3], "little") for at in range(1, 16, 3)
        ]
        if power >> 23:
            power = (1 << 24) - power
        values = {
            "mains": _times(mains, self._mains),
            "current": _times(current, self._current),
            "power": _times(power, self._power),
            "energy": _times(pulses * 4194304, self._power) // 36000,
        }
        return values if values["mains"] <= _MOST_MV else None

    def sleep(self) -> None:
        """Stays on: it counts energy."""


def _times(counts, ratio):
    return (counts * ratio[0] + ratio[1] // 2) // ratio[1]

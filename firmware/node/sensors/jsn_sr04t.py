"""JSN-SR04T: waterproof ultrasonic ranger on a UART, 250 to 4500 mm, in its serial modes.

Solder 47 kOhm (it sends each 100 ms) or 120 kOhm (it answers 0x55) to R27 or MODE of its board.
"""

import asyncio

from micropython import const

from node.ranging import judge, parse
from node.supply import Switched

BUS = "uart"
BAUD = 9600
if __debug__:  # for documents and tests; no board carries them
    ROLE = "distance"
    SOURCE = (
        "JSN-SR04T output modes (scribd 476981234): 0x55 -> FF H L SUM, 9600 8N1, 340 m/s, 60 ms "
        "at most; sheets of 2.0 (blind below 250 mm, 4.5 m, 30 mA) and 3.0 (200 mm, 8 mA)"
    )
    EXAMPLES = (
        (b"\xff\x07\xa1\xa7" * 7, {"distance": 1953, "valid": 7, "spread": 0, "obstructed": 0}),
        (b"\xa1\xa7" + b"\xff\x03\x2c\x2e" * 9,  # it sends by itself
         {"distance": 812, "valid": 7, "spread": 0, "obstructed": 0}),
        (b"\xff\x00\xb4\xb3" * 7,  # 180 mm: in the blind zone, where it says anything
         {"distance": 250, "valid": 7, "spread": 0, "obstructed": 1}),
        (b"\xff\x01\x40\x40" * 3 + b"\xff\x03\x2c\x2e" * 4,
         {"distance": 320, "valid": 3, "spread": 0, "obstructed": 1}),  # a bag that sticks up
        (b"\xff\x00\x00\xff" * 7, {"distance": None, "valid": 0, "spread": None, "obstructed": 0}),
        (b"\xff\x17\x70\x86" * 7, {"distance": None, "valid": 0, "spread": None, "obstructed": 0}),
        (b"\xff\x03\x2c\x2f" * 7, {"distance": None, "valid": 0, "spread": None, "obstructed": 0}),
        (b"", None),
    )  # fmt: skip

_PINGS = const(7)
_NEAR_MM = const(250)
_FAR_MM = const(4500)
_PING_MS = const(100)  # as it pings by itself; the echo of the one before has died away
_TRIGGER = b"\x55"


class JSN_SR04T(Switched):  # noqa: N801 - the file in capitals
    """Median of 7 pings. `read` returns None when the sensor sends nothing at all.

    power: a Pin that switches its supply, high: on. sound_m_s: by which it computes; 0: it knows
    the air's temperature (version 3.3).
    """

    START_US = 500000  # assumed: its sheets give no time from power to the first good frame

    def __init__(self, bus, power=None, sound_m_s=340, **_options):
        self.sound_mm_s = 1000 * sound_m_s
        Switched.__init__(self, bus, power)

    async def read(self, clock) -> "dict | None":
        """Takes 0.7 s, beside its start, in which the CPU may sleep."""
        await self.wake(clock)
        self._bus.read(self._bus.any())  # of before
        for _ in range(_PINGS):
            self._bus.write(_TRIGGER)  # where it sends by itself, it does not listen
            await asyncio.sleep_ms(_PING_MS)
        raw = self._bus.read(self._bus.any())
        return judge(parse(raw)[:_PINGS], _NEAR_MM, min(_FAR_MM, self.most_mm)) if raw else None

"""DFRobot A02YYUW: waterproof ultrasonic ranger, 30 to 4500 mm, a frame every 100 to 300 ms."""

import asyncio

from micropython import const

from node.ranging import judge, parse
from node.supply import Switched

BUS = "uart"
BAUD = 9600
if __debug__:  # for documents and tests; no board carries them
    ROLE = "distance"
    SOURCE = "DFRobot wiki SEN0311: FF H L SUM, SUM = (FF + H + L) & FF, 9600 8N1"
    EXAMPLES = (
        (b"\xff\x07\xa1\xa7" * 7, {"distance": 1953, "valid": 7, "spread": 0, "obstructed": 0}),
        (b"\xa1\xa7" + b"\xff\x03\x2c\x2e" * 7,
         {"distance": 812, "valid": 7, "spread": 0, "obstructed": 0}),
        (b"\xff\x00\x64\x63" * 3 + b"\xff\x03\x2c\x2e" * 4,
         {"distance": 812, "valid": 4, "spread": 0, "obstructed": 2}),
        (b"\xff\x00\x14\x13" * 6 + b"\xff\x00\x00\xff",  # in the blind zone
         {"distance": 30, "valid": 6, "spread": 0, "obstructed": 1}),
        (b"\xff\x00\x00\xff" * 7, {"distance": None, "valid": 0, "spread": None, "obstructed": 0}),
        (b"\xff\x03\x2c\x2f" * 7, {"distance": None, "valid": 0, "spread": None, "obstructed": 0}),
        (b"", None),
    )  # fmt: skip

_PINGS = const(7)
_NEAR_MM = const(30)
_FAR_MM = const(4500)
_TURN_MS = const(720)  # 7 frames at the fastest rate; each wake costs 0.7 ms of CPU
_LATE_MS = const(60)
_WAIT_MS = const(2600)


class A02YYUW(Switched):
    """Median of 7 pings. `read` returns None when the sensor sends nothing at all.

    power: a Pin that switches its supply, high: on. Without one it draws 8 mA all the time.
    """

    START_US = 1000000  # assumed: its page gives no time from power to the first good frame

    async def read(self, clock) -> "dict | None":
        """Waits at most 3.9 s in a few pieces: bytes gather in the UART's buffer.

        While it starts up the CPU may sleep.
        """
        await self.wake(clock)
        self._bus.read(self._bus.any())  # of before
        waited = 0
        while self._bus.any() < 4 * _PINGS and waited < _WAIT_MS:
            turn_ms = _TURN_MS if waited < 2 * _TURN_MS else _LATE_MS
            await asyncio.sleep_ms(turn_ms)
            waited += turn_ms
        raw = self._bus.read(self._bus.any())
        return judge(parse(raw)[:_PINGS], _NEAR_MM, min(_FAR_MM, self.most_mm)) if raw else None

"""MaxBotix HRXL-MaxSonar-WR with TTL serial (MB738x): ultrasonic ranger, 300 to 5000 mm.

Its RS232 twins (MB736x) send upside down: take `hrxl_wr_pwm` for them, or an inverter.
"""

import asyncio

from micropython import const

from node.ranging import judge
from node.supply import Switched

BUS = "uart"
BAUD = 9600
if __debug__:  # for documents and tests; no board carries them
    ROLE = "distance"
    SOURCE = (
        "MaxBotix HRXL-MaxSonar-WR datasheet PD11500: R and 4 digits in mm and CR, 9600 8N1; 300 "
        "is 300 or nearer, the farthest is no target; 5.2 to 7.5 Hz; it knows its temperature"
    )
    EXAMPLES = (
        (b"R0812\r" * 7, {"distance": 812, "valid": 7, "spread": 0, "obstructed": 0}),
        (b"12\rR0480 \r" + b"R0480 \r" * 6,
         {"distance": 480, "valid": 7, "spread": 0, "obstructed": 0}),
        (b"R0300\r" * 7, {"distance": 300, "valid": 7, "spread": 0, "obstructed": 1}),
        (b"R5000\r" * 7, {"distance": None, "valid": 0, "spread": None, "obstructed": 0}),
        (b"R0812\rR08\x7f2\rR081\rX0812\rR08123\r" + b"R0812\r" * 3,
         {"distance": 812, "valid": 4, "spread": 0, "obstructed": 0}),
        (b"HRXL-MaxSonar-WR\rPN:MB7389\r" + b"R0812\r" * 7,
         {"distance": 812, "valid": 7, "spread": 0, "obstructed": 0}),
        (b"\x00\xff\x00", {"distance": None, "valid": 0, "spread": None, "obstructed": 0}),
        (b"", None),
    )  # fmt: skip

_PINGS = const(7)
_FRAME = const(6)
_NEAR_MM = const(300)
_TURN_MS = const(950)  # 7 frames at 7.5 Hz
_LATE_MS = const(100)
_WAIT_MS = const(1600)


def parse(raw: bytes) -> list:
    """Distances (mm) of every whole line R and 4 digits."""
    found = []
    for line in raw.split(b"\r"):
        line = line.rstrip()
        if len(line) == 5 and line[:1] == b"R" and line[1:].isdigit():
            found.append(int(line[1:]))
    return found


class HRXL_WR(Switched):  # noqa: N801 - the file in capitals
    """Median of 7 readings. `read` returns None when the sensor sends nothing at all.

    far_mm: what it says where there is no target; 9999 for the types of 10 m.
    """

    START_US = 300000  # assumed: 50 ms to start (as its WRS twin) and a first reading of 181 ms

    def __init__(self, bus, power=None, far_mm=5000, **_options):
        self._far_mm = far_mm
        Switched.__init__(self, bus, power)

    async def read(self, clock) -> "dict | None":
        """Waits at most 1.7 s, beside its start, in which the CPU may sleep."""
        await self.wake(clock)
        self._bus.read(self._bus.any())  # of before
        waited = 0
        while self._bus.any() < _FRAME * _PINGS and waited < _WAIT_MS:
            turn_ms = _LATE_MS if waited else _TURN_MS
            await asyncio.sleep_ms(turn_ms)
            waited += turn_ms
        raw = self._bus.read(self._bus.any())
        return (
            judge(parse(raw)[-_PINGS:], _NEAR_MM, min(self._far_mm - 1, self.most_mm))
            if raw
            else None
        )

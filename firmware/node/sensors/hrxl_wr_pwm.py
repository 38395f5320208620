"""MaxBotix HRXL-MaxSonar-WR by the width of its pulses: 1 us is 1 mm, 300 to 5000 mm."""

import asyncio

import machine
from micropython import const

from node.ranging import judge
from node.supply import Switched

BUS = "pin"
if __debug__:  # for documents and tests; no board carries them
    ROLE = "distance"
    SOURCE = (
        "MaxBotix HRXL-MaxSonar-WR datasheet PD11500: 1 us a mm, 300 to 5000 us, one pulse in "
        "each range cycle of 133 to 193 ms"
    )
    EXAMPLES = (
        ([812, 811, 812, 813, 812], {"distance": 812, "valid": 5, "spread": 0, "obstructed": 0}),
        ([812, 1200, 5000, 813, 811], {"distance": 813, "valid": 4, "spread": 3, "obstructed": 0}),
        ([300] * 5, {"distance": 300, "valid": 5, "spread": 0, "obstructed": 1}),
        ([5000] * 5, {"distance": None, "valid": 0, "spread": None, "obstructed": 0}),
        ([812, 812, 812, -2], {"distance": 812, "valid": 3, "spread": 0, "obstructed": 0}),
        ([-2], None),  # no pulse
        ([-1], None),  # a line that stays high
    )

_PINGS = const(5)
_NEAR_MM = const(300)
_QUIET_MS = const(110)  # after a pulse nothing comes for 123 ms at least
_LONGEST_US = const(200000)  # from one pulse to the next


class HRXL_WR_PWM(Switched):  # noqa: N801 - the file in capitals
    """Median of 5 readings. `read` returns None when no pulse comes.

    far_mm: what it says where there is no target; 9999 for the types of 10 m.
    """

    START_US = 300000  # as of hrxl_wr

    def __init__(self, bus, power=None, far_mm=5000, **_options):
        self._far_mm = far_mm
        Switched.__init__(self, bus, power)

    async def read(self, clock) -> "dict | None":
        """Takes 0.7 s, of which the CPU is held for the last 20 to 80 ms before each pulse."""
        await self.wake(clock)
        found = []
        if self._bus.value():
            self._pulse()  # the rest of one that had begun
        while len(found) < _PINGS:
            wide_us = self._pulse()
            if wide_us < 0:
                break
            found.append(wide_us)
            await asyncio.sleep_ms(_QUIET_MS)
        return judge(found, _NEAR_MM, min(self._far_mm - 1, self.most_mm)) if found else None

    def _pulse(self):
        """Width of the next pulse, us; below 0: none came, or it did not end."""
        return machine.time_pulse_us(self._bus, 1, _LONGEST_US)

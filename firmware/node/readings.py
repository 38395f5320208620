"""What every payload's judgement needs: is a sensor stuck, is the battery low, who was there.

The fields themselves are made by `node.payloads`, one file for each.
"""

from micropython import const

_STUCK_ECHOES = const(12)  # every echo the same to the millimetre: 2 h at 600 s
_STUCK_LIGHT = const(144)  # the same lux, not dark
_PRESENT_S = const(600)  # an AM312 holds 2.3 s: longer than this is no person


class Stuck:
    """Tells a sensor that repeats itself from one that measures. `told`: once, with the value."""

    def __init__(self, times, told):
        self._most = times
        self._told = told
        self._last = None
        self._times = 0

    def seen(self, value) -> bool:
        """True when `value` came so many times more without any change; None never counts."""
        self._times = self._times + 1 if value is not None and value == self._last else 0
        self._last = value
        if self._times == self._most:
            self._told(value)
        return self._times >= self._most


class Readings:
    """Parts of the node for `node.payloads`, and what a judgement keeps over time."""

    def __init__(self, config, power, clock, journal, lamp, log):
        self.config, self.power, self.clock = config, power, clock
        self.journal, self.lamp = journal, lamp

        def told(value):
            log("sensor", "it says %s again and again; clean it, or replace it" % value)

        self.stuck = Stuck(_STUCK_LIGHT if lamp else _STUCK_ECHOES, told)
        self._present_s = 0
        self.counted = 0

    def too_long(self, motion: dict) -> bool:
        """Does somebody stand there for longer than people do?"""
        now_s = self.clock.uptime_s()
        if not motion["presence"]:
            self._present_s = now_s
        return now_s - self._present_s > _PRESENT_S

    def millivolts(self) -> "int | None":
        """Battery as the payload takes it."""
        battery_mv = self.power.battery_mv()
        return battery_mv if battery_mv and 2000 <= battery_mv <= 7080 else None

    def low(self) -> int:
        """1: the battery is below the board's limit."""
        return int(self.power.low())

"""One 64-bit microsecond clock over wrapping ticks, and the wall time set by the network.

`ticks_us` wraps every 18 minutes: every sleep here is in pieces far below that, and each
piece reads the clock. The wall time carries its error: what was stated when it was set, plus
the crystal's drift since.
"""

import asyncio
from time import ticks_add, ticks_diff, ticks_us

from micropython import const

DRIFT_PPM = 40
"""Worst crystal of the boards over temperature. Source: Raspberry Pi Pico datasheet, 2.1: 30."""

_PIECE_MS = const(4000)
_TICKS = const(0x3FFFFFFF)  # ticks_us wraps at 30 bits, after 17.9 minutes


class Clock:
    """`us()` never wraps. Sleeps are light sleep where `power` allows it and feed the watchdog.

    `on_rising` is that of `node.ports`, `may_doze` that of `node.power`.
    For `node.deep`: `total_us` (`us()` when it was last read) and `unix_us` (Unix time, in us, at
    clock 0, or None).
    """

    def __init__(self, power):
        self._power = power
        self.on_rising = power.on_rising
        self.may_doze = power.may_doze
        self._last = ticks_us()
        self.total_us = 0
        self.unix_us = None
        self._set_at_us = 0
        self._error_ms = 0

    def us(self) -> int:
        """Microseconds since start. Not for interrupt handlers: stamp `ticks_us` there."""
        now = ticks_us()
        self.total_us += ticks_diff(now, self._last) & _TICKS
        self._last = now
        return self.total_us

    def at(self, ticks: int) -> int:
        """The instant of a `ticks_us` stamp taken at most some minutes ago."""
        return self.us() + ticks_diff(ticks, self._last)

    def ticks(self, at_us: int):
        """The `ticks_us` of an instant at most some minutes from now, however long `us` takes.

        Above 2^30 us it computes with long integers: 0.1 ms on an ESP32 (emulated).
        """
        left_us = at_us - self.us()
        return ticks_add(self._last, left_us)

    def uptime_s(self) -> int:
        """Whole seconds since start."""
        return self.us() // 1000000

    def set_unix(self, unix_us: int, at_us: int, error_ms: int) -> None:
        """Set the wall time: it was `unix_us` (within `error_ms`) when `us()` was `at_us`."""
        self.unix_us = unix_us - at_us
        self._set_at_us = at_us
        self._error_ms = error_ms

    def unix(self) -> int:
        """Unix seconds, or 0 while the time is unknown."""
        return 0 if self.unix_us is None else (self.unix_us + self.us()) // 1000000

    def error_ms(self) -> "int | None":
        """Largest error of `unix` by now, or None while the time is unknown."""
        if self.unix_us is None:
            return None
        return self._error_ms + (self.us() - self._set_at_us) * DRIFT_PPM // 1000000000

    def doze(self, ms: int) -> bool:
        """Light sleep for at most `ms`, ended early by any pin. False: not allowed now.

        Feeds the watchdog: whoever waits calls it for each piece of at most 4 s.
        """
        power = self._power
        power.feed()
        if not power.may_doze():
            return False
        power.doze(ms)
        return True

    async def sleep_until_us(self, until_us: int) -> None:
        """Sleep to an instant of `us()`: never early, late by what other tasks hold the CPU."""
        while True:
            left_ms = (until_us - self.us() + 999) // 1000
            if left_ms <= 0:
                break
            if not self.doze(left_ms):
                await asyncio.sleep_ms(min(left_ms, _PIECE_MS))

"""A port of `node.ports` that keeps the watchdog's law."""

import time

from tests.fake_buses import Pin

# isort: split
from node.ports import POWER

WATCHDOG_US = 8300000  # as `node.ports.rp2` starts the chip's


class Port:
    """`longest_us` is the longest time between two feeds; `fed` and `resets` count."""

    cause = POWER
    deaf = ()
    deep = None

    def __init__(self):
        self.fed = self.resets = self.longest_us = 0
        self._fed_us = None

    def start_watchdog(self):
        self._fed_us = time.ticks_us()

    def stop_watchdog(self):
        self._fed_us = None

    def feed(self):
        self.fed += 1
        if self._fed_us is not None:
            now_us = time.ticks_us()
            gap_us = time.ticks_diff(now_us, self._fed_us) & 0x3FFFFFFF
            self.longest_us = max(self.longest_us, gap_us)
            self._fed_us = now_us

    def bites(self) -> bool:
        """Would the chip have been reset by now?"""
        self.feed()
        return self.longest_us > WATCHDOG_US

    def doze(self, ms):
        raise AssertionError("USB power is there")

    def on_rising(self, pin, handler):
        pin.irq(handler, Pin.IRQ_RISING)

    def on_change(self, pin, handler):
        pin.irq(handler, Pin.IRQ_RISING | Pin.IRQ_FALLING)

    def microvolts(self, _adc):
        return 1300000

    def reset(self):
        self.resets += 1

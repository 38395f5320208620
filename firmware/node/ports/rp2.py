"""MicroPython's rp2 port on an RP2040. Source of registers: RP2040 datasheet, chapter 4.7."""

import machine
from micropython import const

from node.ports import POWER, SOFT, WATCHDOG

_WATCHDOG_MS = const(8300)  # the longest is 8388 ms
_WATCHED_MS = const(4000)
_DOZE_MS = const(900000)  # the clock must be read before its ticks wrap
_SCRATCH = const(0x4005800C)  # WATCHDOG SCRATCH0: kept over a reset, cleared by power
_WATCHDOG_CLEAR = const(0x4005B000)  # WATCHDOG CTRL, atomic-clear alias (2.1.2)
_WATCHDOG_SET = const(0x4005A000)  # ... atomic-set alias
_ENABLE = const(1 << 30)
_RUNNING = const(0x1A3F0001)
_ASKED = const(0x1A3F0002)


class Port:
    """The contract is in `node.ports`."""

    deaf = ()  # every GPIO's interrupt ends light sleep
    deep = None  # its deep sleep keeps no memory and takes as much current as light sleep

    def __init__(self):
        # Light sleep leaves UART and SPI on the system clock: put them there before any is
        # opened, or their rates change with the first sleep (MicroPython 1.25, rp2).
        hz = machine.freq()
        machine.freq(hz, hz)  # pyright: ignore[reportCallIssue] - the stubs lack the second
        self._wdt = None
        self.cause = self._read_cause()

    def _read_cause(self):
        mark = machine.mem32[_SCRATCH]
        machine.mem32[_SCRATCH] = _RUNNING
        if mark == _ASKED:
            return SOFT
        if mark != _RUNNING:
            return POWER
        return WATCHDOG if machine.reset_cause() == machine.WDT_RESET else SOFT

    def start_watchdog(self) -> None:
        """From here on the board resets after 8.3 s without `feed`."""
        self._wdt = machine.WDT(timeout=_WATCHDOG_MS)

    def feed(self) -> None:
        """Restart the watchdog's time."""
        if self._wdt:
            self._wdt.feed()

    def stop_watchdog(self) -> None:
        """Switch the watchdog off, by its register."""
        self._wdt = None
        machine.mem32[_WATCHDOG_CLEAR] = _ENABLE
        machine.mem32[_SCRATCH] = _ASKED

    def reset(self) -> None:
        """Restart on purpose."""
        machine.mem32[_SCRATCH] = _ASKED
        machine.reset()

    def doze(self, ms: int) -> None:
        """Light sleep, at most 15 min.

        The watchdog is off meanwhile: nothing runs that could hang, and a watchdog that fires in
        light sleep, where the ring oscillator stands, hangs the RP2040 until it loses power
        (MicroPython 1.25).
        """
        if self._wdt and ms > _WATCHED_MS:
            machine.mem32[_WATCHDOG_CLEAR] = _ENABLE
            machine.lightsleep(min(ms, _DOZE_MS))
            self.feed()
            machine.mem32[_WATCHDOG_SET] = _ENABLE
        else:
            machine.lightsleep(min(ms, _WATCHED_MS))
            self.feed()

    def on_rising(self, pin, handler) -> None:
        """A hard interrupt: the handler runs within 15 us and must not allocate."""
        pin.irq(handler, pin.IRQ_RISING, hard=True)

    def on_change(self, pin, handler) -> None:
        """As `on_rising`, at both edges."""
        pin.irq(handler, pin.IRQ_RISING | pin.IRQ_FALLING, hard=True)

    def microvolts(self, adc: int) -> int:
        """adc: a channel, 0 to 3 are GPIO 26 to 29. Full scale is the supply, 3.3 V."""
        return machine.ADC(adc).read_u16() * 3300000 // 65535

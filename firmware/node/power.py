"""Battery, USB presence, watchdog, light sleep, and why the board started."""

import machine
from micropython import const

_WATCHDOG_MS = const(8300)  # the RP2040's longest is 8388 ms
_WATCHED_MS = const(4000)
_DOZE_MS = const(900000)  # the clock must be read before its ticks wrap
_SCRATCH = const(0x4005800C)  # WATCHDOG SCRATCH0: kept over a reset, cleared by power
_WATCHDOG_CLEAR = const(0x4005B000)  # WATCHDOG CTRL, atomic-clear alias (RP2040 2.1.2, 4.7)
_WATCHDOG_SET = const(0x4005A000)  # ... atomic-set alias
_ENABLE = const(1 << 30)
_RUNNING = const(0x1A3F0001)
_ASKED = const(0x1A3F0002)

POWER, SOFT, WATCHDOG, DEEPSLEEP, WIPED = range(5)
"""Causes of a start, in the order of `wire.schema.CAUSES`."""


class Power:
    """Supply and sleep of one board. `sleeper`: the profile may doze when no USB host is there."""

    def __init__(self, board, sleeper=False):
        self.sleeper = sleeper
        self._battery = board.BATTERY
        self._vbus = None
        if "vbus" in board.PINS:
            self._vbus = vbus = machine.Pin(board.PINS["vbus"], machine.Pin.IN)
            vbus.irq(lambda _pin: None, vbus.IRQ_RISING)  # ends light sleep: somebody plugged in
        self._wdt = None
        self._rp2 = board.PORT == "rp2"
        if self._rp2:
            # Light sleep leaves UART and SPI on the system clock: put them there before any is
            # opened, or their rates change with the first sleep (MicroPython 1.25, rp2).
            machine.freq(machine.freq(), machine.freq())
        self.cause = self._read_cause()

    def _read_cause(self):
        if not self._rp2:
            return POWER
        mark = machine.mem32[_SCRATCH]
        machine.mem32[_SCRATCH] = _RUNNING
        if mark == _ASKED:
            return SOFT
        if mark != _RUNNING:
            return POWER
        return WATCHDOG if machine.reset_cause() == machine.WDT_RESET else SOFT

    def usb(self) -> bool:
        """Does a USB host give power? Boards that cannot tell never doze."""
        return self._vbus is None or bool(self._vbus.value())

    def may_doze(self) -> bool:
        """True when light sleep hurts nobody: battery profile, no console attached."""
        return self.sleeper and not self.usb()

    def doze(self, ms: int) -> None:
        """Light sleep, at most 15 min; a pin's interrupt ends it early, a USB host's power too.

        The watchdog rests meanwhile: nothing runs that could hang, and should it bite in light
        sleep, where the ring oscillator stands, the RP2040 would hang for good (MicroPython 1.25).
        """
        if self._wdt and self._rp2 and ms > _WATCHED_MS:
            machine.mem32[_WATCHDOG_CLEAR] = _ENABLE
            machine.lightsleep(min(ms, _DOZE_MS))
            self.feed()
            machine.mem32[_WATCHDOG_SET] = _ENABLE
        else:
            machine.lightsleep(min(ms, _WATCHED_MS))
            self.feed()

    def battery_mv(self) -> "int | None":
        """Supply in mV, the median of 3 samples, or None where the board measures none."""
        if not self._battery:
            return None
        adc = machine.ADC(self._battery["adc"])
        raw = sorted(adc.read_u16() for _ in range(3))[1]
        return raw * 3300 * self._battery["divide"] // 65535

    def low(self) -> bool:
        """Is the battery below the board's limit?"""
        battery_mv = self.battery_mv()
        return battery_mv is not None and battery_mv < self._battery["low_mv"]

    def start_watchdog(self) -> None:
        """From here on the board resets when nobody feeds for 8.3 s."""
        self._wdt = machine.WDT(timeout=_WATCHDOG_MS)

    def feed(self) -> None:
        """Tell the watchdog that the loop turns."""
        if self._wdt:
            self._wdt.feed()

    def stop_watchdog(self) -> None:
        """Leave the prompt in peace: the RP2040's watchdog can be switched off by register."""
        self._wdt = None
        if self._rp2:
            machine.mem32[_WATCHDOG_CLEAR] = _ENABLE
            machine.mem32[_SCRATCH] = _ASKED

    def reset(self) -> None:
        """Restart on purpose (told apart from a watchdog bite)."""
        if self._rp2:
            machine.mem32[_SCRATCH] = _ASKED
        machine.reset()

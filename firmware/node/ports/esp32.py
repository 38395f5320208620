"""MicroPython's esp32 port on an ESP32. Source: MicroPython's documentation, esp32 and machine.

Emulated, not run on a board. The CPU stays at MicroPython's 160 MHz: 80 MHz would take 0.7 times
the current and twice the time (ESP32 datasheet, table 4-2). Its other radios stay off.
"""
# pyright: reportAttributeAccessIssue=false

import asyncio
import time

import esp32
import machine
from micropython import const
from unload import unload

from node import esp32_pins
from node.flag import Flag
from node.ports import DEEPSLEEP, POWER, SOFT, WATCHDOG

_WATCHDOG_MS = const(8300)  # as on the other ports
_PIECE_MS = const(4000)  # of light sleep: then a person who plugged in is noticed
DEEP_MS = const(120000)  # a start takes about as much charge as 60 s of light sleep
_PROMPT_MS = const(0x3FFFFFFF)  # the half milliseconds of its counter have 31 bits
_SLOW_PERIOD = const(0x3FF48050)  # RTC_CNTL_STORE1; calibrated over 1024 cycles at the start, over
# 10 before each light sleep (ESP-IDF, sleep_modes.c), which is 2667 of 40 MHz, rounded down


class Port:
    """The contract is in `node.ports`."""

    def __init__(self):
        asyncio.ThreadSafeFlag = Flag  # of the radio and of what moves: asked at each tick
        self._wdt = None
        self.edges = []  # (pin, handler)
        self._waker = None
        self._node = None
        self._radios = -1  # how many of them are the radio's, once it is there
        self.deaf = []
        self._slow_period = machine.mem32[_SLOW_PERIOD]
        causes = {machine.PWRON_RESET: POWER, machine.WDT_RESET: WATCHDOG}
        causes[machine.DEEPSLEEP_RESET] = DEEPSLEEP
        self.cause = causes.get(machine.reset_cause(), SOFT)
        self.packed = self.cause == DEEPSLEEP  # else `node.deep` packs the firmware anew
        self._kept = None
        self._deep("take")

    def start_watchdog(self) -> None:
        """From here on the board resets after 8.3 s without `feed`."""
        self._wdt = machine.WDT(timeout=_WATCHDOG_MS)

    def feed(self) -> None:
        """Restart the watchdog's time."""
        if self._wdt:
            self._wdt.feed()

    def stop_watchdog(self) -> None:
        """It cannot be: the prompt gets 12 days. A timer to feed it would end by a soft reset."""
        if self._wdt:
            self._wdt = machine.WDT(timeout=_PROMPT_MS)

    def reset(self) -> None:
        """Restart on purpose."""
        machine.reset()

    def doze(self, ms: int) -> None:
        """Light sleep, at most 4 s, ended early by the high level of a pin of `on_rising`.

        After `deep`, a long wait that nothing but the radio could end is deep sleep, and this call
        does not return. The handlers of pins that rose are called after it; high ones end nothing.
        """
        if self._waker:
            self._waker.arm()
        if ms >= DEEP_MS and len(self.edges) <= self._radios and self._deep("keep"):
            machine.deepsleep(ms)
        self.light([edge for edge in self.edges if not edge[0].value()], ms)
        self.feed()

    def light(self, edges, ms) -> bool:
        """Light sleep, at most 4 s; True: one of the pins of edges, (pin, handler), ended it."""
        if self._waker:
            self._waker.arm()
        esp32.wake_on_ext1([pin for pin, _ in edges], esp32.WAKEUP_ANY_HIGH)
        begun = time.ticks_us()
        machine.lightsleep(min(ms, _PIECE_MS))
        slept_us = time.ticks_diff(time.ticks_us(), begun)
        if self._node:  # its clock gets what light sleep took from it: 0.3 ms a second
            used = machine.mem32[_SLOW_PERIOD]
            self._node.clock.total_us += slept_us * (self._slow_period - used) // used
        ended = self._waker is not None and self._waker.free()
        for pin, handler in edges:
            pin.init(pin.IN, hold=False)  # the RTC had it (ESP-IDF, sleep modes, EXT1)
            if pin.value():
                ended = True
                handler(pin)
        return ended

    def deep(self, node) -> bool:
        """The contract's; the state is in the RTC's memory, `node.deep` has it."""
        self._node = node
        if hasattr(node.link, "mac"):  # more than 9 ms of sleep_ms end up to 3 ms late: at a tick
            node.link.radio.naps = False
            self._radios = node.link.radio.pins if node.profile.pace == "sample_s" else -1
        if hasattr(node.profile, "rests"):
            from node.nap import Nap

            Nap(node, self, asyncio.core._io_queue)
        return self._deep("resume")

    def on_rising(self, pin, handler) -> None:
        """A soft interrupt, the only kind here: the handler runs between two bytecodes.

        A pin outside the RTC's (GPIO 0, 2, 4, 12 to 15, 25 to 27, 32 to 39) cannot end light
        sleep: it is in `deaf`. The console's input is read after each piece of it.
        """
        if str(pin) == "Pin(3)":
            return esp32_pins.share_rx()
        pin.irq(handler, pin.IRQ_RISING)
        self.edges.append((pin, handler))
        try:
            esp32.wake_on_ext1([pin], esp32.WAKEUP_ANY_HIGH)
        except ValueError:
            self.deaf.append(str(pin))

    def on_change(self, pin, handler) -> None:
        """As `on_rising`, by EXT0: it ends deep sleep too, and has then called the handler."""
        self._waker = esp32_pins.Waker(pin, handler, self)

    def _deep(self, step):
        """A step of `node.deep`, which is loaded only for it."""
        if step != "keep" and self.cause != DEEPSLEEP:
            return False
        from node import deep

        try:
            if step == "take":
                self._kept = deep.take()
                return False
            if step == "keep":
                return deep.ready(self._node) and deep.keep(self._node)
            kept, self._kept = self._kept, None
            return bool(kept) and deep.resume(self._node, kept)
        finally:
            deep = None
            unload("node.deep")

    def microvolts(self, adc: int) -> int:
        """adc: a GPIO of ADC1, 32 to 39. Calibrated, up to about 3.1 V at 11 dB."""
        return machine.ADC(machine.Pin(adc), atten=machine.ADC.ATTN_11DB).read_uv()

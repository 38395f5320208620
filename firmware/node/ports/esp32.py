"""MicroPython's esp32 port on an ESP32. Source: MicroPython's documentation, esp32 and machine.

Not run on a board or an emulator yet: tested with a stand-in for `machine` and `esp32`. The
installed stubs are those of rp2, which lack what only an ESP32 has.
"""
# pyright: reportAttributeAccessIssue=false

import esp32
import machine
from micropython import const

from node.ports import DEEPSLEEP, POWER, SOFT, WATCHDOG

_WATCHDOG_MS = const(8300)  # as on the other ports
_PIECE_MS = const(4000)  # the watchdog cannot be stopped: sleep is in pieces that it allows
_PROMPT_FEED_MS = const(2000)


class Port:
    """The contract is in `node.ports`."""

    def __init__(self):
        self._wdt = None
        self._timer = None
        self._edges = []  # (pin, handler)
        self._wakers = []
        self.deaf = []
        self.cause = self._read_cause()

    def _read_cause(self):
        cause = machine.reset_cause()
        if cause == machine.PWRON_RESET:
            return POWER
        if cause == machine.WDT_RESET:
            return WATCHDOG
        return DEEPSLEEP if cause == machine.DEEPSLEEP_RESET else SOFT

    def start_watchdog(self) -> None:
        """From here on the board resets after 8.3 s without `feed`."""
        self._wdt = machine.WDT(timeout=_WATCHDOG_MS)

    def feed(self) -> None:
        """Restart the watchdog's time."""
        if self._wdt:
            self._wdt.feed()

    def stop_watchdog(self) -> None:
        """It cannot be stopped (machine.WDT): a timer feeds it while the prompt is in use."""
        if self._wdt:
            self._timer = machine.Timer(0)
            self._timer.init(
                period=_PROMPT_FEED_MS, mode=machine.Timer.PERIODIC, callback=self._feed_later
            )

    def _feed_later(self, _timer):
        self.feed()

    def reset(self) -> None:
        """Restart on purpose."""
        machine.reset()

    def doze(self, ms: int) -> None:
        """Light sleep, at most 4 s, ended early by the high level of a pin of `on_rising`.

        Edges are not seen in light sleep: the handlers of pins that rose are called after it.
        """
        low = [edge for edge in self._edges if not edge[0].value()]
        machine.lightsleep(min(ms, _PIECE_MS))
        self.feed()
        for pin, handler in low:
            if pin.value():
                handler(pin)

    def on_rising(self, pin, handler) -> None:
        """A soft interrupt, the only kind here: the handler runs between two bytecodes.

        A pin outside the RTC's (GPIO 0, 2, 4, 12 to 15, 25 to 27, 32 to 39) cannot end light
        sleep: it is in `deaf`.
        """
        pin.irq(handler, pin.IRQ_RISING)
        self._edges.append((pin, handler))
        try:
            esp32.wake_on_ext1(self._wakers + [pin], esp32.WAKEUP_ANY_HIGH)
            self._wakers.append(pin)
        except ValueError:
            self.deaf.append(str(pin))

    def microvolts(self, adc: int) -> int:
        """adc: a GPIO of ADC1, 32 to 39. Calibrated, up to about 3.1 V at 11 dB."""
        pin = machine.ADC(machine.Pin(adc), atten=machine.ADC.ATTN_11DB)
        return pin.read_uv()

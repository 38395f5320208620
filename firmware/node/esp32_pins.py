"""What two pins of an ESP32 need beyond `machine.Pin`: the console's input, and the waking pin.

Source: ESP-IDF, sleep modes: EXT0 ends light and deep sleep by the level of one pin of the RTC's
(GPIO 0, 2, 4, 12 to 15, 25 to 27, 32 to 39); of them 34 to 39 have no pull-up inside.
"""
# pyright: reportAttributeAccessIssue=false
# the installed stubs are those of rp2, which lack what only an ESP32 has

import esp32  # pyright: ignore[reportMissingImports]
import machine
from micropython import const

from node.ports import DEEPSLEEP

_RX = const(3)  # GPIO of the console's input, high while the USB bridge has power
_RX_ROUTE = const(0x3FF44168)  # GPIO_FUNC14_IN_SEL_CFG, of U0RXD_IN
_RX_PAD = const(0x3FF49084)  # IO_MUX_GPIO3: pull-down 7, pull-up 8
_RX_PULLS = const(0x180)
_PULL_DOWN = const(0x80)
_FROM_MATRIX = const(0x80)


def share_rx() -> None:
    """Pin 3 as a plain input has left the UART: it gets its bytes over the GPIO matrix."""
    machine.mem32[_RX_ROUTE] = _FROM_MATRIX | _RX
    machine.mem32[_RX_PAD] = machine.mem32[_RX_PAD] & ~_RX_PULLS | _PULL_DOWN


class Waker:
    """`arm` it before each sleep, `free` it after light sleep. port: deaf to a wrong pin."""

    early = False  # did it move before the whole node was there?

    def __init__(self, pin, handler, port):
        self._pin = pin
        self._handler = handler
        pin.irq(handler, pin.IRQ_RISING | pin.IRQ_FALLING)
        try:
            self.arm()
        except ValueError:
            port.deaf.append(str(pin))
        if port.cause == DEEPSLEEP:
            self._ask()
        if self.early:
            handler(pin)

    def arm(self) -> None:
        """The level that it has not now ends sleep: one that stands would end it at once."""
        level = esp32.WAKEUP_ALL_LOW if self._pin.value() else esp32.WAKEUP_ANY_HIGH
        esp32.wake_on_ext0(self._pin, level)

    def free(self) -> bool:
        """Take the pin back from the RTC (ESP-IDF, sleep modes, EXT0). True: it ended sleep."""
        pin = self._pin
        pin.init(pin.IN, pin.PULL_UP, hold=False)
        return self._ask()

    def _ask(self):
        ended = machine.wake_reason() == machine.EXT0_WAKE
        if ended:
            self._handler(self._pin)
        return ended

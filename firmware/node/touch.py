"""A person at a sealed node: a reed contact or a button. Loaded where PINS has `wake`."""

from time import ticks_diff, ticks_ms

from machine import Pin
from micropython import const

_ATTENDED_MS = const(300000)  # for a person who woke it; ticks wrap after 12 days


class Touch:
    """Touches of one pin, which the contact connects to ground.

    gpio: its number.  port: a `Port` of `node.ports`.
    """

    def __init__(self, gpio, port):
        self._touched = False
        self._woken_ms = None
        port.on_change(Pin(gpio, Pin.IN, Pin.PULL_UP), self._touch)

    def _touch(self, _pin):
        """An interrupt: must not allocate."""
        self._touched = True

    def since(self, first) -> bool:
        """Was it touched since the last call? It dozes again 5 min after the last touch.

        first(): called where it was not awake for this already.  To be asked each few seconds.
        """
        touched, self._touched = self._touched, False
        if touched:
            if self._woken_ms is None:
                first()
            self._woken_ms = ticks_ms()
        elif self._woken_ms is not None and ticks_diff(ticks_ms(), self._woken_ms) > _ATTENDED_MS:
            self._woken_ms = None
        return touched

    def attended(self) -> bool:
        """Is a person there, who woke it?"""
        return self._touched or self._woken_ms is not None

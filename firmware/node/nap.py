"""Light sleep while all tasks of a node wait: for a profile that listens all the time.

MicroPython's esp32 port wakes its CPU at each tick of FreeRTOS, 100 times a second, while nothing
happens. Here the event loop's wait becomes light sleep to the instant of the next task, ended
early by the radio and by each sensor that has an interrupt.
"""

from time import ticks_add, ticks_diff, ticks_ms

from micropython import const

_LEAST_MS = const(40)  # falling asleep and waking up work as long as a wait of 30 ms (emulated)
_STEADY_MS = const(20)  # LEDC takes a new duty at the end of a period, which light sleep stops
_FED_MS = const(8000)  # the flow feeds each 4 s; where it hangs, the board stays awake


class Nap:
    """From now on. queue: `asyncio.core._io_queue` of the event loop that runs.

    port: of `node.ports`, with `edges` and `light(edges, ms)`. The profile has `rests()`: does it
    need no clock of the chip's? In light sleep the watchdog's stands too: nothing here feeds it.
    """

    def __init__(self, node, port, queue):
        self._node = node
        self._port = port
        self._rests = node.profile.rests
        self._moved_ms = self._fed_ms = ticks_ms()
        self._wait = queue.wait_io_event
        self._feed = port.feed
        queue.wait_io_event = self.wait
        node.power.feed = self.feed

    def feed(self) -> None:
        """As the port's; the flow is alive."""
        self._fed_ms = ticks_ms()
        self._feed()

    def wait(self, ms: int) -> None:
        """As the queue's, for at most `ms`; -1: without end."""
        if self._steady(ticks_ms()) and ms >= _LEAST_MS and self._free():
            self._port.light(self._port.edges, ms)
            ms = 0
        self._wait(ms)

    def _steady(self, now_ms):
        """Has the profile been at rest so long that no duty is on its way to a pin?"""
        if not self._rests():
            self._moved_ms = now_ms
            return False
        if ticks_diff(now_ms, self._moved_ms) < _STEADY_MS:
            return False
        self._moved_ms = ticks_add(now_ms, -_STEADY_MS)  # or the difference wraps
        return True

    def _free(self):
        """Would nobody miss the CPU? The fall of a pin that is high would not be noticed."""
        node, port = self._node, self._port
        if node.lock.locked() or node.sensing.locked() or node.power.usb() or port.deaf:
            return False
        if ticks_diff(ticks_ms(), self._fed_ms) > _FED_MS:
            return False
        return not any(pin.value() for pin, _ in port.edges)

"""Light sleep while all tasks of a node wait: for a profile that listens all the time.

MicroPython's esp32 port wakes its CPU at each tick of FreeRTOS, 100 times a second, while nothing
happens. Here the event loop's wait becomes light sleep to the instant of the next task, ended
early by the radio and by each sensor that has an interrupt.
"""

from time import ticks_add, ticks_diff, ticks_ms

from machine import Pin
from micropython import const

_LEAST_MS = const(40)  # falling asleep and waking up work as long as a wait of 30 ms (emulated)
_STEADY_MS = const(20)  # LEDC takes a new duty at the end of a period, which light sleep stops
_AWAKE_MS = const(4000)  # of the flow's waits, as without this module
_ASLEEP_MS = const(60000)  # a turn of the flow works as long as 8 pieces of light sleep (emulated)
_LATE_MS = const(4000)
_FULL = const(65535)
_PWM_HZ = const(1000)


class Steady:
    """A lamp's PWM whose full duty is a plain high level, which light sleep does not stop.

    LEDC's own is low for one count of 65536 (MicroPython 1.25, emulated). pin: its GPIO.
    """

    def __init__(self, pwm, pin):
        self._pwm = pwm
        self._pin = pin
        self._plain = False

    def duty_u16(self, duty: int) -> None:
        """As that of `machine.PWM`."""
        if duty == _FULL:
            self._pin.init(Pin.OUT, value=1)
        elif self._plain:
            self._pwm.deinit()  # or `init` leaves the pin as it is
            self._pwm.init(freq=_PWM_HZ, duty_u16=duty)
        else:
            self._pwm.duty_u16(duty)
        self._plain = duty == _FULL


class Nap:
    """From now on. queue: `asyncio.core._io_queue` of the event loop that runs.

    port: of `node.ports`, with `edges` and `light(edges, ms)`. The profile has `rests()`: does it
    need no clock of the chip's? And the lamp whose pin that is about.

    The flow's waits are longer while it sleeps, and end when sleep does: by a pin or USB power, or
    because the lamp is dimmed. In light sleep the watchdog stands too, and here it is fed for the
    flow, until its wait should be over: where it hangs, the board stays awake.
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
        dimmer = node.profile.lamp.dimmer
        dimmer.pwm = Steady(dimmer.pwm, Pin(node.board.PINS["lamp"]))
        dimmer.set(dimmer.level)

    def feed(self) -> None:
        """As the port's; the flow is alive."""
        self._fed_ms = ticks_ms()
        self._feed()

    def wait(self, ms: int) -> None:
        """As the queue's, for at most `ms`; -1: without end."""
        now_ms = ticks_ms()
        steady = self._steady(now_ms)
        if ticks_diff(now_ms, self._fed_ms) <= self._node.piece_ms + _LATE_MS:
            self._feed()
            if ms >= _LEAST_MS and steady and self._free():
                ms = self._sleep(ticks_add(now_ms, ms))
            elif ms >= _LEAST_MS:
                ms = self._wake(ms)
        self._wait(ms)

    def _sleep(self, until_ms):
        self._node.piece_ms = _ASLEEP_MS
        left_ms = ticks_diff(until_ms, ticks_ms())
        while left_ms >= _LEAST_MS:
            if self._port.light(self._port.edges, left_ms) or self._node.power.usb():
                return self._wake(0)
            left_ms = ticks_diff(until_ms, ticks_ms())
        return 0

    def _wake(self, ms):
        """The flow looks for itself. Returns how long to wait: not, where it was just told."""
        node = self._node
        if node.piece_ms == _AWAKE_MS:
            return ms
        node.piece_ms = _AWAKE_MS
        node.wake.set()
        return 0

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
        return not any(pin.value() for pin, _ in port.edges)

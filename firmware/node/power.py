"""Battery, USB presence, and when the node may sleep.

What each of MicroPython's ports does its own way stands in `node.ports`.
"""

import machine

from node import part


class Power:
    """Supply and sleep of one board. `sleeper`: the profile may doze when no USB host is there.

    PINS of the board may name "wake": a reed contact or a button to ground.

    port: a `Port` of `node.ports`, where `cause`, `feed`, `doze` and `on_rising` are described.
    """

    def __init__(self, board, port, sleeper=False):
        self.sleeper = sleeper
        self.port = port
        self.cause = port.cause
        self.feed = port.feed
        self.doze = port.doze
        self.on_rising = port.on_rising
        self._battery = board.BATTERY
        if "divider" in board.PINS:
            part("pin", "node", "divider").switch(port, board.PINS["divider"])
        self._vbus = None
        if "vbus" in board.PINS:
            self._vbus = machine.Pin(board.PINS["vbus"], machine.Pin.IN)
            port.on_rising(self._vbus, lambda _pin: None)  # USB power ends light sleep
        self._touch = None
        if "wake" in board.PINS:
            self._touch = part("pin", "node", "touch").Touch(board.PINS["wake"], port)

    def woken(self, first) -> bool:
        """Did a person touch it since the last call? first: as for `Touch.since`."""
        return bool(self._touch and self._touch.since(first))

    def usb(self) -> bool:
        """Does a USB host give power? A board that cannot measure it never dozes."""
        return self._vbus is None or bool(self._vbus.value())

    def may_doze(self) -> bool:
        """True for a battery profile without USB power, where each interrupt ends light sleep."""
        attended = self._touch and self._touch.attended()
        return self.sleeper and not (attended or self.port.deaf or self.usb())

    def battery_mv(self) -> "int | None":
        """Supply in mV, the median of 3 samples, or None where the board measures none."""
        battery = self._battery
        if not battery:
            return None
        median_uv = sorted([self.port.microvolts(battery["adc"]) for _ in range(3)])[1]
        return median_uv * battery["divide"] // (battery.get("by", 1) * 1000)

    def low(self) -> bool:
        """Is the battery below the board's limit?"""
        battery_mv = self.battery_mv()
        return battery_mv is not None and battery_mv < self._battery["low_mv"]

"""Is presence told for longer than a person stays? Loaded by the profiles with a motion sensor."""

from micropython import const

from node.profiles import Kept

_PRESENT_S = const(600)  # an AM312 holds 2.3 s: a longer presence is a stuck sensor


class Presence(Kept):
    """How long one motion sensor has reported presence."""

    def __init__(self):
        self._absent_s = 0

    def too_long(self, node, motion: dict) -> bool:
        """Does the motion sensor report presence for longer than a person stays?

        motion: its values, with `presence`.
        """
        now_s = node.clock.uptime_s()
        if not motion["presence"]:
            self._absent_s = now_s
        driver = node.sensors.get("motion")
        return now_s - self._absent_s > getattr(driver, "LONGEST_S", _PRESENT_S)

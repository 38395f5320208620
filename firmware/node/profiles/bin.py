"""Fill of a bin."""

from micropython import const
from unload import unload

from node import part, profiles
from node.content import Content
from node.ranging import judge
from node.stuck import Stuck

_SPREAD_MM = const(15)
_STILL_S = const(259200)  # every echo the same to the millimetre for 3 days: sound is 0.17 %
# faster per degree, so that the air of a day moves even a surface that stands still
_BRACKET_S = const(259200)  # right before the sensor for so long: a bracket or a liner, no waste
_AGAIN_US = const(10000000)  # until a jump is measured again
_DEEP = const(1 << 13)


class Profile(profiles.Profile):
    """Fill from the distance between sensor and surface.

    Its numbers are plain attributes: `node.deep` keeps those.
    """

    air = air_s = 0  # 0.01 degrees Celsius at the last measurement, and its time; for `node.fire`
    hot = 0  # measurements in a row that look like fire; 2: it burns
    urgent = 0  # readings to be sent at once
    _open_s = 0  # when nothing stood right before the sensor last
    _tilt = None

    def __init__(self, node):
        super().__init__(node)
        self._stuck = Stuck(node.log)
        self._content = Content(node)

    def start(self) -> None:
        """Keep what was sent; send readings together, where the settings say so."""
        from node import batching

        batching.attach(self.node)

    def ready(self) -> None:
        """An echo from behind the bottom is none."""
        config = self.node.config
        driver = self.node.sensors.get("distance")
        if driver:
            driver.most_mm = config["empty_mm"] * 11 // 10 if config.given("empty_mm") else _DEEP

    def save(self) -> None:
        """What happened is in the reading now."""
        self._content.emptied = 0
        self.urgent = max(0, self.urgent - 1)

    def changed(self, old: dict, new: dict) -> bool:
        """A fire is sent three times, a jump not before it is confirmed."""
        if self.urgent:
            return True
        for name in ("event", "alarm"):
            if new.get(name) and new[name] != old.get(name):
                return True
        return not self._content.doubts and super().changed(old, new)

    def fields(self, sensed: dict) -> dict:
        """Fill, distance, how far both can be trusted, and what happened."""
        clock = self.node.clock
        content = self._content
        self.ends_us = 1 << 60
        self.ready()
        echo = sensed["distance"] or judge([], 0, 0)
        values = dict(
            echo,
            battery=self.millivolts(),
            low_battery=self.low(),
            uncalibrated=int(not self.node.config.given("empty_mm")),
        )
        seen = echo["obstructed"]
        tipped = self._around(values, sensed)
        sick = self._sick(values)
        values["fill"] = content.filled(values["distance"], values.get("tilted"), tipped, seen)
        if content.doubts:
            self.ends_us = min(self.ends_us, clock.us() + _AGAIN_US)
        if self.urgent > 1:
            self.ends_us = 0
        if seen != 2:
            self._open_s = clock.uptime_s()
        elif clock.uptime_s() - self._open_s >= _BRACKET_S:
            seen = 0  # it belongs to the container
        values["obstructed"] = min(seen, 1)
        values["event"] = content.event()
        values["suspect"] = 1 if sick or content.doubts or echo["valid"] < 5 else 0
        return values

    def _sick(self, values):
        """Is it noisy or stuck?"""
        moved = values["spread"] or values["obstructed"]  # right before the sensor nothing moves
        distance = None if moved else values["distance"]
        sick = 0
        if self._stuck.seen(distance, self.node.clock.uptime_s(), _STILL_S):
            sick = profiles.STUCK
        if (values["spread"] or 0) >= max(_SPREAD_MM, self.node.config["height_mm"] * 3 // 100):
            sick |= profiles.NOISY
        if sick:
            self.ails("distance", sick)
        return sick

    def _around(self, values, sensed):
        """Air and tilt into the fields. Returns whether it was just tipped out."""
        tipped = False
        if "tilt" in sensed:
            if not self._tilt:
                self._tilt = part("judgement", "node", "tilt").Tilt(self.node)
            tipped = self._tilt.judge(self, values, sensed["tilt"])
        if "temperature" in sensed:
            part("judgement", "node", "fire").judge(self, values, sensed["temperature"])
        return tipped

    def console(self) -> tuple:
        """`calib`."""
        from node import bin_commands

        unload("node.bin_commands")
        return bin_commands.TABLE

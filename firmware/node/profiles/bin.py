"""Fill of a bin."""

from micropython import const
from unload import unload

from node import part, profiles
from node.batching import attach

_SPREAD_MM = const(15)
_STILL_S = const(259200)  # every echo the same to the millimetre for 3 days: sound is 0.17 %
# faster per degree, so that the air of a day moves even a surface that stands still


def fill_percent(distance_mm: int, empty_mm: int, height_mm: int) -> int:
    """Fill of a prism: sensor to surface against sensor to the empty bottom. 0..100."""
    filled = max(0, min(height_mm, empty_mm - distance_mm))
    return (filled * 100 + height_mm // 2) // height_mm


class Profile(profiles.Profile):
    """Fill from the distance between sensor and surface."""

    def __init__(self, node):
        super().__init__(node)
        self._stuck = profiles.Stuck(node.log)

    def start(self) -> None:
        """Keep what was sent; send readings together, where the settings say so."""
        attach(self.node)

    def fields(self, sensed: dict) -> dict:
        """Fill, distance and how far both can be trusted."""
        config = self.node.config
        echo = sensed["distance"] or {
            "distance": None, "valid": 0, "spread": None, "obstructed": 0
        }  # fmt: skip
        distance, height = echo["distance"], config["height_mm"]
        if "temperature" in sensed:
            distance = part("correction", "node", "sound").corrected(self.node, distance)
        fill = None
        if distance is not None:
            fill = fill_percent(distance, config["empty_mm"], height)
        spread_most = max(_SPREAD_MM, height * 3 // 100)
        moved = echo["spread"] or echo["obstructed"]  # right before the sensor nothing moves
        now_s = self.node.clock.uptime_s()
        stuck = self._stuck.seen(None if moved else distance, now_s, _STILL_S)
        noisy = (echo["spread"] or 0) >= spread_most
        if stuck:
            self.ails("distance", profiles.STUCK)
        if noisy:
            self.ails("distance", profiles.NOISY)
        return {
            "fill": fill,
            "distance": distance,
            "valid": echo["valid"],
            "spread": echo["spread"],
            "battery": self.millivolts(),
            "obstructed": echo["obstructed"],
            "suspect": int(stuck or noisy or echo["valid"] < 5),
            "low_battery": self.low(),
            "uncalibrated": int(not config.given("empty_mm")),
        }

    def commands(self):
        """`calib` of the console."""
        from node import bin_commands

        unload("node.bin_commands")
        return bin_commands

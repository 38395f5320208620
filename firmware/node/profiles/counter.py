"""People counted."""

import struct

from node import profiles
from node.batching import attach
from node.presence import Presence

_STATE = "counter"
_FORMAT = "<I"


class Profile(profiles.Profile):
    """Cumulative total since installation, on flash before a reading that has it."""

    def __init__(self, node):
        super().__init__(node)
        self._presence = Presence()
        blob = node.store.load(_STATE)
        self._saved = struct.unpack(_FORMAT, blob)[0] if blob else None
        # firmware 0.1.0 kept it in the journal's header
        self.total = self._saved if blob else node.journal.legacy_total
        self._counted = 0  # passages since the start that the total includes
        self.save()

    def save(self) -> None:
        """The total to flash, if it changed."""
        if self.total == self._saved:
            return
        if self.node.store.keep(_STATE, struct.pack(_FORMAT, self.total)):
            self._saved = self.total  # else with the next reading

    def start(self) -> None:
        """Keep what was sent; send readings together, where the settings say so."""
        attach(self.node)

    def fields(self, sensed: dict) -> dict:
        """The total since installation, and whether the sensor can be trusted."""
        motion = sensed["motion"] or {"total": self._counted, "presence": 0, "warm": 0}
        self.total = (self.total + motion["total"] - self._counted) & 0xFFFFFFFF
        self._counted = motion["total"]
        stuck = self._presence.too_long(self.node, motion)
        if stuck:
            self.ails("motion", profiles.STUCK)
        return {
            "total": self.total,
            "boots": self.node.config.boots & 15,
            "battery": self.millivolts(),
            "presence": motion["presence"],
            "suspect": int(stuck or not motion["warm"]),
            "low_battery": self.low(),
        }

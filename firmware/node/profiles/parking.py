"""A parking bay: its car, from the field in the ground; ranging verifies it where it is fitted."""

import struct

from judgement.parking import UNKNOWN, Bay
from judgement.verdict import Verdict
from micropython import const
from unload import unload

from node import profiles

_STATE = "bay"
_FORMAT = "<3i"  # the field that `calib` found, nT; then what `Bay.save` gives
_SIZE = const(12)
_DRIFT_NT = const(30000)  # the sun's heat and years move a vacant bay's field by less
_FIELD_MOST_NT = const(50800)
_MINUTES_MOST = const(8190)


class Profile(profiles.Profile):
    """A state is told once it has lasted; without an answer of the sensor it is unknown.

    The field is sampled each `field_s`. Each `sample_s` what is known of the bay goes to flash,
    and ranging looks at it, as it does before a change is told.
    """

    _bay: "Bay"
    _vacant: "tuple[int, ...]"

    def __init__(self, node):
        super().__init__(node)
        self._verdict = Verdict(False)
        # None: not calibrated
        self._bay = self._vacant = None  # pyright: ignore[reportAttributeAccessIssue]
        self._save_s = 0
        blob = node.store.load(_STATE)
        if blob:
            self._vacant = struct.unpack(_FORMAT, blob[:_SIZE])
            self._begin(blob[_SIZE:])

    def ready(self) -> None:
        """The sensors are known."""
        self._verdict.ranges = "distance" in self.node.sensors

    def _begin(self, saved):
        self._period_s = self.node.config["field_s"]
        self._bay = Bay(self._period_s, saved)

    def calibrate(self, x: int, y: int, z: int) -> None:
        """The bay is vacant, and this its field in nT: all that was learnt before is forgotten."""
        self._vacant = (x, y, z)
        self._begin(None)
        self._bay.feed(self.node.clock.uptime_s(), x, y, z, 0)
        self._save_s = 0

    def save(self) -> None:
        """To flash: each `sample_s`, and with each change that is told."""
        now_s = self.node.clock.uptime_s()
        bay, verdict = self._bay, self._verdict
        if not bay or (now_s < self._save_s and not verdict.changed):
            return
        known = bay.save()
        if known and self.node.store.keep(_STATE, struct.pack(_FORMAT, *self._vacant) + known):
            self._save_s = now_s + self.node.config["sample_s"]
            verdict.changed = False
            verdict.ranging = verdict.ranges

    def wanted(self) -> list:
        """Ranging costs more than the field: it measures only where something is to verify."""
        ranging = self._verdict.ranging
        return [one for one in super().wanted() if ranging or one[0] != "distance"]

    # --- the reading ----------------------------------------------------------------------------

    def _judged(self, field, now_s):
        """FREE, OCCUPIED or UNKNOWN by the field alone."""
        bay = self._bay
        if not bay:
            return UNKNOWN
        if self.node.config["field_s"] != self._period_s:
            self._begin(bay.save())
            bay = self._bay
        if not field:
            return bay.feed(now_s, None, 0, 0, 0)
        return bay.feed(now_s, field["x"], field["y"], field["z"], 0)

    def _near(self, echo):
        """Does ranging see a car? None: no echo, or mud or snow right before it."""
        if not self._verdict.ranging or not echo or not echo["distance"] or echo["obstructed"]:
            return None
        return echo["distance"] < self.node.config["car_mm"]

    def _sick(self, field):
        """Is the field not to be trusted? How the sensor is sick goes into the status."""
        bay = self._bay
        sick = 0
        if bay and field:
            if bay.stuck():
                sick = profiles.STUCK
            elif bay.restless():
                sick = profiles.NOISY
            elif bay.drifted_nt(self._vacant) > _DRIFT_NT:
                sick = profiles.DRIFTING
        if sick:
            self.ails("field", sick)
        return sick or not field

    def fields(self, sensed: dict) -> dict:
        """Feeds the sample to the judgement. `occupied` is None where nobody knows."""
        now_s = self.node.clock.uptime_s()
        field = sensed["field"]
        verdict = self._verdict
        near = self._near(sensed.get("distance"))
        corrected = verdict.take(self._judged(field, now_s), near, now_s)
        bay = self._bay
        if corrected is not None:
            bay.correct(corrected, now_s)
        return {
            "occupied": (0, 1, None)[verdict.state],
            "since": _minutes(verdict.since_s, now_s),
            "lasted": _minutes(0, verdict.lasted_s),
            "field": min(bay.away_nt(), _FIELD_MOST_NT) if bay and field else None,
            "battery": self.millivolts(),
            "conflict": verdict.conflict,
            "suspect": int(bool(self._sick(field) or verdict.state == UNKNOWN)),
            "low_battery": self.low(),
            "uncalibrated": int(not bay),
        }

    def console(self) -> tuple:
        """`calib`."""
        from node import parking_commands

        unload("node.parking_commands")
        return parking_commands.TABLE


def _minutes(begin_s, end_s):
    """Whole minutes of a time, or None where one end is unknown."""
    if begin_s is None or end_s is None:
        return None
    return min((end_s - begin_s) // 60, _MINUTES_MOST)

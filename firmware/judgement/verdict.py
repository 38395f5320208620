"""The state of a bay that is told: it has lasted, and ranging where it is fitted agrees."""

from judgement.parking import FREE, OCCUPIED, UNKNOWN

_DWELL_S = (20, 10, 10)  # a free, an occupied, an unknown bay is told after so long
_TIMES = 3  # ranging must contradict so often: one echo may be a person's leg


class Verdict:
    """`state` is what is told, `changed` is set with each change; seconds are any clock's.

    ranges: is there ranging?  `ranging`: its next echo is wanted.  `conflict`: 1 while it and the
    field disagree.  `since_s`, `lasted_s`: when this state began, and how long the one before it
    lasted; None before the first.
    """

    def __init__(self, ranges: bool):
        self.state = self._next = UNKNOWN
        self._next_s = self._odd = self.conflict = 0
        self.since_s = self.lasted_s = None
        self.ranges = ranges
        self.ranging = self.changed = False

    def take(self, judged: int, near: "bool | None", now_s: int) -> "int | None":
        """Follow the judgement by the field. Returns the state that ranging corrects it to.

        near: does ranging see something as near as a car? None: it sees nothing, or did not look.
        """
        if judged != self._next:
            self._next = judged
            self._next_s = now_s
            self._odd = 0
            self.ranging = self.ranges
            if self.ranges and judged != UNKNOWN:
                return None
        corrected = None
        if self.ranging and judged != UNKNOWN:
            says = judged if near is None else OCCUPIED if near else FREE
            self.conflict = int(says != judged)
            if self.conflict:
                self._odd += 1
                if self._odd < _TIMES:
                    return None
                judged = corrected = self._next = says
            self._odd = 0
            self.ranging = False
        if judged != self.state and (
            self.state == UNKNOWN or now_s - self._next_s >= _DWELL_S[judged]
        ):
            self._tell(judged, now_s)
        return corrected

    def _tell(self, state, now_s):
        self.state = state
        self.lasted_s = None if self.since_s is None else now_s - self.since_s
        self.since_s = now_s
        self.changed = True

"""Is a parking bay occupied? From a three-axis magnetometer in its ground, in integers.

A car adds a constant field while it stands. What counts are the steps of the field, which
`judgement.movement` finds, and how they explain each other, which `judgement.beliefs` weighs.
Here: the vacant level (`home`), restarts, and a sensor that is silent or stuck.

Fields are in nT; levels in nT/16, so that their slow means lose nothing; steps in 16 nT.
"""

import struct

from judgement.beliefs import Beliefs
from judgement.field import add, dot, less, root, step_of
from judgement.likelihood import vehicle
from judgement.movement import Movements, steady

FREE = 0
OCCUPIED = 1
UNKNOWN = 2

_CALIBRATION_S = 1200  # after a first start the bay is vacant this long
_STUCK = 30  # equal samples in a row: noise alone moves the last digit of a live sensor
_OCCUPIED = 25  # of 255: a car in a bay told as free costs more than the reverse
_SURELY_FREE = 13
_HOME_S = 36000
_LANDED = 190000  # (7 uT)^2: a step that says something by where it ends
_LANDED_NEAR = 24414  # (2.5 uT)^2
_LANDED_LN = -160
_NEVER_FREE = 190000  # (7 uT)^2: more than what stands beside the bay
_LANE_MIN = 65
_RESTLESS_MIN = 15  # a truck that stops and goes lets the field rest in between
_VACANT = 3906  # (1 uT)^2
_VACANT_MIN = 10
_FORMAT = "<B9i"
_WAY = "<3hB"
_WAY_SIZE = 7


class Bay:
    """One bay. Made when it is vacant, unless `saved` says how it was.

    period_s: seconds between samples, 1 to 10.  saved: of `save`.
    """

    def __init__(self, period_s: int, saved: "bytes | None" = None):
        self._period_s = period_s
        self.state = FREE
        self._movements = Movements(period_s)
        self._beliefs = Beliefs(self._movements.sparse)
        self._known = saved is None  # else once the level is there
        self._home = []
        self._car = [0, 0, 0]  # nT, as a restart or a silence found it
        self._vacant = [0, 0, 0]  # the level without it
        self._ways = (None, None)
        self._lately = []  # samples while the level is not known
        self._minute_s = 0
        self._denied_min = 0
        self._restless_min = 0
        self._until_s = 0  # end of the calibration
        self._last = None
        self._same = 0
        if saved:
            self._restore(saved)

    # --- over a restart -------------------------------------------------------------------------

    def save(self) -> "bytes | None":
        """What a restart must not lose, 37 to 51 bytes; None before the first sample."""
        if not self._home:
            return None
        self._remember()
        fields = self._car + self._vacant + self._home
        ways = [way for way in self._ways if way]
        return struct.pack(_FORMAT, self.state, *fields) + b"".join(
            [struct.pack(_WAY, *way) for way in ways]
        )

    def _restore(self, saved):
        size = struct.calcsize(_FORMAT)
        fields = struct.unpack(_FORMAT, saved[:size])
        self.state = fields[0]
        self._car = list(fields[1:4])
        self._vacant = list(fields[4:7])
        self._home = list(fields[7:10])
        ways = [
            struct.unpack(_WAY, saved[at : at + _WAY_SIZE])
            for at in range(size, len(saved), _WAY_SIZE)
        ]
        self._ways = tuple((ways + [None, None])[:2])
        self._beliefs.begin(None, *self._ways)
        self._until_s = -1

    def _remember(self):
        """The likeliest belief as a car (nT) and the level without it."""
        if self._known:
            car = self._beliefs.car() if self.state == OCCUPIED else (0, 0, 0)
            self._car = [axis << 4 for axis in car]
            self._vacant = less(self._movements.level, [axis << 8 for axis in car])
            self._ways = self._beliefs.ways()

    def _resume(self, level, now_s):
        """The first steady level after a restart or a silence: is the car still there?

        Where the level says neither, it is as it was.
        """
        away = step_of(self._vacant, level)
        car = [axis >> 4 for axis in self._car]
        empty = dot(away, away)
        rest = step_of(add(self._vacant, [axis << 4 for axis in self._car]), level)
        full = dot(rest, rest) if self.state == OCCUPIED else empty
        if self.state == OCCUPIED and empty < 162**2 and empty * 2 < full:
            self.state = FREE
        elif empty > 312**2 and (self.state == FREE or full > 312**2):
            self.state = OCCUPIED
            car = away
        self._begin(self.state, car, now_s)
        self._movements.start(level)
        self._known = True

    # --- samples --------------------------------------------------------------------------------

    def feed(self, second: int, x: "int | None", y: int, z: int, _temperature: int) -> int:
        """FREE, OCCUPIED or UNKNOWN after this sample.

        second: grows, from any start.  x, y, z: nT; x is None where the sensor does not answer.
        _temperature: 0.1 degrees Celsius, not needed: drift is never a step.
        """
        if x is None or self._repeats((x, y, z)):
            self._lose()
            return UNKNOWN
        if not self._known:
            return self._again(second, x, y, z)
        step = self._movements.take(second, x, y, z)
        if step:
            self._decide(second, step)
        else:
            self._quiet(second)
        return UNKNOWN if self.restless() else self.state

    # --- for the profile ------------------------------------------------------------------------

    def stuck(self) -> bool:
        """Does the sensor repeat one sample?"""
        return self._same >= _STUCK

    def restless(self) -> bool:
        """Has the field not been steady for long, as of a sensor with too much noise?"""
        return self._restless_min >= _RESTLESS_MIN

    def away_nt(self) -> int:
        """How far the level is from the vacant one."""
        return _nt(self._away())

    def drifted_nt(self, vacant: tuple) -> int:
        """How far the vacant level is from this field (nT), as of the calibration."""
        return _nt(step_of([axis << 4 for axis in vacant], self._home))

    def correct(self, state: int, now_s: int) -> None:
        """Ranging says so: believe it."""
        if self._home:
            self._begin(state, self._away(), now_s)

    # --- how a sample counts --------------------------------------------------------------------

    def _away(self):
        """From the vacant level to the one there is, in 16 nT."""
        return step_of(self._home, self._movements.level or self._home)

    def _lose(self):
        if self._home:
            self._remember()
            self._known = False
            self._lately = []

    def _repeats(self, sample):
        self._same = self._same + 1 if sample == self._last else 0
        self._last = sample
        return self.stuck()

    def _again(self, second, x, y, z):
        count = self._movements.count
        self._lately = (self._lately + [(x, y, z)])[-count:]
        mean = steady(self._lately, count)
        if mean is None:
            return UNKNOWN
        self._resume([axis << 4 for axis in mean], second)
        return self.state

    def _quiet(self, second):
        """No step: the vacant level drifts with the level, and is looked at each minute."""
        if not self._home:
            self._home = list(self._movements.level)
            self._until_s = second + _CALIBRATION_S
        drift = self._movements.drift
        if drift:
            self._home = add(self._home, drift)
        self._minute_s += self._period_s
        if self._minute_s >= 60:
            self._minute_s = 0
            self._each_minute(second)

    def _each_minute(self, second):
        """Follow the vacant level; no belief holds for long against a level that denies it."""
        self._restless_min = self._restless_min + 1 if self._movements.moving else 0
        home = self._home
        level = self._movements.level
        away = self._away()
        square = dot(away, away)
        if self.state == FREE:
            denies = square > _NEVER_FREE
            most_min = _LANE_MIN
        else:
            car = self._beliefs.car()
            denies = square < _VACANT and dot(car, car) > _VACANT * 16
            most_min = _VACANT_MIN
        self._denied_min = self._denied_min + 1 if denies else 0
        if self._denied_min > most_min:
            self._denied_min = 0
            self._begin(OCCUPIED if self.state == FREE else FREE, away, second)
        elif self._beliefs.occupied() < _SURELY_FREE and square < _NEVER_FREE:
            over_s = 600 if second < self._until_s else _HOME_S
            for axis in (0, 1, 2):
                home[axis] += (level[axis] - home[axis]) * 60 // over_s

    def _begin(self, state, car, second):
        self.state = state
        stands = (car, second) if state == OCCUPIED else None
        self._beliefs.begin(stands, *self._beliefs.ways())

    def _decide(self, second, step):
        movements = self._movements
        if movements.sparse:
            rolled = 0  # too few samples to tell
        else:
            rolled = vehicle(movements.energy, movements.square)
        self._beliefs.step((step, second), movements.square, rolled, self._landed(step))
        self.state = OCCUPIED if self._beliefs.occupied() > _OCCUPIED else FREE

    def _landed(self, step):
        """How likely is the end of a large step by being the vacant level? None: it is not."""
        if self._movements.square < _LANDED:
            return None
        away = self._away()
        before = less(away, step)
        square = dot(away, away)
        if square > _LANDED_NEAR or square * 9 > dot(before, before):
            return None
        return _LANDED_LN - square // 1098


def _nt(step):
    """Length of a step."""
    return root(dot(step, step)) << 4

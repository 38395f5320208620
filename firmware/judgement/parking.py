"""Is a parking bay occupied? From a three-axis magnetometer in its ground, in integers.

A car adds a constant field while it stands. Drift is slow and never a step, so what counts are
steps between steady levels, and what the field did between them: a vehicle that rolls over the
sensor stirs the field for seconds, one that stops beside it shifts the field and no more.

1. `level` follows the field while it is steady. A sample away from it starts a movement, which
   ends once the field is steady again; the difference is a step.
2. A step back to a level seen lately means what that level meant (`past`).
3. Else a step without stirring is something beside the bay, and changes nothing.
4. Else it is a car, a neighbour, or a car that leaves: by its size, by the steps that it undoes,
   by the directions that neighbours came from, and by how near it ends to the vacant level
   (`vacant` now, `home` over days; drift moves both as it moves `level`).

Fields are in nT; levels in nT/16, so that their slow means lose nothing. The limits
were chosen on traces with these sizes: a car shifts the field by 5 to 40 uT, a neighbour's by 2 to
12 % of that (guessed for bays in a row); noise is 0.3 uT RMS an axis, as of a LIS2MDL or QMC5883L.
"""

import struct

from judgement.field import add, apart, apart2, dot, less
from judgement.movement import since, steady, stirred
from judgement.neighbours import Neighbours

FREE = 0
OCCUPIED = 1
UNKNOWN = 2

_CALIBRATION_S = 1200  # after a first start the bay is vacant this long
_STUCK = 30  # equal samples in a row: noise alone moves the last digit of a live sensor
_GATE_NT = 1100  # a sample so far from the level on one axis is a movement
_FAST_NT = 550  # or the mean of some
_BACK_NT = 700  # a movement that ends nearer than this was none
_SMALL_NT = 500  # the same after 8 s, when the mean is better
_ROLL_S = 9  # a car rolls on in 4 to 10 s: within this no step is final
_CAREFUL_NT = 4000  # a smaller step is measured with twice the samples
_SETTLED_S = 32
_KEPT = 6  # levels remembered, 12 hours at most
_KEPT_S = 43200
_SAME_NT = 1100
_CAR_NT = (2600, 2300, 1700)  # the least of a car, by how many neighbours' directions are known
_CAR_SPARSE_NT = (3000, 2700, 2500)
_LANDED_NT = 1500
_FORMAT = "<B9i"


class Bay:
    """One bay. Made when it is vacant, unless `saved` says how it was.

    period_s: seconds between samples, 1 to 10.  saved: of `save`.
    """

    def __init__(self, period_s: int, saved: "bytes | None" = None):
        self._period_s = period_s
        self._sparse = period_s > 2
        self._count = 2 if self._sparse else 4
        self.state = FREE
        self._known = saved is None  # else once the level is there
        self._level = []
        self._car = [0, 0, 0]  # what the car adds, nT
        self._vacant = []
        self._home = []
        self._drift = [0, 0, 0]  # by which quiet times moved the level
        self._fast = [0, 0, 0]
        self._moving = []  # samples since a movement began
        self._past = []  # (level, state, car, vacant, second), newest last; levels less the drift
        self._neighbours = Neighbours()
        self._mean_of = 0
        self._fresh = False
        self._minute_s = 0
        self._vacant_min = 0
        self._beside_s = -86400
        self._until_s = 0  # end of the calibration
        self._last = None
        self._same = 0
        if saved:
            self._restore(saved)

    # --- over a restart -------------------------------------------------------------------------

    def save(self) -> "bytes | None":
        """What a restart must not lose, 37 to 79 bytes; None before the first sample."""
        if not self._vacant:
            return None
        fields = self._car + self._vacant + self._home
        return struct.pack(_FORMAT, self.state, *fields) + self._neighbours.save()

    def _restore(self, saved):
        size = struct.calcsize(_FORMAT)
        fields = struct.unpack(_FORMAT, saved[:size])
        self.state = fields[0]
        self._car = list(fields[1:4])
        self._vacant = list(fields[4:7])
        self._home = list(fields[7:10])
        self._neighbours.restore(saved[size:])
        self._until_s = -1

    def _resume(self, level):
        """The first steady level after a restart or a silence: is the car still there?

        Where the level says neither, it is as it was.
        """
        empty = apart2(level, self._vacant)
        full = empty
        if self.state == OCCUPIED:
            way = less(apart(level, self._vacant), self._car)
            full = dot(way, way)
        if self.state == OCCUPIED and empty < 2600**2 and empty * 2 < full:
            self.state = FREE
        elif empty > 5000**2 and (self.state == FREE or full > 5000**2):
            self.state = OCCUPIED
            self._car = apart(level, self._vacant)
        elif self.state == OCCUPIED:
            self._vacant = less(level, [axis << 4 for axis in self._car])
        self._level = level
        self._mean_of = self._count
        self._known = True
        self._moving = []
        self._past = []

    # --- samples --------------------------------------------------------------------------------

    def feed(self, second: int, x: "int | None", y: int, z: int, _temperature: int) -> int:
        """FREE, OCCUPIED or UNKNOWN after this sample.

        second: grows, from any start.  x, y, z: nT; x is None where the sensor does not answer.
        _temperature: 0.1 degrees Celsius, not needed: drift is never a step.
        """
        if x is None or self._stuck((x, y, z)):
            if self._vacant:
                self._known = False
                self._moving = []
            return UNKNOWN
        self._now_s = second
        if not self._known:
            return self._again(x, y, z)
        if not self._level:
            self._begin(x, y, z)
        elif not self._moving:
            self._rest(x, y, z)
        else:
            self._move(x, y, z)
        return self.state

    def _stuck(self, sample):
        self._same = self._same + 1 if sample == self._last else 0
        self._last = sample
        return self._same >= _STUCK

    def _again(self, x, y, z):
        self._moving = (self._moving + [(x, y, z)])[-self._count :]
        mean = steady(self._moving, self._count)
        if mean is None:
            return UNKNOWN
        self._resume([axis << 4 for axis in mean])
        return self.state

    def _begin(self, x, y, z):
        self._level = [x << 4, y << 4, z << 4]
        self._vacant = list(self._level)
        self._home = list(self._level)
        self._mean_of = 1
        self._until_s = self._now_s + _CALIBRATION_S

    def _rest(self, x, y, z):
        level = self._level
        away = (x - (level[0] >> 4), y - (level[1] >> 4), z - (level[2] >> 4))
        far = max(away) > _GATE_NT or min(away) < -_GATE_NT
        if not self._sparse:
            fast = self._fast
            for axis in (0, 1, 2):
                fast[axis] += (away[axis] - fast[axis]) >> 2
            far = far or max(fast) > _FAST_NT or min(fast) < -_FAST_NT
        if far:
            self._moving = [(x, y, z)]
            self._began_s = self._now_s
            self._fast = [0, 0, 0]
        else:
            self._follow(away)

    def _follow(self, away):
        """Let the level follow; soon after a step that is the step's, later it is drift."""
        settled = self._mean_of * self._period_s >= _SETTLED_S and self._mean_of >= 16
        if not settled:
            self._mean_of += 1
        drifts = settled or self._now_s < self._until_s
        for axis in (0, 1, 2):
            by = (away[axis] << 4) // self._mean_of
            self._level[axis] += by
            if drifts:
                self._vacant[axis] += by
                self._home[axis] += by
                self._drift[axis] += by
            elif self._fresh:
                self._car[axis] += (by + 8) >> 4
        self._minute_s += self._period_s
        if self._minute_s >= 60:
            self._minute_s = 0
            self._each_minute()

    def _each_minute(self):
        level = self._level
        if self.state == FREE:
            square = apart2(level, self._vacant)
            calibrates = self._now_s < self._until_s
            for vacant, seconds in ((self._vacant, 1800), (self._home, 36000)):
                if calibrates:
                    seconds = 600
                elif square > 2700**2:
                    seconds *= 12
                for axis in (0, 1, 2):
                    vacant[axis] += (level[axis] - vacant[axis]) * 60 // seconds
            return
        empty = self._looks_vacant(level, self._car) or apart2(level, self._home) < 900**2
        self._vacant_min = self._vacant_min + 1 if empty else 0
        if self._vacant_min > 5:
            self.state = FREE
            self._vacant = list(level)

    def _looks_vacant(self, level, car):
        """Is a level that should be `car` above the vacant one nearer to the vacant one?"""
        way = apart(level, self._vacant)
        square = dot(way, way)
        if square < 1200**2:
            return True
        if square > 3300**2 or dot(car, car) < 5000**2:
            return False
        rest = less(way, car)
        return dot(rest, rest) > 2 * square

    # --- movements ------------------------------------------------------------------------------

    def _move(self, x, y, z):
        moving = self._moving
        moving.append((x, y, z))
        if len(moving) > 40:
            del moving[8]
        count = self._count
        mean = steady(moving, count)
        if mean is None:
            return
        lasted_s = self._now_s - self._began_s
        step = since(self._level, mean)
        nearest = _SMALL_NT if lasted_s > 7 else _BACK_NT
        if -nearest < min(step) and max(step) < nearest:
            self._moving = []
            return
        if not self._sparse:
            if lasted_s < _ROLL_S:
                return
            if dot(step, step) < _CAREFUL_NT**2:
                count *= 2
                mean = steady(moving, count)
                if mean is None:
                    return
                step = since(self._level, mean)
        rolled = self._sparse or stirred(moving[:-count], self._level, step)
        self._moving = []
        self._decide(step, [axis << 4 for axis in mean], rolled)
        self._mean_of = count

    def _decide(self, step, level, rolled):
        square = dot(step, step)
        self._vacant_min = 0
        self._fresh = False
        if not self._recalled(level, square):
            self._past.append(
                (
                    less(self._level, self._drift), self.state, self._car,
                    less(self._vacant, self._drift), self._now_s,
                )
            )  # fmt: skip
            del self._past[:-_KEPT]
            if rolled or self._undoes(step, square):
                (self._occupied if self.state == OCCUPIED else self._free)(step, square, level)
            elif square > 1900**2:
                self._beside_s = self._now_s
        if rolled and 900**2 < square < 4800**2:
            self._neighbours.learn(step, square)
        self._level = level

    def _undoes(self, step, square):
        if self.state == FREE or square <= 4000**2:
            return False
        return self._match(step) < 1300**2

    def _match(self, step):
        rest = add(step, self._car)
        return dot(rest, rest)

    def _recalled(self, level, square):
        """Is it a level seen lately? Then all is as it was then."""
        if square < 1500**2:
            return False
        now = less(level, self._drift)
        best = None
        nearest = min(_SAME_NT**2, square // 4)
        for index in range(len(self._past)):
            past = self._past[index]
            apart = apart2(now, past[0])
            if apart < nearest and self._now_s - past[4] <= _KEPT_S:
                best = index
                nearest = apart
        if best is None:
            return False
        past = self._past[best]
        self.state = past[1]
        self._car = past[2]
        self._vacant = add(past[3], self._drift)
        del self._past[best:]
        return True

    # --- what a step means ----------------------------------------------------------------------

    def _free(self, step, square, level):
        before = apart2(self._level, self._vacant)
        after = apart2(level, self._vacant)
        home_before = apart2(self._level, self._home)
        home_after = apart2(level, self._home)
        nearer = after < min(_LANDED_NT**2, before)
        nearer = nearer or (
            square > 5000**2 and min(after, home_after) * 3 < min(before, home_before)
        )
        nearer = nearer or (home_after < 1600**2 and home_before > home_after + square * 2 // 5)
        if (
            not nearer
            and not self._neighbours.cancels(step, square)
            and not self._neighbours.beside(step, square)
        ):
            ripe = self._neighbours.ripe()
            least = (_CAR_SPARSE_NT if self._sparse else _CAR_NT)[min(2, ripe)]
            if square > least**2:
                self._arrived(step)
                return
            self._neighbours.note(step, square)
        self._shift(step)

    def _arrived(self, step):
        self.state = OCCUPIED
        self._car = step
        self._fresh = True

    def _shift(self, step):
        """Of a neighbour: the bay is vacant at another level now. Less is noise, and returns."""
        if dot(step, step) > 1200**2:
            for axis in (0, 1, 2):
                self._vacant[axis] += step[axis] << 4

    def _occupied(self, step, square, level):
        before = apart2(self._level, self._vacant)
        after = apart2(level, self._vacant)
        car = dot(self._car, self._car)
        if self._left(step, square, after, car):
            self._leave(square, level, after)
            return
        if square < 5000**2 and self._neighbours.cancels(step, square):
            self._shift(step)
            return
        nearest = min(after, apart2(level, self._home))
        farthest = min(before, apart2(self._level, self._home))
        if self._left_far(step, square, level, after, car, nearest, farthest):
            self._leave(square, level, after)
        elif square > 8000**2 and (
            (farthest * 2 < nearest and farthest < 6000**2) or (car < 5000**2 and square > 2 * car)
        ):
            self._was_vacant(step)
        elif square > 4900**2:  # one car left, another came
            self._car = add(self._car, step)
            self._fresh = True
        else:
            self._neighbours.note(step, square)
            self._shift(step)

    def _left(self, step, square, after, car):
        landed = _LANDED_NT if square < 4500**2 else 2300
        match = self._match(step) < min(1300**2, car // 5)
        return match or (after < landed**2 and square > 2000**2)

    def _left_far(self, step, square, level, after, car, nearest, farthest):
        """Is it a departure though its step is not the car's, as its level is near enough?"""
        if square > 4500**2 and self._looks_vacant(level, add(self._car, step)):
            return True
        if self._match(step) < min(car // 9, 3500**2) and after < car // 4:
            return True
        if square > 5500**2 and nearest < 4000**2 and nearest * 3 < farthest:
            return True
        return square > 8000**2 and nearest * 2 < farthest

    def _leave(self, square, level, after):
        self.state = FREE
        if square > 5000**2 and after > 2000**2 and self._now_s - self._beside_s > 900:
            self._vacant = list(level)

    def _was_vacant(self, step):
        """A car rolled onto a bay that seemed occupied: what was there was a neighbour."""
        level, _, car, _, second = self._past[-1]
        self._past[-1] = (level, FREE, car, level, second)
        self._vacant = list(self._level)
        self._arrived(step)

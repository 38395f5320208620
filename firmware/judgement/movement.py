"""The steps of a magnetometer's field: from samples to levels, and what happened between two.

The level follows the field while it is steady. A sample away from it starts a movement, which
ends once the field is steady again; the difference of the two levels is the step. Drift is slow,
so it is part of the level and never a step.

Limits are for noise of 0.3 uT RMS an axis, as of a LIS2MDL or QMC5883L.
"""

from judgement.field import dot, step_of

_GATE_NT = 1100  # a sample so far from the level on one axis is a movement
_FAST_NT = 550  # or the mean of some
_BACK_NT = 700  # a movement that ends nearer than this was none
_SMALL_NT = 500  # the same after 8 s, when the mean is better
_ROLL_S = 9  # a car rolls on in 4 to 10 s: within this no step is final
_CAREFUL = 62500  # (4 uT)^2: a smaller step is measured with twice the samples
_SETTLED_S = 32
_STEADY_NT = 1500  # between the largest and the smallest of steady samples, and 40 for each
_NOISE = 800  # three axes of it in one sample, (16 nT)^2


def steady(samples, count: int) -> "list | None":
    """Mean of the last samples, or None while they differ or are too few."""
    last = samples[-count:]
    if len(last) < count:
        return None
    mean = []
    for axis in (0, 1, 2):
        column = [sample[axis] for sample in last]
        if max(column) - min(column) > _STEADY_NT + 40 * count:
            return None
        mean.append(sum(column) // count)
    return mean


def energy(samples, level, step, square) -> int:
    """How far the field left the straight way from the old level to the new one, (16 nT)^2.

    The sum over the samples of a movement, without the steady ones, less that of noise.
    """
    total = 0
    for sample in samples:
        off = [(sample[axis] - (level[axis] >> 4)) >> 4 for axis in (0, 1, 2)]
        along = dot(off, step)
        part = dot(off, off) - _NOISE
        if along > square:
            part += square - 2 * along
        elif along > 0 and square:
            part -= along * along // square
        total += part
    return total


class Movements:
    """The level (`level`, nT/16; empty before the first sample) and its steps.

    period_s: seconds between samples, 1 to 10.  `square`, `energy`: of the last step, (16 nT)^2.
    `drift`: by how much the last sample moved a settled level, nT/16.  `moving`: the samples of a
    movement that has not ended.
    """

    def __init__(self, period_s: int):
        self._period_s = period_s
        self.sparse = period_s > 2
        self.count = 2 if self.sparse else 4
        self.square = self.energy = 0
        self._began_s = 0
        self.start([])

    def start(self, level: list) -> None:
        """Follow the field from this level on, as of `count` samples."""
        self.level = level
        self.drift = None
        self._before = level
        self._step = None
        self._fast = [0, 0, 0]
        self.moving = []
        self._mean_of = self.count

    def take(self, now_s: int, x: int, y: int, z: int) -> "list | None":
        """The step that ends with this sample, [x, y, z] in 16 nT, or None.

        The list is made better in place while the new level settles, for half a minute.
        """
        self.drift = None
        if not self.level:
            self.level = [x << 4, y << 4, z << 4]
            self._mean_of = 1
        elif not self.moving:
            self._rest(now_s, x, y, z)
        else:
            return self._move(now_s, (x, y, z))
        return None

    def _rest(self, now_s, x, y, z):
        level = self.level
        away = (x - (level[0] >> 4), y - (level[1] >> 4), z - (level[2] >> 4))
        far = max(away) > _GATE_NT or min(away) < -_GATE_NT
        if not self.sparse:
            fast = self._fast
            for axis in (0, 1, 2):
                fast[axis] += (away[axis] - fast[axis]) >> 2
            far = far or max(fast) > _FAST_NT or min(fast) < -_FAST_NT
        if far:
            self.moving = [(x, y, z)]
            self._began_s = now_s
            self._fast = [0, 0, 0]
        else:
            self._follow(away)

    def _follow(self, away):
        """Let the level follow; soon after a step that is the step's, later it is drift."""
        level = self.level
        settled = self._mean_of * self._period_s >= _SETTLED_S and self._mean_of >= 16
        if not settled:
            self._mean_of += 1
        by = [(axis << 4) // self._mean_of for axis in away]
        for axis in (0, 1, 2):
            level[axis] += by[axis]
        if settled:
            self.drift = by
            self._step = None
        elif self._step:
            self._step[:] = step_of(self._before, level)

    def _move(self, now_s, sample):
        moving = self.moving
        moving.append(sample)
        if len(moving) > 40:
            del moving[8]
        count = self.count
        mean = steady(moving, count)
        if mean is None:
            return None
        lasted_s = now_s - self._began_s
        way = [mean[axis] - (self.level[axis] >> 4) for axis in (0, 1, 2)]
        nearest = _SMALL_NT if lasted_s > 7 else _BACK_NT
        if -nearest < min(way) and max(way) < nearest:
            self.moving = []
            return None
        if not self.sparse:
            if lasted_s < _ROLL_S:
                return None
            if dot(way, way) >> 8 < _CAREFUL:
                count *= 2
                mean = steady(moving, count)
                if mean is None:
                    return None
        return self._stepped([axis << 4 for axis in mean], count)

    def _stepped(self, level, count):
        self._step = step = step_of(self.level, level)
        self.square = dot(step, step)
        self.energy = energy(self.moving[:-count], self.level, step, self.square)
        self._before = self.level
        self.level = level
        self._mean_of = count
        self.moving = []
        return step

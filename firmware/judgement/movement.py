"""Samples of a magnetometer while its field moves, nT: does it stand again, and what was it?"""

from judgement.field import dot

_STEADY_NT = 1500  # between the largest and the smallest of steady samples, and 40 for each
_QUIET_ENERGY = 5000  # of noise, (16 nT)^2
_PER_SAMPLE = 800
_ALWAYS_NT = 9000  # nothing beside the bay shifts the field as much


def since(level, sample) -> list:
    """From a level (nT/16) to a sample or mean, nT."""
    return [sample[axis] - (level[axis] >> 4) for axis in (0, 1, 2)]


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


def stirred(samples, level, step) -> bool:
    """Did the field leave the straight way from the old level to the new one?

    Too little is noise, too much for the step is a car that passed meanwhile.

    samples: of the movement, without the steady ones.
    """
    way = [axis >> 4 for axis in step]
    square = dot(way, way)
    if square << 8 > _ALWAYS_NT**2:
        return True
    energy = 0
    for sample in samples:
        off = [axis >> 4 for axis in since(level, sample)]
        along = dot(off, way)
        part = dot(off, off) - _PER_SAMPLE
        if along > square:
            part += square - 2 * along
        elif along > 0 and square:
            part -= along * along // square
        energy += part
    return max(_QUIET_ENERGY, square // 40) < energy < 10 * square + _QUIET_ENERGY

"""How likely a step of the field is by what may have made it, in 1/16 of a natural logarithm.

Steps are in 16 nT, squares in (16 nT)^2; densities are by cubic microtesla. The figures follow
from the sizes that are known or guessed for bays in a row: a car shifts the field by 3 to 40 uT
(median 12, log-normal, sigma 0.55; one in 25 is weakly magnetic with 2 to 4), a neighbour's by 2
to 12 % of that, from its own direction within 10 degrees or so; a truck that stands in the lane
for some minutes by 2 to 8, a tram's current by less than 1.2.
"""

from judgement.field import add, dot, ln16, root

_MICROTESLA2 = 132  # 16 ln of a square microtesla
_SPHERE = 40  # 16 ln of a sphere's solid angle
_SAME = 58  # the density of a step that undoes another exactly
_SWAYS = 16  # the inverse variance of a neighbour's directions
_LEARNT = 13

# energy below (16 nT)^2: of a small step, what a rolling vehicle is to anything else
_SMALL = ((1562, -16), (3125, -6), (5470, 13), (31250, 37), (62500, 14))
# energy below hundredths of the step's square
_LARGE = (
    (6, -64), (13, -35), (20, -3), (28, 6), (40, 16), (60, 24), (100, 32), (600, 43),
)  # fmt: skip


def vehicle(energy: int, square: int) -> int:
    """Was it a vehicle that rolls past the sensor, rather than one beside it that only stops?"""
    if square < 12656:
        for most, ln in _SMALL:
            if energy < most:
                return ln
        return 0
    for most, ln in _LARGE:
        if energy * 100 < most * square:
            return max(ln, -43) if square < 24414 else ln
    return 13


def undone(step, known, error: int) -> int:
    """Does a step undo one that is known? error: twice its variance, (16 nT)^2."""
    rest = add(step, known)
    return _SAME - 5 * (ln16(error + dot(rest, rest)) - ln16(error)) // 2


def by_car(square: int) -> int:
    """A car that comes to the bay."""
    size = root(square)
    if size < 187:
        ln = -62 - 2 * max(0, 125 - size)
    elif size < 750:
        ln = -50 if size < 375 else -45
    else:
        ln = -45 - (size - 750) // 30
    return ln - _SPHERE - ln16(square) + _MICROTESLA2


def by_neighbour(square: int) -> int:
    """A car that comes to the bay beside, without its direction."""
    size = root(square)
    ln = 10 - size * 346 // 1000 - max(0, size - 375)
    return ln - ln16(square) + _MICROTESLA2


def by_other(square: int) -> int:
    """What stops in the lane or draws current."""
    size = root(square)
    if size < 87:
        ln = 38 if size < 78 else 8
    else:
        ln = -37 - min(224, max(0, size - 500) * 3 // 4)
    return ln - _SPHERE - ln16(square) + _MICROTESLA2


def towards(step, square: int, way) -> int:
    """Does a step come from a neighbour's direction? way: (x, y, z, times seen), length 256."""
    if way is None:
        return -_SPHERE
    seen = way[3]
    inverse = _SWAYS * seen * square // ((seen + 1) * square + 896 * seen) + 1
    cosine = dot(step, way) // root(square)
    return max(ln16(inverse) - 30 + (inverse * (cosine - 256) >> 4), -97)


def learnt(step, square: int, way) -> tuple:
    """The direction after one more step from it."""
    size = root(square)
    if way is None:
        return step[0] * 256 // size, step[1] * 256 // size, step[2] * 256 // size, 1
    seen = min(way[3], _LEARNT - 1)
    sum_ = [way[axis] * seen + step[axis] * 256 // size for axis in (0, 1, 2)]
    length = root(dot(sum_, sum_))
    return (
        sum_[0] * 256 // length, sum_[1] * 256 // length, sum_[2] * 256 // length, seen + 1,
    )  # fmt: skip

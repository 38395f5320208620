"""Vectors of three integers, and logarithms: levels in nT/16, steps in units of 16 nT."""

_LN = b"\x00\x00\x0b\x12\x16\x1a\x1d\x1f\x21\x23\x25\x26\x28\x29\x2a\x2b"
_LN += b"\x2d\x2e\x2f\x30\x30\x31\x32\x33\x33\x34\x34\x35\x36\x36\x37\x37"
_POWER = b"\xff\xef\xe1\xd3\xc6\xba\xaf\xa4\x9a\x91\x88"  # 255 * 2 ** -(n / 11)


def dot(a, b) -> int:
    """Scalar product."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def add(a, b) -> list:
    """Sum."""
    return [a[0] + b[0], a[1] + b[1], a[2] + b[2]]


def less(a, b) -> list:
    """What a is more than b."""
    return [a[0] - b[0], a[1] - b[1], a[2] - b[2]]


def step_of(before, after) -> list:
    """From one level to another, in 16 nT."""
    return [(after[axis] - before[axis]) >> 8 for axis in (0, 1, 2)]


def root(square: int) -> int:
    """Integer square root, at least 1."""
    guess = 1 << 15
    while guess * guess > square:
        guess = (guess + square // guess) >> 1
    return guess or 1


def ln16(value: int) -> int:
    """16 times the natural logarithm of a whole number from 1 on, to 1."""
    halved = 0
    while value > 31:
        value >>= 1
        halved += 1
    return _LN[value] + halved * 1109 // 100


def weight(ln: int) -> int:
    """Likelihood of a logarithm, e ** (ln / 16), ln <= 0, times 16320.

    About 0.7 % off an octave, as 11 stands for 16 ln 2.
    """
    return (_POWER[-ln % 11] << 6) >> (-ln // 11)

"""Vectors of three integers: steps in nT, levels in nT/16."""


def dot(a, b) -> int:
    """Scalar product."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def add(a, b) -> list:
    """Sum."""
    return [a[0] + b[0], a[1] + b[1], a[2] + b[2]]


def less(a, b) -> list:
    """What a is more than b."""
    return [a[0] - b[0], a[1] - b[1], a[2] - b[2]]


def apart(a, b) -> list:
    """From level b to level a, nT."""
    return [(a[0] - b[0]) >> 4, (a[1] - b[1]) >> 4, (a[2] - b[2]) >> 4]


def apart2(a, b) -> int:
    """Square of the distance of two levels, nT^2."""
    way = apart(a, b)
    return dot(way, way)


def _root(square):
    """Integer square root."""
    root = 1 << 16
    while root * root > square:
        root = (root + square // root) >> 1
    return root


def unit(step, square) -> list:
    """A step's direction, of length 256."""
    length = _root(square) or 1
    return [axis * 256 // length for axis in step]

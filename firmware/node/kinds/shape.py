"""The shape of a container: what a person may set, and what fill it makes of a height."""

from math import acos, pi, sqrt

from node.errors import ConfigError

TYPE_CHECKING = False  # a type checker takes it for True
if TYPE_CHECKING:
    from node.contracts import Setting

_WHOLE = 1000


def check(name: str, value: "Setting", most: int) -> "Setting":
    """The value as stored, or ConfigError.  most: points."""
    if value in ("prism", "lying") or _rises([value], 10, 99, 0):
        return value
    try:
        points = list(value)
        right = 0 < len(points) <= most and _rises([high for high, _ in points], 1, 99, 1)
        right = right and _rises([fill for _, fill in points], 0, 100, 0)
    except (ValueError, TypeError):
        right = False
    if not right:
        raise ConfigError(
            "%s: expected prism, lying, 10 to 99 or [[height, fill], ...] in %%" % name
        )
    return value


def _rises(found, low, high, step):
    for one in found:
        if type(one) is not int or not low <= one <= high:
            return False
        low = one + step
    return True


def percent(shape, filled_mm: int, height_mm: int) -> int:
    """Fill of a shape whose content stands `filled_mm` of `height_mm` high. 0..100.

    shape: "lying": a cylinder on its side, as wide as `height_mm`; 10 to 99: it tapers, its bottom
    is so many per cent as wide as it is at the mark; [[height %, fill %], ...]: measured points,
    straight lines between them.
    Sources: volumes of a frustum and of a circular segment.
    """
    at = (filled_mm * _WHOLE + height_mm // 2) // height_mm
    if shape == "lying":
        side = 1 - at / 500
        return int((acos(side) - side * sqrt(1 - side * side)) * 100 / pi + 0.5)
    if type(shape) is int:
        bottom = 10 * shape
        low = bottom**3
        wide = bottom + (_WHOLE - bottom) * at // _WHOLE
        return (200 * (wide**3 - low) // (_WHOLE**3 - low) + 1) // 2
    low = full = 0
    for high, fill in list(shape) + [(100, 100)]:
        if at <= 10 * high:
            run = 10 * (high - low)
            return full + ((at - 10 * low) * (fill - full) + run // 2) // run
        low = high
        full = fill
    return 100

"""What a container holds, from reading to reading: its fill, jumps of it, emptied, overflow."""

from micropython import const

from node import profiles

_FALL = const(30)  # points at once: emptied, or a wrong echo
_RISE = const(25)
_TIPPED_FALL = const(10)  # where the tilt sensor saw it tipped out
_ABOVE_MM = const(30)  # above the mark, and more than noise: overflow
_EMPTIED = const(2)


def fill_percent(distance_mm: int, empty_mm: int, height_mm: int, shape="prism") -> int:
    """Fill from the distance sensor to surface and to the empty bottom. 0..100.

    shape: the setting. A prism and a standing cylinder grow evenly with height.
    """
    filled = max(0, min(height_mm, empty_mm - distance_mm))
    if shape == "prism":
        return (filled * 100 + height_mm // 2) // height_mm
    from node.kinds.shape import percent

    return percent(shape, filled, height_mm)


class Content(profiles.Kept):
    """node: a `node.app.Node`.

    `doubts`: measurements in a row since a jump that is not confirmed.  `emptied`: 1 until that
    is told.
    """

    def __init__(self, node):
        self._node = node
        self._of = -1  # version of the settings that `_fill` was measured with
        self._fill = self.doubts = self.emptied = self._over = 0

    def event(self) -> int:
        """As the payload has it."""
        return _EMPTIED if self.emptied else self._over

    def filled(self, distance_mm, leans, tipped, seen) -> "int | None":
        """The fill; while it leans the last one that was believed, None before the first.

        tipped: it was just tipped out.  seen: is something right before the sensor?
        """
        config = self._node.config
        known = self._of == config.version
        if leans:
            return self._fill if known else None
        if distance_mm is None:
            return None
        empty_mm = config["empty_mm"]
        fill = fill_percent(distance_mm, empty_mm, config["height_mm"], config["shape"])
        above = distance_mm < empty_mm - config["height_mm"] - _ABOVE_MM
        self._over = int(fill == 100 and (above or seen or self._over) > 0)
        self._believe(fill, self._fill - fill if known else 0, tipped)
        return fill

    def _believe(self, fill, fell, tipped):
        """A rise is measured again, a fall twice, before it counts; not one that was seen."""
        doubts = 2 if fell >= _FALL else int(fell <= -_RISE)
        if self.doubts < doubts and not tipped:
            self.doubts += 1
            return
        self.doubts = 0
        if fell >= (_TIPPED_FALL if tipped else _FALL):
            self.emptied = 1
        self._fill = fill
        self._of = self._node.config.version

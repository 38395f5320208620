"""Night or day by a light sensor that sees the lamp's own light too."""

from micropython import const

_HOLD_S = const(60)  # headlights and clouds are shorter
_HOLD_MOST_S = const(1920)
_CALM_S = const(3600)
_STEP = const(10)  # points of level between two readings: less tells little of the lamp's light
_PAIR_S = const(120)  # the evening sky changes by a quarter in that time
_DUSK = const(4)  # daylight above so many times off_lux varies more than a lamp gives


class Photocell:
    """`night`: True, False, or None while no reading can be believed.

    `gain`: the lamp's own light at the sensor, lx at 100 %; None: not yet measured. It follows
    from the readings before and after each of the lamp's own steps. config: a `Config`.
    """

    def __init__(self, config, gain=None):
        self._config = config
        self.gain = gain
        self.night = None
        self._before = None  # (lux, level, instant in s) of the last reading at a steady level
        self._crossed_s = None
        self._hold_s = _HOLD_S
        self._switched_s = -_CALM_S

    def lost(self) -> None:
        """No reading, or none that can be believed."""
        self.night = self._before = self._crossed_s = None

    def ambient(self, lux: int, level: int, steady: bool, now_s: int) -> int:
        """The reading (lx) without the lamp's own light. steady: no ramp changed `level`, %."""
        if steady:
            if self._before:
                self._learn(lux, level, now_s)
            self._before = lux, level, now_s
        return max(0, lux - (self.gain or 0) * level // 100)

    def _learn(self, lux, level, now_s):
        lux_before, level_before, at_s = self._before  # pyright: ignore[reportGeneralTypeIssues]
        step = level - level_before
        darker = lux_before if step > 0 else lux
        if abs(step) < _STEP or now_s - at_s > _PAIR_S or darker > _DUSK * self._config["off_lux"]:
            return
        found = max(0, (lux - lux_before) * 100 // step)
        if self.gain is None:
            self.gain = found
            self.night = None  # it was judged without knowing: judge again
        else:
            self.gain += (found - self.gain) // 4

    def judge(self, ambient: int, now_s: int) -> None:
        """Take an ambient light, lx.

        A change of `night` needs a minute of it; a change back to day within the hour twice as
        long each time, so that what is not known cannot flicker.
        """
        if self.night is None:
            self.night = ambient < self._config["off_lux"]
        if self.night:
            other = ambient > self._config["off_lux"]
            hold_s = self._hold_s
        else:
            other = ambient < self._config["on_lux"]
            hold_s = _HOLD_S
        if not other:
            self._crossed_s = None
        elif self._crossed_s is None:
            self._crossed_s = now_s
        elif now_s - self._crossed_s >= hold_s:
            self._switch(now_s)

    def _switch(self, now_s):
        soon = now_s - self._switched_s < _CALM_S
        self._hold_s = min(self._hold_s * 2, _HOLD_MOST_S) if soon else _HOLD_S
        self._switched_s = now_s
        self._crossed_s = None
        self.night = not self.night

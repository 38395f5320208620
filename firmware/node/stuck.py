"""Is a sensor stuck? Loaded by the profiles whose value cannot stand still."""

from micropython import const

from node.profiles import Kept

_STUCK_TIMES = const(12)
_LOGGED = const(1 << 29)


class Stuck(Kept):
    """Detects a sensor that repeats one value, though what it measures cannot stand still."""

    def __init__(self, log):
        self._log = log
        self._last = None
        self._times = 0
        self._since_s = 0

    def seen(self, value, now_s: int, still_s: int) -> bool:
        """True when every reading of the last `still_s` had this value; None never counts."""
        if value is None or value != self._last:
            self._last = value
            self._times = 0
            self._since_s = now_s
        self._times += 1
        if value is None or self._times <= _STUCK_TIMES or now_s - self._since_s < still_s:
            return False
        if self._times < _LOGGED:
            self._times = _LOGGED
            self._log("sensor", "it says %s again and again; clean it, or replace it" % value)
        return True

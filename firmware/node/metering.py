"""Energy of a lamp since installation, by its meter, which counts from its own start. On flash."""

import struct

from micropython import const

_STATE = "energy"
_FORMAT = "<I"
_WRAP = const(1000000)  # of the payload's field
_KEPT_WH = const(10)  # between two writes: what a power cut may cost
_MOST_DW = const(4092)
_MOST_V = const(508)


class Meter:
    """node: a `node.app.Node` of a lamp with a meter."""

    def __init__(self, node):
        self._store = node.store
        blob = node.store.load(_STATE)
        self._kept = self._wh = struct.unpack(_FORMAT, blob)[0] if blob else 0
        self._mwh = 0  # that are no whole Wh yet
        self._seen = 0  # what the meter said last: it starts at 0 with its power

    def judge(self, values: dict, seen: "dict | None") -> None:
        """Energy, power and voltage of a reading; power and voltage are left out without seen."""
        if seen:
            now = seen["energy"]
            self._mwh += now - self._seen if now >= self._seen else now
            self._seen = now
            self._wh += self._mwh // 1000
            self._mwh %= 1000
            values["power"] = min((seen["power"] + 50) // 100, _MOST_DW)
            values["mains"] = min((seen["mains"] + 500) // 1000, _MOST_V)
        values["energy"] = self._wh % _WRAP

    def save(self) -> None:
        """To flash, where it grew enough."""
        if self._wh - self._kept < _KEPT_WH:
            return
        if self._store.keep(_STATE, struct.pack(_FORMAT, self._wh & 0xFFFFFFFF)):
            self._kept = self._wh  # else with the next sample

"""People who pass a pair of beams, by direction, in closed intervals of UTC."""

import struct

from micropython import const

from node import profiles

_STATE = "people"
_FORMAT = "<II"
_WRAP = const(1000000)  # of the payload's fields
_LEAST_S = const(300)  # no interval so short that it tells of one person
_LATE_US = const(30000000)  # a reading so long after the end of its interval is not its count
_FLOW = const(20)  # passages a minute at which `hidden_pct` holds
_HIDDEN_MOST = const(28)
_UNCLEAR_LEAST = const(10)


class Profile(profiles.Profile):
    """Totals since installation, on flash after each sample that changed them.

    An interval is closed by its last reading: what the totals grew by since the reading before.
    """

    def __init__(self, node):
        super().__init__(node)
        blob = node.store.load(_STATE)
        self._saved = blob or bytes(8)
        self._before = struct.unpack(_FORMAT, self._saved)  # totals at the start
        self._now = self._then = (0, 0, 0)  # inbound, outbound, unclear since the start: at the
        # last sample, and when the interval began
        self._index = None  # of the interval now, once the time is known
        self._partial = True
        self._seen = False  # was a beam pair able to see since the interval began?
        self._began_us = node.clock.us()

    def save(self) -> None:
        """The totals to flash, if they changed."""
        state = struct.pack(_FORMAT, self._total(0), self._total(1))
        if state != self._saved and self.node.store.keep(_STATE, state):
            self._saved = state  # else with the next sample

    def _total(self, way):
        return (self._before[way] + self._now[way]) & 0xFFFFFFFF

    # --- intervals ------------------------------------------------------------------------------

    def _length_us(self):
        return max(self.node.config["report_s"], _LEAST_S) * 1000000

    def _place(self):
        """(index of the interval, microseconds into it), or None while the time is unknown."""
        clock = self.node.clock
        if clock.unix_us is None:
            return None
        length_us = self._length_us()
        index, into_us = divmod(clock.us() + clock.unix_us, length_us)
        if index + 1 == self._index and into_us > length_us - _LATE_US:
            return self._index, 0  # the clock was set back a little after the end
        return index, into_us

    def due(self, usual: bool) -> bool:
        """Has an interval ended? While the time is unknown: as usual."""
        now = self._place()
        if now is None:
            return usual
        self.ends_us = self.node.clock.us() + self._length_us() - now[1]
        if now[0] == self._index:
            return False
        closed = self._index is not None
        self._partial = not closed or now[1] > _LATE_US
        self._index = now[0]
        if closed:
            self._seen = False
            self._then = self._now
            self._began_us = self.node.clock.us()
        return closed

    # --- the reading ----------------------------------------------------------------------------

    def fields(self, sensed: dict) -> dict:
        """Totals and what is to be said of the interval; an interval is closed by `due`."""
        people = sensed["people"]
        self._now = (people["inbound"], people["outbound"], people["unclear"])
        inbound, outbound, unclear = [self._now[at] - self._then[at] for at in (0, 1, 2)]
        if people["blind"]:
            self._partial = True
        else:
            self._seen = True
        now = self._place()
        ended = 0  # intervals since the last sample
        closes = False
        if now and self._index is not None:
            ended = now[0] - self._index
            closes = ended and now[1] <= _LATE_US
        passed = inbound + outbound
        seen = self._seen
        return {
            "inbound": self._total(0) % _WRAP if seen else None,
            "outbound": self._total(1) % _WRAP if seen else None,
            "hidden": self._hidden(passed) if seen else None,
            "suspect": int(people["blind"] or unclear > max(_UNCLEAR_LEAST, passed // 2)),
            "low_battery": self.low(),
            "partial": int(self._partial or (ended and not (closes and ended == 1))),
            "open": int(not closes),
        }

    def _hidden(self, passed):
        """Per cent of people hidden by others: grows with how many pass a minute."""
        minutes = max(1, (self.node.clock.us() - self._began_us) // 60000000)
        hidden = self.node.config["hidden_pct"] * passed // (_FLOW * minutes)
        return min(hidden, _HIDDEN_MOST)

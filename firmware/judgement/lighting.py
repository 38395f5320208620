"""Whether a lamp keeps its floor or waits for people: by how many its sensor saw.

Whoever the motion sensor sees gets light. It misses some; those have light only where the lamp is
lit before they come. Where few pass it would burn for nobody, so the lamp keeps its floor in the
busiest time alone: in as much of it as leaves at most `UNDER` of all presence in the dark. All is
integers; it knows neither chip nor clock.

Sources: a walker is 21 s on a lamp's 30 m of street (1.4 m/s); an AM312 that sees 12 m of them
rises each 2.5 s, so for the last time 7 s after the first.
"""

_STAY_S = 14  # from the last edge of a person to where the lamp's 30 m end
_TRUST_S = 900  # what is expected of an hour counts as much as a quarter of it counted
_STEPS = 16
_ENOUGH = 300  # minutes of night, before which half the time is the threshold
_LONGEST = 20000  # minutes, then the older ones count half
_DARK = b"\x138Zy\x95\xad\xc2\xd3\xdf\xe5\xe6\xe0\xd0\xb6\x8bD"
"""By step of the share q of time with somebody: presence that nobody saw, in the dark.

22400 * 0.03 / 0.97 * 19 / 21 * -ln(1 - q) * (1 - q): groups come at random (Poisson), the sensor
misses 3 of 100 (`/` 0.97: they are not in q), of a stay of 21 s the first 2 are the lamp's ramp.
"""


class Policy:
    """The level of one lamp. Learns by the hour of the week; `step` takes what it sees.

    floor_pct: while somebody is present.  idle_pct: otherwise, by night.  `UNDER`: most presence
    under the floor that is expected, 1/10000, where the sensor misses 3 % of the people.
    """

    UNDER = 95

    def __init__(self, floor_pct: int, idle_pct: int):
        self._floor = floor_pct
        self._idle = idle_pct
        self.week = bytearray(168)  # by hour: 1 + share of its seconds with somebody, of 254
        self.minutes = [0] * _STEPS  # of nights, by that share
        self.above = 128  # share from which the floor is kept
        self._share = 64
        self._prior = 64
        self._hour = self._minute = -1
        self._first = self._lit = 0
        self._edge = -_STAY_S

    def step(self, second: int, minute: int, weekday: int, night: bool, edge: bool) -> int:
        """Level in %, 0 by day. Called at each edge, and each minute of the night.

        second: rises, by any step.  minute: of the local day.  weekday: 0 is Monday.
        """
        hour = weekday * 24 + minute // 60
        if hour != self._hour:
            self._begin(hour, second)
        if edge:
            self._lit += min(_STAY_S, second - self._edge)
            self._edge = second
        if not night:
            return 0
        if minute != self._minute:
            self._minute = minute
            seen_s = second - self._first
            self._share = (_TRUST_S * self._prior + 254 * self._lit) // (_TRUST_S + seen_s)
            self.minutes[min(self._share, 255) // 16] += 1
        busy = self._share >= self.above or second - self._edge < _STAY_S
        return self._floor if busy else self._idle

    def _begin(self, hour, second):
        """Note the hour before; expect of this one the mean of a week ago, twice, and of that."""
        seen_s = min(3600, second - self._first)
        last = self._share
        if seen_s:
            last = min(254, 254 * self._lit // seen_s)
            if self._hour >= 0:
                old = self.week[self._hour]
                self.week[self._hour] = 1 + ((old - 1 + last) // 2 if old else last)
        known = self.week[hour]
        self._prior = (2 * known - 2 + last) // 3 if known else last
        self._hour = hour
        self._first = second
        self._lit = 0
        self._weigh()

    def _weigh(self):
        """Set `above` so that the less busy minutes leave `under` of all presence in the dark."""
        minutes = self.minutes
        seen = sum(minutes)
        if seen < _ENOUGH:
            return
        left = self.UNDER * 7 * sum([n * (i + i + 1) for i, n in enumerate(minutes)]) // 100
        self.above = 255
        for i, n in enumerate(minutes):
            left -= n * _DARK[i]
            if left < 0:
                self.above = 16 * i + 16 + 16 * left // (n * _DARK[i])
                break
        if seen > _LONGEST:
            self.minutes = [n // 2 for n in minutes]


class Careful(Policy):
    """For streets where less presence may be under the floor; it saves about a point less."""

    UNDER = 75

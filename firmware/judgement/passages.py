"""Who passed a pair of beams, and which way: from the instants at which they were broken.

A person breaks one beam, then the other: the order is the direction, the time between them the
speed. Legs and bags break a beam again: within the refractory time, or before a body of 40 cm is
through at that speed, that is the same person. Two people abreast are one passage: no pair of
beams can tell them apart (the corrected count of `node.profiles.people` makes up for it).
What makes no pair is counted as unclear: someone who turned round, two who met between the beams.

Source: speeds of 0.3 to 4 m/s and a refractory time of 300 ms: usual for people on foot.
"""

_SLOWEST_MM_S = 300
_FASTEST_MM_S = 4000
_REFRACTORY_MS = 300
_BODY_MM = 400
_WAITING = 4  # people between the beams; as many as a list has room for without allocating


class Passages:
    """Counts since the start. `broken` may be an interrupt, a hard one: it does not allocate.

    totals: [beam 0 first, beam 1 first].  unclear: breaks that belong to no passage.  alone:
    breaks of one beam since the other's last.  gap_mm: between the beams.  since(now, then):
    `time.ticks_diff`, of `ticks_ms` as all times here; two so long apart that the ticks came round
    are seen as they were a passage once in a million times.
    """

    def __init__(self, since, gap_mm: int):
        self._since = since
        self.totals = [0, 0]
        self.unclear = 0
        self.alone = 0
        self._gap_mm = gap_mm
        self._began = [[], []]  # breaks that wait for the other beam
        self._deaf_from = [0, 0]
        self._deaf_ms = [0, 0]
        self._last = 0  # the beam broken last

    def broken(self, beam: int, now) -> None:
        """A beam was broken.

        beam: 0 or 1.  now: ms, as `since` takes them.
        """
        since = self._since
        if 0 <= since(now, self._deaf_from[beam]) < self._deaf_ms[beam]:
            return
        self.alone = self.alone + 1 if beam == self._last else 1
        self._last = beam
        self._be_deaf(beam, now, _REFRACTORY_MS)
        first = 1 - beam
        others = self._began[first]
        most_ms = self._gap_mm * 1000 // _SLOWEST_MM_S
        while others and not 0 <= since(now, others[0]) <= most_ms:
            others.pop(0)
            self.unclear += 1
        if others and since(now, others[0]) >= self._gap_mm * 1000 // _FASTEST_MM_S:
            self._passed(first, now)
            return
        own = self._began[beam]
        if len(own) == _WAITING:
            own.pop(0)
            self.unclear += 1
        own.append(now)

    def _passed(self, first, now):
        since = self._since
        self.totals[first] += 1
        others = self._began[first]
        began = others.pop(0)
        through_ms = max(_REFRACTORY_MS, _BODY_MM * since(now, began) // self._gap_mm)
        while others and since(others[0], began) < through_ms:
            others.pop(0)  # the same person's other leg
        if since(self._deaf_from[first], began) + self._deaf_ms[first] < through_ms:
            self._be_deaf(first, began, through_ms)
        self._be_deaf(1 - first, now, through_ms)

    def _be_deaf(self, beam, begins, ms):
        self._deaf_from[beam] = begins
        self._deaf_ms[beam] = ms

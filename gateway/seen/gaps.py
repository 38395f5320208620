"""Numbered readings: whether one is new, and which are missing."""

from msgspec import Struct, field

MOST = 32
SETTLE_MS = 3000
"""A gap younger than this may be a frame that was overtaken."""
LONG = 32
"""Readings of one frame at most: a longer gap is what an outage left, and comes frame by frame."""
LONG_SETTLE_MS = 300_000
"""A long gap that nothing fills for this time does not close by itself."""
SAME_MS = 120_000
"""One reading sent twice is observed at the same time, up to the step of its age and the way."""
WRAP = 65536
NEAR = 256
"""A number at most so far ahead continues a journal."""
FORMER_MS = 7 * 86_400_000


class Gap(Struct):
    """Numbers first..last that did not come. noticed_ms: when; 0: it was reported."""

    first: int
    last: int
    noticed_ms: int

    @property
    def settle_ms(self) -> int:
        """How long it may close by itself."""
        return SETTLE_MS if self.last - self.first < LONG else LONG_SETTLE_MS


class Gaps(Struct):
    """seq: highest reading number, counted on over the wrap at 65536; None: none is known yet.

    seq_at_ms: when that reading was observed.  heard_ms: when its frame came.
    gaps: what is missing below it, the newest of them; their name in the store is `holes`.
    former: highest number of the journal before a restart, not older than FORMER_MS.
    former_ms: when its last frame came.  switches: how often two journals alternated.
    """

    seq: int | None = None
    seq_at_ms: int = 0
    heard_ms: int = 0
    gaps: list[Gap] = field(name="holes", default_factory=list)
    former: int | None = None
    former_ms: int = 0
    switches: int = 0

    def admits(self, number: int, age_s: int | None, heard_ms: int, now_ms: int) -> bool:
        """Whether the reading with this number (modulo 65536) is new; from now on it is not.

        age_s: when its frame came, which was at heard_ms; None: the device does not know.
        """
        observed_ms = heard_ms - 1000 * (age_s or 0)
        if age_s is not None:
            self._switch(number, observed_ms, heard_ms)
        at = number if self.seq is None else self._wgap(number, self.seq)
        if self.seq is not None and at > self.seq:
            if at > self.seq + 1:
                self.gaps = [*self.gaps[-MOST + 1 :], Gap(self.seq + 1, at - 1, now_ms)]
            self._highest(at, observed_ms, heard_ms)
            return True
        known = age_s is not None
        if self.seq is None or (known and observed_ms > self.seq_at_ms + SAME_MS):
            # The first of all; or an old number, observed later than all: the journal restarted.
            # What the device has from before may still come, but is not asked for.
            self._leave(heard_ms)
            self._highest(number, observed_ms, heard_ms)
            self.gaps = [Gap(number - WRAP // 2, number - 1, 0)]
            return True
        return self._fill(at, now_ms)

    def restarts(self, first: int, following: int, heard_ms: int, *, wiped: bool) -> None:
        """Take the journal's numbers from a new report of a start.

        first: oldest number it still has.  following: number of its next reading.
        """
        if self.seq is None:
            self.seq = first - 1
            return
        if heard_ms <= self.heard_ms:  # overtaken by readings of the same start
            return
        following = self._wgap(following, self.seq)
        if wiped:
            self._leave(heard_ms)
            self.gaps = []
            self._highest(first - 1, heard_ms, heard_ms)
        elif following <= self.seq:
            # Readings that were sent before they reached the flash: their numbers are used again.
            self._highest(following - 1, heard_ms, heard_ms)
            self.gaps = [gap for gap in self.gaps if gap.last <= self.seq]

    def bound(self, now_ms: int) -> None:
        """Nothing was observed or came later than now."""
        self.seq_at_ms = min(self.seq_at_ms, now_ms)
        self.heard_ms = min(self.heard_ms, now_ms)
        for gap in self.gaps:
            gap.noticed_ms = min(gap.noticed_ms, now_ms)

    def settled(self, now_ms: int) -> list[tuple[int, int]]:
        """Gaps (first, last), wgap numbers, that will not close by themselves.

        Each is given once.
        """
        ripe = [h for h in self.gaps if h.noticed_ms and now_ms - h.noticed_ms >= h.settle_ms]
        for gap in ripe:
            gap.noticed_ms = 0
        return [(gap.first, gap.last) for gap in ripe]

    @property
    def unsettled(self) -> bool:
        """Whether a gap waits to be reported."""
        return any(gap.noticed_ms for gap in self.gaps)

    def _leave(self, heard_ms: int) -> None:
        """Remember the journal that another one replaces."""
        self.former = self.seq
        self.former_ms = self.heard_ms or heard_ms

    def _switch(self, number: int, observed_ms: int, heard_ms: int) -> None:
        """Go on with the former journal where a new reading continues that and not this one.

        One board never goes back to it: two boards have one DevEUI, and each keeps its gaps.
        """
        if self.former is None or self.seq is None:
            return
        if 0 < (number - self.seq) % WRAP <= NEAR or observed_ms <= self.seq_at_ms:
            return
        if 0 < (number - self.former) % WRAP <= NEAR and heard_ms - self.former_ms < FORMER_MS:
            former = self.former
            self._leave(heard_ms)
            self.seq = former
            self.switches += 1

    def _highest(self, at: int, observed_ms: int, heard_ms: int) -> None:
        self.seq = at
        self.seq_at_ms = max(self.seq_at_ms, observed_ms)
        self.heard_ms = max(self.heard_ms, heard_ms)

    @staticmethod
    def _wgap(number: int, seq: int) -> int:
        """A number modulo 65536 counted on: the one nearest to `seq`."""
        return seq + (number - seq + WRAP // 2) % WRAP - WRAP // 2

    def _fill(self, at: int, now_ms: int) -> bool:
        for index, gap in enumerate(self.gaps):
            if gap.first <= at <= gap.last:
                closing = gap.noticed_ms and gap.settle_ms > SETTLE_MS
                noticed_ms = now_ms if closing else gap.noticed_ms
                parts = [Gap(gap.first, at - 1, noticed_ms), Gap(at + 1, gap.last, noticed_ms)]
                self.gaps[index : index + 1] = [p for p in parts if p.first <= p.last]
                return True
        return False

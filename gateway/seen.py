"""What was seen of a device: tells a new frame from a repeated one, a hole from a delay.

One row a device, read and written in the transaction that keeps the frame. The network server
repeats what was not acknowledged and keeps no order between events, so identity is ours: a frame
is (device, session, FCnt), a reading (device, its journal's number), everything else has the
server's id.
"""

import hashlib

import msgspec
from msgspec import Struct, field

from gateway.notices import Joined, Notice, Uplink

FRAMES = 63
"""Frame counters behind the highest that are told apart.

More than a broker has under way at once.
"""
IDS = 64
EARLY = 16
HOLES = 32
SESSIONS = 2
SETTLE_MS = 3000
"""A hole younger than this may be a frame that was overtaken."""
SAME_MS = 120_000
"""One reading sent twice is observed at the same time, up to the step of its age and the way."""
WRAP = 65536


class Session(Struct):
    """Frames since one join. mask: bit n is set when the frame fcnt - n was seen."""

    dev_addr: str
    since_ms: int
    joined: bool = False
    fcnt: int = -1
    mask: int = 0
    last_ms: int = 0


class Hole(Struct):
    """Numbers first..last that did not come. noticed_ms: when; 0: it was reported."""

    first: int
    last: int
    noticed_ms: int


class Signal(Struct, frozen=True):
    """A word of the network server about a queue item that nobody knew yet.

    what: `transmitted`, `acknowledged`, `unacknowledged` or `dropped`.
    """

    queue_item_id: str
    what: str
    note: str = ""


class Seen(Struct):
    """All that is remembered of one device. sessions: the last two, newest last.

    seq: highest reading number, counted on over the wrap at 65536; None: nothing is known yet.
    seq_at_ms: when that reading was observed.  heard_ms: when its frame came.
    boot: the last report of a start, and in which session it came.
    """

    sessions: list[Session] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    early: list[Signal] = field(default_factory=list)
    seq: int | None = None
    seq_at_ms: int = 0
    heard_ms: int = 0
    boot: str = ""
    holes: list[Hole] = field(default_factory=list)

    @classmethod
    def load(cls, body: bytes) -> "Seen":
        """From the store's bytes; empty bytes are a device never seen."""
        return msgspec.json.decode(body, type=cls) if body else cls()

    def dump(self) -> bytes:
        """For the store."""
        return msgspec.json.encode(self)

    # frames and other notices

    def admits(self, notice: Notice) -> bool:
        """Whether this is new; if so, it is not from now on."""
        if isinstance(notice, Uplink):
            return self._admits_frame(notice)
        if not self._admits_id(f"{type(notice).__name__} {notice.id}"):
            return False
        if isinstance(notice, Joined):
            self._join(notice)
        return True

    def _admits_frame(self, uplink: Uplink) -> bool:
        session = next((s for s in self.sessions[::-1] if s.dev_addr == uplink.dev_addr), None)
        if session is None:
            newest = self.sessions[-1].since_ms if self.sessions else 0
            if uplink.at_ms < newest:  # of a session before the last two
                return self._admits_id(f"Uplink {uplink.id}")
            session = self._begin(uplink.dev_addr, uplink.at_ms)
        behind = session.fcnt - uplink.fcnt
        if behind >= FRAMES:
            if uplink.at_ms <= session.last_ms:
                return self._admits_id(f"Uplink {uplink.id}")
            # counted from the beginning again, without a join that we know of
            session, behind = self._begin(uplink.dev_addr, uplink.at_ms), -1 - uplink.fcnt
        if behind >= 0 and session.mask >> behind & 1:
            return False
        if behind < 0:
            kept = session.mask << -behind if -behind < FRAMES else 0
            session.mask = (kept | 1) & ((1 << FRAMES) - 1)
            session.fcnt, session.last_ms = uplink.fcnt, uplink.at_ms
        else:
            session.mask |= 1 << behind
        return True

    def _admits_id(self, key: str) -> bool:
        short = hashlib.blake2s(key.encode(), digest_size=8).hexdigest()
        if short in self.ids:
            return False
        self.ids = [*self.ids[-IDS + 1 :], short]
        return True

    def _join(self, joined: Joined) -> None:
        newest = self.sessions[-1] if self.sessions else None
        if newest and newest.dev_addr == joined.dev_addr and not newest.joined:
            newest.joined = True  # its first frame overtook it
        elif not newest or joined.at_ms >= newest.since_ms:
            self._begin(joined.dev_addr, joined.at_ms).joined = True

    def _begin(self, dev_addr: str, since_ms: int) -> Session:
        self.sessions = [*self.sessions[-SESSIONS + 1 :], Session(dev_addr, since_ms)]
        return self.sessions[-1]

    # words about queue items that came before the reply which names the item

    def remember(self, signal: Signal) -> None:
        """Keep a signal until its queue item is known."""
        self.early = [*self.early[-EARLY + 1 :], signal]

    def recall(self, queue_item_id: str) -> list[Signal]:
        """What came about this queue item so far, oldest first; it is forgotten."""
        found = [one for one in self.early if one.queue_item_id == queue_item_id]
        self.early = [one for one in self.early if one.queue_item_id != queue_item_id]
        return found

    # readings

    def admits_reading(self, number: int, age_s: int | None, heard_ms: int, now_ms: int) -> bool:
        """Whether the reading with this number (modulo 65536) is new; if so, not from now on.

        age_s: when its frame came, which was at heard_ms; None: the device does not know.
        """
        observed_ms = heard_ms - 1000 * (age_s or 0)
        at = number if self.seq is None else self._whole(number, self.seq)
        if self.seq is not None and at > self.seq:
            if at > self.seq + 1:
                self.holes = [*self.holes[-HOLES + 1 :], Hole(self.seq + 1, at - 1, now_ms)]
            self._highest(at, observed_ms, heard_ms)
            return True
        if self._fill(at):
            return True
        known = age_s is not None
        if self.seq is None or (known and observed_ms > self.seq_at_ms + SAME_MS):
            # the first of all; or an old number, observed later than all: the journal began anew.
            # What the device has from before may still come, but nobody asks for it.
            self._highest(number, observed_ms, heard_ms)
            self.holes = [Hole(number - WRAP // 2, number - 1, 0)]
            return True
        return False

    def admits_boot(self, uplink: Uplink) -> bool:
        """Whether this report of a start is new. A device repeats it until it is acknowledged."""
        boot = f"{uplink.dev_addr} {uplink.data.hex()}"
        new, self.boot = boot != self.boot, boot
        return new

    def restarts(self, first: int, following: int, heard_ms: int, *, wiped: bool) -> None:
        """Take what a device says of its journal in a new report of a start.

        first: oldest number it still has.  following: number of its next reading.
        """
        if self.seq is None:
            self.seq = first - 1
            return
        if heard_ms <= self.heard_ms:  # overtaken by readings of the same start
            return
        following = self._whole(following, self.seq)
        if wiped:
            self.holes = []
            self._highest(first - 1, heard_ms, heard_ms)
        elif following <= self.seq:
            # readings that left by radio before they reached the flash; their numbers come again
            self._highest(following - 1, heard_ms, heard_ms)
            self.holes = [hole for hole in self.holes if hole.last <= self.seq]

    def settled(self, now_ms: int) -> list[tuple[int, int]]:
        """Holes (first, last), whole numbers, that will not close by themselves.

        Each is given once.
        """
        ripe = [h for h in self.holes if h.noticed_ms and now_ms - h.noticed_ms >= SETTLE_MS]
        for hole in ripe:
            hole.noticed_ms = 0
        return [(hole.first, hole.last) for hole in ripe]

    @property
    def unsettled(self) -> bool:
        """Whether a hole waits to be reported."""
        return any(hole.noticed_ms for hole in self.holes)

    def _highest(self, at: int, observed_ms: int, heard_ms: int) -> None:
        self.seq = at
        self.seq_at_ms = max(self.seq_at_ms, observed_ms)
        self.heard_ms = max(self.heard_ms, heard_ms)

    @staticmethod
    def _whole(number: int, seq: int) -> int:
        """A number modulo 65536 counted on: the one nearest to `seq`."""
        return seq + (number - seq + WRAP // 2) % WRAP - WRAP // 2

    def _fill(self, at: int) -> bool:
        for index, hole in enumerate(self.holes):
            if hole.first <= at <= hole.last:
                parts = [
                    Hole(hole.first, at - 1, hole.noticed_ms),
                    Hole(at + 1, hole.last, hole.noticed_ms),
                ]
                self.holes[index : index + 1] = [p for p in parts if p.first <= p.last]
                return True
        return False

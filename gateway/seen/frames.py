"""Frames and ids: whether a message of the network server is new."""

import hashlib

from msgspec import Struct, field

from gateway.notices import Joined, Notice, Uplink

FRAMES = 63
"""Frame counters at and below the highest that are distinguished.

More than a broker has in flight at once.
"""
IDS = 64
SESSIONS = 2
SKEW_MS = 60_000
"""Clocks of radio gateways differ by less; the order of two frames within it is unknown."""
REPEAT_MS = 600_000
"""The same FCnt and data again: within this time a repetition, later a counter that restarted."""


Mark = tuple[int, str, str]
"""A frame that was seen: FCnt, hash of the network server's id, hash of FPort and data."""
MARK = 24
"""Hexadecimal digits of a Mark, 8 for each part."""


def _short(text: str, size: int = 4) -> str:
    return hashlib.blake2s(text.encode(), digest_size=size).hexdigest()


def _joined(mark: Mark) -> str:
    return f"{mark[0]:08x}{mark[1]}{mark[2]}"


class Session(Struct):
    """Frames since one join. mask: bit n is set when the frame fcnt - n was seen.

    newest: Marks of the newest frames, MARK digits each, latest last: the row is written at every
    uplink, and one text costs a tenth of 63 tuples.  marks: the same as 0.1.0 wrote them.
    """

    dev_addr: str
    since_ms: int
    joined: bool = False
    fcnt: int = -1
    mask: int = 0
    last_ms: int = 0
    marks: list[Mark] = field(default_factory=list)
    newest: str = ""

    def __post_init__(self) -> None:
        """Take over the marks of an earlier version."""
        if self.marks:
            self.newest = "".join(map(_joined, self.marks)) + self.newest
            self.marks = []

    def has(self, mark: Mark) -> bool:
        """Whether this very message was seen: its FCnt and the network server's id."""
        if mark[0] > self.fcnt:
            return False
        return self._mark(f"{mark[0]:08x}{mark[1]}") is not None

    def remember(self, mark: Mark) -> None:
        """Keep what identifies a frame."""
        self.newest = self.newest[-MARK * (FRAMES - 1) :] + _joined(mark)

    def _mark(self, begins: str) -> str | None:
        """The newest mark that begins so."""
        at = self.newest.rfind(begins)
        while at >= 0 and at % MARK:
            at = self.newest.rfind(begins, 0, at + len(begins) - 1)
        return None if at < 0 else self.newest[at : at + MARK]

    def restarts(self, mark: Mark, at_ms: int) -> bool:
        """Whether a frame at or below the highest shows that the device's counter restarted.

        A device never sends a lower FCnt after a higher one, nor other data with the same FCnt.
        at_ms: when it was sent.
        """
        behind = self.fcnt - mark[0]
        if behind >= FRAMES:
            return True
        known = self._mark(f"{mark[0]:08x}")
        if self.mask >> behind & 1 and known and not known.endswith(mark[2]):
            return True
        return behind > 0 and at_ms > self.last_ms + SKEW_MS

    def admits(self, mark: Mark, at_ms: int) -> bool:
        """Whether a frame at or below the highest is new in this session."""
        behind = self.fcnt - mark[0]
        if self.mask >> behind & 1 and (behind or at_ms <= self.last_ms + REPEAT_MS):
            return False
        self.mask |= 1 << behind
        self.last_ms = max(self.last_ms, at_ms)
        self.remember(mark)
        return True


class Frames(Struct):
    """sessions: the last two, newest last.  ids: hashes of the newest messages without an FCnt.

    boot: the last report of a start, and in which session it came.
    dr: data rate index of the last uplink; None before the first.
    turns: how often two counters of one session alternated.
    """

    sessions: list[Session] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    boot: str = ""
    dr: int | None = None
    turns: int = 0

    def admits(self, notice: Notice) -> bool:
        """Whether this is new; from now on it is not."""
        if isinstance(notice, Uplink):
            return self._admits_frame(notice)
        if not self._admits_id(f"{type(notice).__name__} {notice.id}"):
            return False
        if isinstance(notice, Joined):
            self._join(notice)
        return True

    def admits_boot(self, uplink: Uplink) -> bool:
        """Whether this report of a start is new. A device repeats it until it is acknowledged."""
        boot = f"{uplink.dev_addr} {uplink.data.hex()}"
        new = boot != self.boot
        self.boot = boot
        return new

    def bound(self, now_ms: int) -> None:
        """Nothing began or came later than now."""
        for session in self.sessions:
            session.since_ms = min(session.since_ms, now_ms)
            session.last_ms = min(session.last_ms, now_ms)

    def _session(self, uplink: Uplink) -> Session | None:
        """The session of a frame: of its address, and of one counter where two alternate."""
        newest = self.sessions[-1] if self.sessions else None
        same = [one for one in self.sessions[::-1] if one.dev_addr == uplink.dev_addr]
        if not same and newest and not newest.dev_addr:
            newest.dev_addr = uplink.dev_addr  # the join did not name it
        if not same and newest and newest.dev_addr == uplink.dev_addr:
            return newest
        if not same and not uplink.dev_addr:
            return newest
        return self._counter(same, uplink) if same else None

    def _counter(self, same: list[Session], uplink: Uplink) -> Session:
        """Of sessions of one address, newest first, the one whose counter this frame continues."""
        for session in same:
            if 0 < uplink.fcnt - session.fcnt <= FRAMES:
                if session is not same[0] and uplink.at_ms > same[0].last_ms:
                    self.turns += 1
                    self.sessions.remove(session)
                    self.sessions.append(session)
                return session
        return same[0]

    def _admits_frame(self, uplink: Uplink) -> bool:
        mark = (uplink.fcnt, _short(uplink.id), _short(f"{uplink.fport} {uplink.data.hex()}"))
        if any(session.has(mark) for session in self.sessions):
            return False  # the network server delivers it again
        session = self._session(uplink)
        if session is None:
            newest = self.sessions[-1].since_ms if self.sessions else 0
            if uplink.at_ms < newest:  # of a session before the last two
                return self._admits_id(f"Uplink {uplink.id}")
            session = self._begin(uplink.dev_addr, uplink.at_ms)
        behind = session.fcnt - uplink.fcnt
        if behind >= FRAMES and uplink.at_ms <= session.last_ms:
            return self._admits_id(f"Uplink {uplink.id}")
        if behind >= 0 and session.restarts(mark, uplink.at_ms):
            session = self._begin(uplink.dev_addr, uplink.at_ms)
            behind = -1 - uplink.fcnt
        if behind < 0:
            self._advance(session, uplink)
            session.remember(mark)
            return True
        return session.admits(mark, uplink.at_ms)

    def _advance(self, session: Session, uplink: Uplink) -> None:
        """Make a frame the highest of its session."""
        ahead = uplink.fcnt - session.fcnt
        kept = session.mask << ahead if ahead < FRAMES else 0
        session.mask = (kept | 1) & ((1 << FRAMES) - 1)
        session.fcnt = uplink.fcnt
        session.last_ms = uplink.at_ms
        if session is self.sessions[-1]:
            self.dr = uplink.link.dr

    def _admits_id(self, key: str) -> bool:
        short = _short(key, 8)
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

"""Frames and ids: whether a message of the network server is new."""

from binascii import b2a_base64
from hashlib import blake2s

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


MARK = 12
"""Characters of a mark, which identifies a frame: 4 of its FCnt, 5 of the network server's id, 3
of FPort and data. Base64 of 24, 30 and 18 bits, so that each part can be looked for as text.
"""
OF_FCNT = 4
OF_ID = 9
"""Characters of a mark up to the end of the FCnt, and of the id."""


def _short(text: str, size: int = 4) -> str:
    return blake2s(text.encode(), digest_size=size).hexdigest()


def _mark(fcnt: int, of_id: bytes, of_data: bytes) -> str:
    """A mark. of_id, of_data: 32 bits each, of which the first 30 and 18 are kept."""
    number = (fcnt & 0xFFFFFF) << 48
    number |= int.from_bytes(of_id, "big") >> 2 << 18 | int.from_bytes(of_data, "big") >> 14
    return b2a_base64(number.to_bytes(9, "big"), newline=False).decode()


def mark_of(uplink: Uplink) -> str:
    """What identifies a frame."""
    of_id = blake2s(uplink.id.encode(), digest_size=4).digest()
    of_data = blake2s(b"%d %b" % (uplink.fport, uplink.data.hex().encode()), digest_size=4)
    return _mark(uplink.fcnt, of_id, of_data.digest())


def _of_hex(newest: str) -> str:
    """Marks of an earlier version: 24 hexadecimal digits, 8 for each part."""
    parts = [bytes.fromhex(newest[at : at + 8]) for at in range(0, len(newest), 8)]
    frames = zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    return "".join([_mark(int.from_bytes(one[0], "big"), *one[1:]) for one in frames])


class Session(Struct):
    """Frames since one join. mask: bit n is set when the frame fcnt - n was seen.

    recent: marks of the newest frames, latest last: the row is written at every uplink, so it is
    short, and one text costs a tenth of 63 tuples.  newest: the same in hexadecimal, and marks: in
    tuples, as earlier versions wrote them.
    """

    dev_addr: str
    since_ms: int
    joined: bool = False
    fcnt: int = -1
    mask: int = 0
    last_ms: int = 0
    marks: list[tuple[int, str, str]] = field(default_factory=list)
    newest: str = ""
    recent: str = ""

    def __post_init__(self) -> None:
        """Take over the marks of an earlier version."""
        if self.marks:
            self.newest = "".join([f"{n:08x}{i}{data}" for n, i, data in self.marks]) + self.newest
            self.marks = []
        if self.newest:
            self.recent = _of_hex(self.newest) + self.recent
            self.newest = ""

    def has(self, fcnt: int, mark: str) -> bool:
        """Whether this very message was seen: its FCnt and the network server's id."""
        return fcnt <= self.fcnt and self._mark(mark[:OF_ID]) is not None

    def remember(self, mark: str) -> None:
        """Keep what identifies a frame."""
        self.recent = self.recent[-MARK * (FRAMES - 1) :] + mark

    def _mark(self, begins: str) -> str | None:
        """The newest mark that begins so."""
        recent = self.recent
        at = recent.rfind(begins)
        while at >= 0 and at % MARK:
            at = recent.rfind(begins, 0, at + len(begins) - 1)
        return None if at < 0 else recent[at : at + MARK]

    def restarts(self, fcnt: int, mark: str, at_ms: int) -> bool:
        """Whether a frame at or below the highest shows that the device's counter restarted.

        A device never sends a lower FCnt after a higher one, nor other data with the same FCnt.
        at_ms: when it was sent.
        """
        behind = self.fcnt - fcnt
        if behind >= FRAMES:
            return True
        known = self._mark(mark[:OF_FCNT])
        if self.mask >> behind & 1 and known and known[OF_ID:] != mark[OF_ID:]:
            return True
        return behind > 0 and at_ms > self.last_ms + SKEW_MS

    def admits(self, fcnt: int, mark: str, at_ms: int) -> bool:
        """Whether a frame at or below the highest is new in this session."""
        behind = self.fcnt - fcnt
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
        fcnt = uplink.fcnt
        made = mark_of(uplink)
        for known in self.sessions:
            if known.has(fcnt, made):
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
        if behind >= 0 and session.restarts(fcnt, made, uplink.at_ms):
            session = self._begin(uplink.dev_addr, uplink.at_ms)
            behind = -1 - uplink.fcnt
        if behind < 0:
            self._advance(session, uplink)
            session.remember(made)
            return True
        return session.admits(fcnt, made, uplink.at_ms)

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

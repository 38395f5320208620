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


class Session(Struct):
    """Frames since one join. mask: bit n is set when the frame fcnt - n was seen."""

    dev_addr: str
    since_ms: int
    joined: bool = False
    fcnt: int = -1
    mask: int = 0
    last_ms: int = 0


class Frames(Struct):
    """sessions: the last two, newest last.  ids: hashes of the newest messages without an FCnt.

    boot: the last report of a start, and in which session it came.
    dr: data rate index of the last uplink; None before the first.
    """

    sessions: list[Session] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    boot: str = ""
    dr: int | None = None

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

    def _session(self, dev_addr: str) -> Session | None:
        """The newest session of an address; of an unknown one, the newest of all."""
        newest = self.sessions[-1] if self.sessions else None
        for session in self.sessions[::-1]:
            if session.dev_addr == dev_addr:
                return session
        if newest and not newest.dev_addr:
            newest.dev_addr = dev_addr  # the join did not name it
            return newest
        return None if dev_addr else newest

    def _admits_frame(self, uplink: Uplink) -> bool:
        session = self._session(uplink.dev_addr)
        if session is None:
            newest = self.sessions[-1].since_ms if self.sessions else 0
            if uplink.at_ms < newest:  # of a session before the last two
                return self._admits_id(f"Uplink {uplink.id}")
            session = self._begin(uplink.dev_addr, uplink.at_ms)
        behind = session.fcnt - uplink.fcnt
        if behind >= FRAMES:
            if uplink.at_ms <= session.last_ms:
                return self._admits_id(f"Uplink {uplink.id}")
            # FCnt restarted without a join that we know of
            session = self._begin(uplink.dev_addr, uplink.at_ms)
            behind = -1 - uplink.fcnt
        if behind < 0:
            self._advance(session, uplink)
            return True
        new = not session.mask >> behind & 1
        session.mask |= 1 << behind
        return new

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

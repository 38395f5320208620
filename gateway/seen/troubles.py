"""What went wrong with a device, by code: for `device show`, and when it makes an event."""

from msgspec import Struct, field

MOST = 16
QUIET_MS = 3_600_000
"""Within this time of an event, the same trouble makes no other."""


class Noted(Struct):
    """One trouble. said: the newest sentence.  count: so often in all.  fresh: since its event."""

    code: str
    said: str
    count: int = 0
    fresh: int = 0
    first_ms: int = 0
    last_ms: int = 0
    event_ms: int | None = None


class Troubles(Struct):
    """troubles: the newest, latest last."""

    troubles: list[Noted] = field(default_factory=list)

    def note(self, code: str, said: str, now_ms: int) -> int:
        """Record one; returns how many an event now stands for, 0 when none is due."""
        noted = self._take(code, said, now_ms)
        self.troubles = [*self.troubles[-MOST + 1 :], noted]
        noted.said = said
        noted.count += 1
        noted.fresh += 1
        noted.last_ms = now_ms
        if noted.event_ms is not None and 0 <= now_ms - noted.event_ms < QUIET_MS:
            return 0
        count = noted.fresh
        noted.event_ms = now_ms
        noted.fresh = 0
        return count

    def clear(self, code: str) -> bool:
        """Forget one that is over; returns whether there was one."""
        kept = [one for one in self.troubles if one.code != code]
        there = len(kept) < len(self.troubles)
        self.troubles = kept
        return there

    def _take(self, code: str, said: str, now_ms: int) -> Noted:
        """Take out the one of this code, or a new one."""
        found = next((one for one in self.troubles if one.code == code), None)
        if found is None:
            return Noted(code, said, first_ms=now_ms)
        self.troubles.remove(found)
        return found

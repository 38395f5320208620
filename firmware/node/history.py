"""A journal that keeps on flash what the network has, and sends any of it again when asked.

For profiles that sleep, loaded with them: a count of last month is worth the flash. Readings that
leave the tail, and segments that were acknowledged, go to files of 128; the oldest file goes when
there are more than 36 (32 days at 10 minutes), or when flash is full. What is asked for again is
known by number alone, and not over a restart: the gateway asks again.
"""

import os

from micropython import const
from unload import unload

from node.journal import Journal
from node.record import ACKED, RECORD_SIZE

_PIECE = const(8)  # readings


class _Files:
    """What `node.segments` asks of a journal."""

    at = index = dropped = 0

    def __init__(self, folder, store):
        self.folder = folder
        self.store = store
        self.segments = []


class History(Journal):
    """As `Journal`. `wanted`: [next, end, acknowledged up to here] of each range asked for."""

    def __init__(self, store, folder="/state/journal"):
        self.wanted = []
        super().__init__(store, folder)
        self._kept = kept = _Files(folder + "/history", store)
        kept.segments = self._by("found", kept.folder)

    def _by(self, name, *arguments):
        """A call of `node.kept`; `node.segments` stays where the journal itself needs it."""
        from node import kept

        try:
            return getattr(kept, name)(*arguments)
        finally:
            kept = None
            unload("node.kept")
            if not self._files:
                unload("node.segments")

    # --- what the network has goes to flash ------------------------------------------------------

    def _make_room(self):
        """As `Journal`; what is acknowledged goes to the history, 8 at a time."""
        count = 0
        while count < min(_PIECE, len(self.marks)) and self.marks[count] & ACKED:
            count += 1
        if count:
            self._by("append", self._kept, self.tail[: count * RECORD_SIZE])
            self.drop(count)
        else:
            super()._make_room()

    def retire(self, path: str) -> None:
        """A segment that was acknowledged to its end."""
        with open(path, "rb") as file:
            while raw := file.read(_PIECE * RECORD_SIZE):
                self._by("append", self._kept, raw)
        os.remove(path)

    def _shed(self):
        """Flash is full: the network has what is kept here. False: nothing is left to drop."""
        if self._kept.segments:
            self._by("shed", self._kept)
            return True
        return super()._shed()

    # --- and comes back when it is asked for -----------------------------------------------------

    def resend(self, first: int, count: int) -> int:
        """As `Journal`: how many of them there are, on flash or in the tail."""
        there = self._by("number", self._kept, first, count)
        if there:
            self.wanted.append([first, first + count & 0xFFFF, first])
        return there + super().resend(first, count)

    def _asked(self):
        """The first range of which some may be unsent."""
        for one in self.wanted:
            if one[0] != one[1]:
                return one
        return None

    # --- as Journal, and what is asked for -------------------------------------------------------

    def idle(self) -> bool:
        """Is there nothing to be sent? `waiting` counts nothing that is asked for."""
        return super().idle() and not self._asked()

    def batch(self, limit: int) -> list:
        """Up to `limit` of one port: what waits goes before what is asked for."""
        found = super().batch(limit)
        while not found and (asked := self._asked()):
            first, end = asked[:2]
            found = self._by("search", self._kept, first, end - first & 0xFFFF, limit)
            if not found:
                asked[0] = asked[1]
        return found

    def sent(self, batch: list) -> None:
        """These were transmitted."""
        super().sent(batch)  # what is of the history is not in the tail
        for one in batch:
            if one.spilled is None and (asked := self._asked()):
                asked[0] = one.seq + 1 & 0xFFFF

    def acked(self) -> None:
        """The network has every reading sent so far."""
        for one in self.wanted:
            one[2] = one[0]
        if not self._asked():
            self.wanted = []
        super().acked()

    def lost(self) -> None:
        """What was sent since the last acknowledgement waits again."""
        for one in self.wanted:
            one[0] = one[2]
        super().lost()

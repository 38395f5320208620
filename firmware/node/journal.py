"""Readings on flash before anything is sent, until the network has them.

The newest 14 stand in one small rewritten blob (the tail: up to 512 bytes cost littlefs no block
of their own, 10 ms); it also holds readings that the network has, so that one can be sent again.
When the link is away, 8 at a time go to a segment file in one append (dear, so rare; the code is
`node.segments`, loaded while there are any). Every record has its own CRC, and the tail a
watermark. After a power cut a reading may be sent twice with the same sequence number, which the
gateway drops; none is lost.
"""

import binascii
import struct

from micropython import const

from node import unload

_RECORD = "<HHIIBB14s"
RECORD_SIZE = const(32)
_BODY_SIZE = const(28)
HEADER = (
    "<HIHHH"  # next seq, counter total, read segment, read index, seq below which all is there
)
_TAIL_RECORDS = const(14)  # 12 + 14 x 32 and the blob's header stay below 512
SENT, THERE = 1, 2
"""Marks of a reading in the tail: it left the antenna; it is acknowledged."""


class Record:
    """One reading, made from its 32 bytes when somebody asks: `seq` and what follows."""

    def __init__(self, raw):
        self.raw = raw
        self.seq = raw[0] | raw[1] << 8

    @property
    def fport(self) -> int:
        """Port of the payload."""
        return self.raw[12]

    @property
    def data(self) -> bytes:
        """The payload's record, age 0."""
        return self.raw[14 : 14 + self.raw[13]]

    def age_s(self, boots, uptime_s, unix):
        """Seconds since the reading, or None when a restart lies between and no clock was set."""
        _, at_boots, at_uptime_s, at_unix, _, _, _ = struct.unpack(_RECORD, self.raw[:_BODY_SIZE])
        if boots == at_boots:
            return uptime_s - at_uptime_s
        return max(0, unix - at_unix) if unix and at_unix else None


def record(seq, boots, uptime_s, unix, fport, data) -> Record:
    """A reading made now: 32 bytes with a CRC-32 at the end. unix: 0 while unknown."""
    body = struct.pack(_RECORD, seq, boots, uptime_s, unix, fport, len(data), data)
    return Record(body + struct.pack("<I", binascii.crc32(body)))


class Journal:
    """The node's readings in order. `torn` and `dropped` count what was found or had to go.

    For `node.segments`: `tail` (whole records one after another), `marks` (one for each),
    `segments` (numbers of files), `at` (sent up to here), `index` (acknowledged up to here).
    """

    def __init__(self, store, folder="/state/journal"):
        from node import segments

        self._store = store
        self.folder = folder
        self.total = 0  # the counter's cumulative total
        self.torn = 0
        self.dropped = 0
        self.next_seq = 0
        self.there = 0
        self.tail = bytearray()
        self.marks = []
        self._files = segments
        self.segments = segments.found(folder)
        segments.load(self, store.load("tail"))
        self.at = self.index
        self._rest()

    def _rest(self):
        """The code for segments goes when the last of them has gone."""
        if not self.segments and self._files:
            self._files = None
            unload("segments")

    def save(self) -> None:
        """Tail and watermarks to flash."""
        segment = self.segments[0] if self.segments else 0
        header = struct.pack(HEADER, self.next_seq, self.total, segment, self.index, self.there)
        self._store.save("tail", header + self.tail)

    def add(self, boots, uptime_s, unix, fport, data: bytes) -> Record:
        """Journal one reading, whose payload says `next_seq`. On flash when it returns."""
        one = record(self.next_seq, boots, uptime_s, unix, fport, data)
        if len(self.marks) >= _TAIL_RECORDS:
            self._make_room()
        self.tail += one.raw
        self.marks.append(0)
        self.next_seq = (self.next_seq + 1) & 0xFFFF
        self.save()
        return one

    def _make_room(self):
        """Forget the oldest, which the network has; if not, the oldest 8 go to a segment."""
        if self.marks[0] & THERE:
            self.drop(1)
            return
        from node import segments

        self._files = segments
        segments.spill(self)

    def drop(self, count: int) -> None:
        """Forget the oldest of the tail."""
        self.tail = self.tail[count * RECORD_SIZE :]
        self.marks = self.marks[count:]

    def seq(self, at: int) -> int:
        """Sequence number of a reading of the tail."""
        at *= RECORD_SIZE
        return self.tail[at] | self.tail[at + 1] << 8

    def _record(self, at):
        at *= RECORD_SIZE
        return Record(bytes(self.tail[at : at + RECORD_SIZE]))

    def waiting(self) -> int:
        """Readings to be sent."""
        records = self._files.count(self) if self._files else 0
        return records - self.at + self.marks.count(0)

    def idle(self) -> bool:
        """Is there nothing to be sent?"""
        return 0 not in self.marks and not (self.segments and self.waiting())

    def first_seq(self) -> int:
        """Sequence number of the oldest reading that waits, `next_seq` if none does."""
        batch = self.batch(1)
        return batch[0].seq if batch else self.next_seq

    def batch(self, limit: int) -> list:
        """Up to `limit` waiting readings of one port, oldest first."""
        found = self._files.take(self, limit) if self._files else []
        if not found:
            waiting = [at for at in range(len(self.marks)) if not self.marks[at]]
            found = [self._record(at) for at in waiting[:limit]]
        return [r for r in found if r.fport == found[0].fport]

    def before(self, batch: list) -> list:
        """The reading sent before these and not yet acknowledged, if it is still at hand."""
        for at in range(len(self.marks) - 1, -1, -1):
            if self.marks[at] == SENT:
                one = self._record(at)
                if one.fport == batch[0].fport:
                    return [one]
        return []

    def sent(self, batch: list) -> None:
        """These left the antenna: they wait for `acked`, or for `lost`."""
        for one in batch:
            at = self._at(one.seq)
            if at < 0:
                self.at += 1
            else:
                self.marks[at] |= SENT

    def _at(self, seq):
        """Where a reading stands in the tail; -1: in a segment."""
        at = len(self.marks) - (self.next_seq - seq & 0xFFFF)
        return at if 0 <= at < len(self.marks) and self.seq(at) == seq else -1

    def acked(self) -> None:
        """The network has every reading sent so far. On flash with the next reading."""
        marks = self.marks
        for at in range(len(marks)):
            if marks[at]:
                marks[at] = SENT | THERE
        self.index = self.at
        if self._files and self._files.done(self):
            self.save()
            self._rest()
        at = 0
        while at < len(marks) and marks[at]:
            at += 1
        self.there = self.seq(at) if at < len(marks) else self.next_seq

    def lost(self) -> None:
        """Nobody answered: what was sent since the last acknowledgement waits again."""
        self.at = self.index
        for at in range(len(self.marks)):
            self.marks[at] &= THERE

    def resend(self, first: int, count: int) -> int:
        """Send these again; returns how many of them are still here."""
        found = 0
        for at in range(len(self.marks)):
            if (self.seq(at) - first) & 0xFFFF < count:
                self.marks[at] = 0
                found += 1
        return found

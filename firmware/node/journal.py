"""Readings on flash before anything is sent, until the network has them.

The newest 14 stand in one small rewritten blob (the tail: up to 512 bytes cost littlefs no block
of their own, 10 ms); it also holds readings that the network has, so that one can be sent again.
When the link is away, 8 at a time go to a segment file in one append (dear, so rare). Every record
has its own CRC, and the tail a watermark. After a power cut a reading may be sent twice with the
same sequence number, which the gateway drops; none is lost.
"""

import binascii
import os
import struct

from micropython import const

_RECORD = "<HHIIBB14s"
RECORD_SIZE = const(32)
_BODY_SIZE = const(28)
_HEADER = (
    "<HIHHH"  # next seq, counter total, read segment, read index, seq below which all is there
)
_HEADER_SIZE = const(12)
_TAIL_RECORDS = const(14)  # 12 + 14 x 32 and the blob's header stay below 512
_SPILL_RECORDS = const(8)
_SEGMENT_SIZE = const(4096)
_SEGMENTS = const(48)


class Record:
    """One reading: `seq`; `sent`: it left the antenna; `there`: acknowledged."""

    def __init__(self, raw):
        self.raw = raw  # as on flash: whole records are kept, parts are read when needed
        self.seq = raw[0] | raw[1] << 8
        self.sent = self.there = False

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


def parse(raw: bytes) -> "Record | None":
    """A record from its 32 bytes, or None if torn."""
    if len(raw) != RECORD_SIZE:
        return None
    if struct.unpack("<I", raw[_BODY_SIZE:])[0] != binascii.crc32(raw[:_BODY_SIZE]):
        return None
    return Record(raw)


def _before(seq, other):
    """Is `seq` older than `other`? 16 bits, wrapping."""
    return (other - seq) & 0xFFFF < 0x8000 and seq != other


class Journal:
    """The node's readings in order. `torn` and `dropped` count what was found or had to go."""

    def __init__(self, store, folder="/state/journal"):
        self._store = store
        self._folder = folder
        self.total = 0  # the counter's cumulative total
        self.torn = 0
        self.dropped = 0
        self.next_seq = 0
        self._there = 0
        self._tail = []
        self._segments = self._found()
        self._load(store.load("tail"))
        self._at = self._index  # sent up to here; `_index`: acknowledged up to here

    def _found(self):
        try:
            return sorted(int(name) for name in os.listdir(self._folder))
        except OSError:
            os.mkdir(self._folder)
            return []

    def _load(self, blob):
        """Tail and watermarks of the last save."""
        self._index = segment = 0
        if blob:
            self.next_seq, self.total, segment, self._index, self._there = struct.unpack(
                _HEADER, blob[:_HEADER_SIZE]
            )
            for at in range(_HEADER_SIZE, len(blob), RECORD_SIZE):
                one = parse(blob[at : at + RECORD_SIZE])
                if one:
                    one.there = _before(one.seq, self._there)
                    self._tail.append(one)
                else:
                    self.torn += 1
        while self._segments and self._segments[0] < segment:
            os.remove(self._path(self._segments.pop(0)))
        if not self._segments or self._segments[0] != segment:
            self._index = 0

    def _path(self, segment):
        return "%s/%05d" % (self._folder, segment)

    def save(self) -> None:
        """Tail and watermarks to flash."""
        segment = self._segments[0] if self._segments else 0
        header = struct.pack(_HEADER, self.next_seq, self.total, segment, self._index, self._there)
        self._store.save("tail", header + b"".join([one.raw for one in self._tail]))

    def add(self, boots, uptime_s, unix, fport, data: bytes) -> Record:
        """Journal one reading, whose payload says `next_seq`. On flash when it returns."""
        one = record(self.next_seq, boots, uptime_s, unix, fport, data)
        if len(self._tail) >= _TAIL_RECORDS:
            self._make_room()
        self._tail.append(one)
        self.next_seq = (self.next_seq + 1) & 0xFFFF
        self.save()
        return one

    def _make_room(self):
        """Forget the oldest, which the network has; if not, the oldest 8 go to a segment."""
        if self._tail[0].there:
            self._tail.pop(0)
            return
        waiting = b"".join([one.raw for one in self._tail[:_SPILL_RECORDS] if not one.there])
        last = self._segments[-1] if self._segments else 0
        if not self._segments or os.stat(self._path(last))[6] + len(waiting) > _SEGMENT_SIZE:
            last += 1
            self._segments.append(last)
        with open(self._path(last), "ab") as file:
            file.write(waiting)
        self._tail = self._tail[_SPILL_RECORDS:]
        if len(self._segments) > _SEGMENTS:
            self.dropped += _SEGMENT_SIZE // RECORD_SIZE - self._index
            self._forget_segment()

    def _forget_segment(self):
        os.remove(self._path(self._segments.pop(0)))
        self._index = self._at = 0

    def waiting(self) -> int:
        """Readings to be sent."""
        records = sum(
            [os.stat(self._path(segment))[6] // RECORD_SIZE for segment in self._segments]
        )
        return records - self._at + len([1 for r in self._tail if not (r.sent or r.there)])

    def idle(self) -> bool:
        """Is there nothing to be sent?"""
        if self._segments and self.waiting():
            return False
        for one in reversed(self._tail):
            if not (one.sent or one.there):
                return False
        return True

    def first_seq(self) -> int:
        """Sequence number of the oldest reading that waits, `next_seq` if none does."""
        batch = self.batch(1)
        return batch[0].seq if batch else self.next_seq

    def batch(self, limit: int) -> list:
        """Up to `limit` waiting readings of one port, oldest first."""
        found = self._from_segment(limit) if self._segments else []
        if not found:
            found = [r for r in self._tail if not (r.sent or r.there)]
        return [r for r in found[:limit] if r.fport == found[0].fport]

    def before(self, batch: list) -> list:
        """The reading sent before these and not yet acknowledged, if it is still at hand."""
        fport = batch[0].fport
        found = [r for r in self._tail if r.sent and not r.there and r.fport == fport]
        return found[-1:]

    def _from_segment(self, limit):
        """Readings of the oldest segment after those already sent; a torn one is stepped over."""
        with open(self._path(self._segments[0]), "rb") as file:
            file.seek(self._at * RECORD_SIZE)
            raw = file.read(limit * RECORD_SIZE)
        found = []
        for at in range(0, len(raw), RECORD_SIZE):
            one = parse(raw[at : at + RECORD_SIZE])
            if one:
                found.append(one)
            elif found:
                break
            else:
                self.torn += 1
                self._at += 1
        return found

    def sent(self, batch: list) -> None:
        """These left the antenna: they wait for `acked`, or for `lost`."""
        for one in batch:
            one.sent = True
            if one not in self._tail:
                self._at += 1

    def acked(self) -> None:
        """The network has every reading sent so far. On flash with the next reading."""
        for one in self._tail:
            one.there = one.there or one.sent
        self._index = self._at
        if self._segments:
            size = os.stat(self._path(self._segments[0]))[6]
            if self._at * RECORD_SIZE >= size:
                self._forget_segment()
                self.save()
        missing = [one.seq for one in self._tail if not one.there]
        self._there = missing[0] if missing else self.next_seq

    def lost(self) -> None:
        """Nobody answered: what was sent since the last acknowledgement waits again."""
        self._at = self._index
        for one in self._tail:
            one.sent = False

    def resend(self, first: int, count: int) -> int:
        """Send these again; returns how many of them are still here."""
        found = [r for r in self._tail if (r.seq - first) & 0xFFFF < count]
        for one in found:
            one.sent = one.there = False
        return len(found)

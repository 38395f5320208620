"""Readings on flash before anything is sent, until the network has them.

The newest 14 stand in one small rewritten blob, the tail (up to 512 bytes cost littlefs no block
of their own, 10 ms); it also holds readings that the network has, so that one can be sent again.
While the link is down, 8 at a time go to a segment file in one append (expensive, so rare; the
code is `node.segments`, loaded while there are any). Every record has its own CRC, and the tail a
watermark. After a power cut a reading may be sent twice with the same sequence number, which the
gateway drops; none is lost.

What holds after any order of calls, faults of the flash and restarts (tested by a model):
- `idle()` exactly when `batch` is empty and `waiting()` is 0;
- `batch` gives the oldest that waits, of the segments before the tail;
- a reading that the network has not acknowledged waits, or was sent since the last `acked` or
  `lost`, or is one of the oldest and counted in `dropped`;
- full or failing flash costs the oldest readings, and never raises: what could not be written
  stays in memory and is sent from there.
"""

import os
import struct

from micropython import const
from unload import unload

from node.record import ACKED, HEADER, RECORD_SIZE, SENT, Record, record

_TAIL_SIZE = const(460)  # the blob stays below 512 bytes, with both headers
TAIL_RECORDS = _TAIL_SIZE // RECORD_SIZE


class Journal:
    """The node's readings in order. `torn` and `dropped` count records found torn, readings lost.

    For `node.segments`: `store`, `tail` (whole records one after another), `marks` (one for each),
    `segments` (numbers of files), `at` (sent up to here), `index` (acknowledged up to here).
    """

    def __init__(self, store, folder="/state/journal"):
        from node import segments

        self.store = store
        store.relief = self._shed
        self.folder = folder
        self.legacy_total = 0  # firmware 0.1.0 kept the counter's here; carried along unchanged
        self.torn = 0
        self.dropped = 0
        self.next_seq = 0
        self.acked_below = 0
        self.tail = bytearray()
        self.marks = []
        self._files = segments
        self.segments = segments.found(folder)
        segments.load(self, store.load("tail"))
        self.at = self.index
        self._unload_idle()

    def retire(self, path: str) -> None:
        """Remove a segment that was acknowledged to its end."""
        os.remove(path)

    def _unload_idle(self):
        """Unload the code for segments when there is none left."""
        if not self.segments and self._files:
            self._files = None
            unload("node.segments")

    def save(self) -> None:
        """Tail and watermarks to flash; where that fails they stay in memory, and are sent."""
        segment = self.segments[0] if self.segments else 0
        header = struct.pack(
            HEADER, self.next_seq, self.legacy_total, segment, self.index, self.acked_below
        )
        self.store.keep("tail", header + self.tail)

    def add(self, boots: int, uptime_s: int, unix: int, fport: int, data: bytes) -> Record:
        """Journal one reading, whose payload says `next_seq`. On flash when it returns."""
        one = record(self.next_seq, boots, uptime_s, unix, fport, data)
        if len(self.marks) >= TAIL_RECORDS:
            self._make_room()
        self.tail += one.raw
        self.marks.append(0)
        self.next_seq = (self.next_seq + 1) & 0xFFFF
        self.save()
        return one

    def _make_room(self):
        """Drop the oldest if it is acknowledged; if not, the oldest 8 go to a segment."""
        if self.marks[0] & ACKED:
            self.drop(1)
            return
        from node import segments

        self._files = segments
        segments.spill(self)

    def _shed(self):
        """Flash is full: drop the oldest segment. False: there is none."""
        if not self.segments:
            return False
        self._files.shed(self)  # pyright: ignore[reportOptionalMemberAccess] - has segments
        return True

    def drop(self, count: int) -> None:
        """Drop the oldest of the tail."""
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
        files = self._files
        found = files.take(self, limit) if files else []
        if not files or self.at + len(found) >= files.count(self):
            waiting = [at for at in range(len(self.marks)) if not self.marks[at]]
            found += [self._record(at) for at in waiting[: limit - len(found)]]
        return [r for r in found if r.fport == found[0].fport]

    def before(self, batch: list, count: int = 0) -> list:
        """What is repeated with these, oldest first: as many as asked for of those before them.

        The newest before none at all. By default the one that was sent and is not acknowledged.
        Only of the tail.
        """
        if count:
            end = self._at(batch[0].seq) if batch else len(self.marks)
            return [self._record(at) for at in range(max(0, end - count), end)]
        for at in range(len(self.marks) - 1, -1, -1):
            if self.marks[at] == SENT:
                one = self._record(at)
                if one.fport == batch[0].fport:
                    return [one]
        return []

    def sent(self, batch: list) -> None:
        """These were transmitted: they wait for `acked`, or for `lost`."""
        for one in batch:
            at = self._at(one.seq)
            if one.spilled:
                self.at += 1
            elif at >= 0:
                self.marks[at] |= SENT

    def _at(self, seq):
        """Index of a reading in the tail; -1: not there."""
        at = len(self.marks) - (self.next_seq - seq & 0xFFFF)
        return at if 0 <= at < len(self.marks) and self.seq(at) == seq else -1

    def acked(self) -> None:
        """The network has every reading sent so far. On flash with the next reading."""
        marks = self.marks
        for at in range(len(marks)):
            if marks[at]:
                marks[at] = SENT | ACKED
        self.index = self.at
        if self._files and self._files.done(self):
            self.save()
            self._unload_idle()
        at = 0
        while at < len(marks) and marks[at]:
            at += 1
        self.acked_below = self.seq(at) if at < len(marks) else self.next_seq

    def lost(self) -> None:
        """No acknowledgement: what was sent since the last one waits again."""
        self.at = self.index
        for at in range(len(self.marks)):
            self.marks[at] &= ACKED

    def resend(self, first: int, count: int) -> int:
        """Let these wait again; returns how many of them are still in the tail."""
        found = 0
        for at in range(len(self.marks)):
            if (self.seq(at) - first) & 0xFFFF < count:
                self.marks[at] = 0
                found += 1
        return found

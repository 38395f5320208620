"""How the journal is loaded, and its files while the link is down. Loaded for these alone.

journal: a `node.journal.Journal`; these change its `tail`, `marks`, `segments`, `at`, `index`.
`node.history` has files of its own that way.
"""

import binascii
import os
import struct

from micropython import const

from node.record import ACKED, BODY_SIZE, HEADER, RECORD_SIZE, SENT, Record
from node.store import APPEND_WEAR, FULL, make_folder

_SPILL_RECORDS = const(8)
_SEGMENT_SIZE = const(4096)
_SEGMENTS = const(48)


def parse(raw: bytes) -> "Record | None":
    """A record from its bytes, or None if torn."""
    if len(raw) != RECORD_SIZE:
        return None
    if struct.unpack("<I", raw[BODY_SIZE:])[0] != binascii.crc32(raw[:BODY_SIZE]):
        return None
    return Record(raw)


def found(folder: str) -> list:
    """Numbers of the segments on flash, oldest first."""
    try:
        return sorted(int(name) for name in os.listdir(folder) if name.isdigit())
    except OSError:
        make_folder(folder)
        return []


def _before(seq, other):
    """Is `seq` older than `other`? 16 bits, wrapping."""
    return (other - seq) & 0xFFFF < 0x8000 and seq != other


def path(journal, segment: int) -> str:
    """Where a segment is."""
    return "%s/%05d" % (journal.folder, segment)


def load(journal, blob: "bytes | None") -> None:
    """Tail and watermarks of the last save."""
    journal.index = segment = 0
    if blob:
        size = struct.calcsize(HEADER)
        journal.next_seq, journal.legacy_total, segment, journal.index, journal.acked_below = (
            struct.unpack(HEADER, blob[:size])
        )
        for at in range(size, len(blob), RECORD_SIZE):
            one = parse(blob[at : at + RECORD_SIZE])
            if one:
                journal.tail += one.raw
                journal.marks.append(SENT | ACKED if _before(one.seq, journal.acked_below) else 0)
            else:
                journal.torn += 1
    while journal.segments and journal.segments[0] < segment:
        _forget(journal)
    if not journal.segments or journal.segments[0] != segment:
        journal.index = 0


def spill(journal) -> None:
    """Move the oldest 8 of the tail to a segment; above 48 segments, drop the oldest.

    Where flash is full, the oldest segments make room; where none can be written, the oldest
    reading of the tail is dropped.
    """
    spilled = min(_SPILL_RECORDS, len(journal.marks))
    waiting = [at for at in range(spilled) if not journal.marks[at] & ACKED]
    raw = b"".join([journal.tail[at * RECORD_SIZE : (at + 1) * RECORD_SIZE] for at in waiting])
    try:
        while not append(journal, raw):
            shed(journal)
    except OSError:
        spilled = 1
        journal.dropped += 1
    journal.drop(spilled)
    first = journal.seq(0) if journal.marks else journal.next_seq
    if _before(journal.acked_below, first):
        journal.acked_below = first  # kept near, or it would wrap in a long outage
    if len(journal.segments) > _SEGMENTS:
        shed(journal)


def append(journal, raw: bytes) -> bool:
    """True when written, False when flash is full. OSError: it fails, or nothing makes room."""
    segments = journal.segments
    last = segments[-1] if segments else 0
    if not last or _records(journal, last) * RECORD_SIZE + len(raw) > _SEGMENT_SIZE:
        last += 1
    try:
        journal.store.wear += APPEND_WEAR
        with open(path(journal, last), "ab") as file:
            file.write(raw)
    except OSError as error:
        if error.errno != FULL or not segments:
            raise
        return False
    if last not in segments[-1:]:
        segments.append(last)
    return True


def shed(journal) -> None:
    """Drop the oldest segment, to make room: its readings are lost, and counted."""
    journal.dropped += max(0, _records(journal, journal.segments[0]) - journal.index)
    _forget(journal)


def _forget(journal, remove=os.remove):
    """Remove the oldest segment."""
    segment = journal.segments[0]
    records = _records(journal, segment)
    journal.index = max(0, journal.index - records)
    journal.at = max(0, journal.at - records)
    journal.segments.pop(0)
    try:
        remove(path(journal, segment))
    except OSError:
        pass  # the next start tries again


def count(journal) -> int:
    """Readings in all segments, those already sent included."""
    return sum([_records(journal, segment) for segment in journal.segments])


def _records(journal, segment):
    """Records of a segment; 0 for one that cannot be read."""
    try:
        return os.stat(path(journal, segment))[6] // RECORD_SIZE
    except OSError:
        return 0


def take(journal, limit: int) -> list:
    """Readings of one segment after those already sent; a torn one is stepped over."""
    while True:
        at = journal.at
        for segment in journal.segments:
            records = _records(journal, segment)
            if at < records:
                break
            at -= records
        else:
            return []
        taken = _read(journal, segment, at, min(limit, records - at))
        if taken:
            return taken


def _read(journal, segment, at, count):
    """Those from the first whole one to the next that is torn."""
    try:
        with open(path(journal, segment), "rb") as file:
            file.seek(at * RECORD_SIZE)
            raw = file.read(count * RECORD_SIZE)
    except OSError:
        raw = bytes(count * RECORD_SIZE)  # all of them torn
    taken = []
    for start in range(0, len(raw), RECORD_SIZE):
        one = parse(raw[start : start + RECORD_SIZE])
        if one:
            one.spilled = True
            taken.append(one)
        elif taken:
            break
        else:
            journal.torn += 1
            journal.at += 1
    return taken


def done(journal) -> bool:
    """Remove the segments that were acknowledged to their ends; was there one?"""
    left = len(journal.segments)
    while journal.segments and journal.index >= _records(journal, journal.segments[0]):
        _forget(journal, journal.retire)
    return len(journal.segments) < left

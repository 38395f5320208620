"""How the journal is loaded, and its files while the link is down. Loaded for these alone.

journal: a `node.journal.Journal`; these change its `tail`, `marks`, `segments`, `at`, `index`.
"""

import binascii
import os
import struct

from micropython import const

from node.record import ACKED, BODY_SIZE, HEADER, RECORD_SIZE, SENT, Record

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
        return sorted(int(name) for name in os.listdir(folder))
    except OSError:
        os.mkdir(folder)
        return []


def _before(seq, other):
    """Is `seq` older than `other`? 16 bits, wrapping."""
    return (other - seq) & 0xFFFF < 0x8000 and seq != other


def _path(journal, segment):
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
        os.remove(_path(journal, journal.segments.pop(0)))
    if not journal.segments or journal.segments[0] != segment:
        journal.index = 0


def spill(journal) -> None:
    """Move the oldest 8 of the tail to a segment; above 48 segments, drop the oldest."""
    spilled = min(_SPILL_RECORDS, len(journal.marks))
    waiting = b"".join([
        journal.tail[at * RECORD_SIZE : (at + 1) * RECORD_SIZE]
        for at in range(spilled)
        if not journal.marks[at] & ACKED
    ])  # fmt: skip
    segments = journal.segments
    last = segments[-1] if segments else 0
    if not segments or os.stat(_path(journal, last))[6] + len(waiting) > _SEGMENT_SIZE:
        last += 1
        segments.append(last)
    with open(_path(journal, last), "ab") as file:
        file.write(waiting)
    journal.drop(spilled)
    if len(segments) > _SEGMENTS:
        journal.dropped += _records(journal, segments[0]) - journal.index
        _forget(journal)


def _forget(journal):
    os.remove(_path(journal, journal.segments.pop(0)))
    journal.index = journal.at = 0


def count(journal) -> int:
    """Readings in all segments, those already sent included."""
    return sum([_records(journal, segment) for segment in journal.segments])


def _records(journal, segment):
    return os.stat(_path(journal, segment))[6] // RECORD_SIZE


def take(journal, limit: int) -> list:
    """Readings of the oldest segment after those already sent; a torn one is stepped over."""
    with open(_path(journal, journal.segments[0]), "rb") as file:
        file.seek(journal.at * RECORD_SIZE)
        raw = file.read(limit * RECORD_SIZE)
    taken = []
    for at in range(0, len(raw), RECORD_SIZE):
        one = parse(raw[at : at + RECORD_SIZE])
        if one:
            taken.append(one)
        elif taken:
            break
        else:
            journal.torn += 1
            journal.at += 1
    return taken


def done(journal) -> bool:
    """Remove the oldest segment if it was sent to its end; was it?"""
    if journal.at * RECORD_SIZE < os.stat(_path(journal, journal.segments[0]))[6]:
        return False
    _forget(journal)
    return True

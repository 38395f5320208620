"""The files of `node.history`: what the network has, kept as segments are. Loaded for each use."""

from micropython import const

from node import segments
from node.record import RECORD_SIZE
from node.segments import shed

_FILES = const(36)
_PIECE = const(8)  # readings

found = segments.found


def append(kept, raw: bytes) -> None:
    """Where there are too many, or flash takes no more, the oldest goes, and at last this."""
    try:
        while not segments.append(kept, raw):
            shed(kept)
        if len(kept.segments) > _FILES:
            shed(kept)
    except OSError:
        pass


def number(kept, first: int, count: int) -> int:
    """How many readings there are from a number on, within `count`."""
    there = 0
    end = first + count
    while found := search(kept, first, end - first & 0xFFFF, _PIECE):
        there += len(found)
        first = found[-1].seq + 1
    return there


def search(kept, first: int, count: int, limit: int) -> list:
    """Up to `limit` readings of one port from a number on, within `count`; none that is torn."""
    readings = []
    for number in kept.segments:
        try:
            with open(segments.path(kept, number), "rb") as file:
                file.seek(-RECORD_SIZE, 2)
                raw = file.read(2)
                if (raw[0] | raw[1] << 8) - first & 0xFFFF >= 0x8000:
                    continue  # all of it is older
                file.seek(0)
                while len(readings) < limit and (raw := file.read(RECORD_SIZE)):
                    one = segments.parse(raw)
                    if one and one.seq - first & 0xFFFF < count:
                        if readings and one.fport != readings[0].fport:
                            return readings
                        one.spilled = None  # neither of a segment nor of the tail
                        readings.append(one)
        except OSError:
            pass
    return readings

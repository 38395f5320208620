"""One reading as it lies on flash: a record of fixed size with a CRC of its own.

The longest reading of `wire.readings` sets the size. A board does not keep that table loaded, so
the number stands here; `python -m tools.build --check` compares the two.
"""

import binascii
import struct

from micropython import const

READING_SIZE = const(14)
"""Bytes of the longest reading of `wire.readings`; also the size that uplinks are filled by."""

DATA_SIZE = max(READING_SIZE, 14)
"""Bytes of a record for its reading. Firmware 0.1.0 wrote 14, and its records stay readable."""

_LAYOUT = "<HHIIBB%ds" % DATA_SIZE  # seq, boots, uptime s, Unix s or 0, fport, length, reading
BODY_SIZE = struct.calcsize(_LAYOUT)
RECORD_SIZE = BODY_SIZE + 4
"""Bytes of a record: the body and its CRC-32."""

HEADER = "<HIHHH"
"""Start of the journal's tail: next seq, legacy total, read segment, read index, seq below which
the network has everything."""

SENT = 1
"""Mark of a reading in the tail: it was transmitted."""

ACKED = 2
"""Mark of a reading in the tail: the network acknowledged it."""


class Record:
    """One reading, decoded from its record when asked: `seq` and what follows."""

    spilled: bool | None = False  # was it read from a segment? None: from `node.history`

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

    def age_s(self, boots: int, uptime_s: int, unix: int) -> "int | None":
        """Seconds since the reading, or None when a restart lies between and no clock was set.

        boots, uptime_s, unix: the node's of now; unix is 0 while the time is unknown.
        """
        _, at_boots, at_uptime_s, at_unix, _, _, _ = struct.unpack(_LAYOUT, self.raw[:BODY_SIZE])
        if boots == at_boots:
            return uptime_s - at_uptime_s
        return max(0, unix - at_unix) if unix and at_unix else None


def record(seq: int, boots: int, uptime_s: int, unix: int, fport: int, data: bytes) -> Record:
    """A record of a reading made now. unix: 0 while unknown.

    Raises ValueError for a reading longer than `DATA_SIZE`: `tools.build` lets none pass.
    """
    if len(data) > DATA_SIZE:
        raise ValueError("a reading of %d bytes, a record takes %d" % (len(data), DATA_SIZE))
    body = struct.pack(_LAYOUT, seq, boots, uptime_s, unix, fport, len(data), data)
    return Record(body + struct.pack("<I", binascii.crc32(body)))

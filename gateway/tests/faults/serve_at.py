"""`lamplighter serve` with a wall clock that another process sets.

    python serve_at.py OFFSET --config CONFIG serve

OFFSET: a file of 8 bytes, nanoseconds to add to the machine's clock, signed, big-endian; it may be
written at any time. The monotonic clock goes on as ever, as it does when NTP sets the other one.
"""

import mmap
import sys
import time
from pathlib import Path

with Path(sys.argv[1]).open("rb") as file:
    offset = mmap.mmap(file.fileno(), 8, access=mmap.ACCESS_READ)
machine_ns = time.time_ns


def set_ns() -> int:
    """What the service takes for the time, ns since 1970."""
    return machine_ns() + int.from_bytes(offset[:8], "big", signed=True)


time.time_ns = set_ns
time.time = lambda: set_ns() / 1e9

from gateway.cli import main  # noqa: E402 - it finds the clock that was set

main(sys.argv[2:], prog_name="lamplighter")

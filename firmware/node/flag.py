"""A flag that an interrupt sets and a task awaits, for a port that asks often whether it is set.

While all tasks wait, MicroPython's esp32 port asks at each tick of FreeRTOS, 100 times a second,
for what they wait. `asyncio.ThreadSafeFlag` answers in Python, which takes 17 us; a RingIO answers
in C, below 1 us (emulated, 160 MHz). Both flags of a lamp were a third of its CPU's work.
"""

import asyncio

from micropython import RingIO


class Flag:
    """As `asyncio.ThreadSafeFlag`: one task may await it, and `set` allocates nothing."""

    def __init__(self):
        self._ring = RingIO(1)
        self._stream = asyncio.StreamReader(self._ring)
        self._byte = bytearray(1)

    def set(self) -> None:
        """Let the task go on; once, however often it is called before that."""
        self._ring.write(b"!")  # a full ring takes none

    def clear(self) -> None:
        """As if it had not been set."""
        if self._ring.any():
            self._ring.readinto(self._byte)

    async def wait(self) -> None:
        """Until it is set; it is cleared then."""
        await self._stream.readinto(self._byte)  # pyright: ignore[reportAttributeAccessIssue]

"""AM312: passive infrared motion sensor on a pin. Edges are counted, not levels."""

import asyncio
from time import ticks_add, ticks_diff, ticks_ms

BUS = "pin"
if __debug__:  # for documents and tests; no board carries them
    ROLE = "motion"
    SOURCE = (
        "AM312 product page: output high for about 2.3 s per motion, 3 to 5 m, settles after power"
    )
    OPTIONS = {"warmup_s": 0, "refractory_ms": 0}  # of the examples
    EXAMPLES = (
        (b"\x00\x01\x00\x01\x01\x00", {"total": 2, "presence": 0, "warm": 1}),
        (b"\x00\x00\x01", {"total": 1, "presence": 1, "warm": 1}),
        (b"\x00", {"total": 0, "presence": 0, "warm": 1}),
    )


class AM312:
    """`moved` is a flag that a task may await, set at each counted edge.

    on_rising(pin, handler): of the port.
    """

    def __init__(self, bus, on_rising, warmup_s=30, refractory_ms=300, **_options):
        self._pin = bus
        self._total = 0
        self._start = ticks_ms()
        self._warm = not warmup_s
        self._warmup_ms = warmup_s * 1000
        self._refractory_ms = refractory_ms
        self._last = ticks_add(ticks_ms(), -refractory_ms)
        self.moved = asyncio.ThreadSafeFlag()
        on_rising(bus, self._edge)

    def _edge(self, _pin):
        """An interrupt, a hard one where the port has those: must not allocate.

        Two people abreast are one edge. `ticks_diff` is negative from 6.2 to 12.4 days after
        the last one: that is long ago too.
        """
        now = ticks_ms()
        if self._settled(now) and not 0 <= ticks_diff(now, self._last) < self._refractory_ms:
            self._last = now
            self._total += 1
            self.moved.set()

    def _settled(self, now):
        if not self._warm:
            self._warm = not 0 <= ticks_diff(now, self._start) < self._warmup_ms
        return self._warm

    async def read(self, _clock) -> dict:
        """Rising edges since the start, and the level now. Never waits."""
        now = ticks_ms()
        warm = self._settled(now)
        if not 0 <= ticks_diff(now, self._last) < self._refractory_ms:
            self._last = ticks_add(now, -self._refractory_ms)  # or it seems new after a wrap
        return {
            "total": self._total,
            "presence": int(warm and self._pin.value()),
            "warm": int(warm),
        }

    def sleep(self) -> None:
        """Stays on at 15 uA: its edge wakes the node."""

"""Hi-Link LD2410: 24 GHz radar that sees people, also those who stand still, up to 6 m."""

import asyncio

from micropython import const

from node.errors import ConfigError

BUS = "uart"
BAUD = 256000
if __debug__:  # for documents and tests; no board carries them
    ROLE = "motion"
    SOURCE = (
        "Hi-Link HLK-LD2410 serial communication protocol V1.02, 2.3: F4 F3 F2 F1, length, 02 AA, "
        "target state, ..., 55 00, F8 F7 F6 F5; compared with ESPHome, ld2410.cpp (states 0-3), "
        "and mgiesen/LD2410, README (a report each 50 ms, 256000 8N1)"
    )
    OPTIONS = {"pin_b": 8}

    def _frame(state, kind=2, more=b"", tail=b"\x55\x00"):
        """A report: of what it sees, 81 cm away."""
        inner = bytes((kind, 0xAA, state, 81, 0, 0, 0, 0, 0x3B, 0, 0)) + more + tail
        return b"\xf4\xf3\xf2\xf1" + bytes((len(inner), 0)) + inner + b"\xf8\xf7\xf6\xf5"

    EXAMPLES = (
        (_frame(2) * 3, {"total": 0, "presence": 1, "warm": 1}),  # it stands still
        (b"\xaa\x02" + _frame(0) + _frame(1), {"total": 0, "presence": 1, "warm": 1}),
        (_frame(3) + _frame(0) + _frame(1)[:9], {"total": 0, "presence": 0, "warm": 1}),
        (_frame(1, kind=1, more=bytes(22)) * 2, {"total": 0, "presence": 1, "warm": 1}),
        (_frame(0) + _frame(4), {"total": 0, "presence": 0, "warm": 1}),  # it learns its noise
        (_frame(1, tail=b"\x54\x00") * 3, None),
        (_frame(1)[:20] * 3, None),
        (b"\xf4\xf3\xf2\xf1" * 12, None),
        (b"", None),
    )

_HEAD = b"\xf4\xf3\xf2\xf1"
_END = b"\xf8\xf7\xf6\xf5"
_KINDS = (b"\x02\xaa", b"\x01\xaa")  # 1: with the energies of all gates
_BOTH = const(3)  # bit 0: a target moves, bit 1: one stands still
_TWO = const(46)  # bytes of two reports: one of them is whole
_TURN_MS = const(50)
_WAIT_MS = const(400)


def parse(raw: bytes) -> "int | None":
    """Target state, 0 to 3, of the last whole report; None without one."""
    at = len(raw)
    while True:
        at = raw.rfind(_HEAD, 0, at)
        if at < 0:
            return None
        size = int.from_bytes(raw[at + 4 : at + 6], "little")
        inner, end = raw[at + 6 : at + 6 + size], raw[at + 6 + size : at + 10 + size]
        right = end == _END and inner[:2] in _KINDS and inner[-2:-1] == b"\x55"
        if right and inner[2] <= _BOTH:
            return inner[2]


class LD2410:
    """`moved` is a flag that a task may await, set when somebody comes.

    bus: its UART.  pin_b: Pin of OUT, high while it sees somebody.  on_rising(pin, handler): of
    the port.  Draws 79 mA all the time. Raises ConfigError.
    """

    LONGEST_S = 14400  # somebody may well sit there for an afternoon

    def __init__(self, bus, on_rising, pin_b=None, **_options):
        if not pin_b:
            raise ConfigError("/board.py: motion.ld2410 needs pin_b, the GPIO at OUT")
        self._bus = bus
        self._total = 0
        self.moved = asyncio.ThreadSafeFlag()
        on_rising(pin_b, self._comes)

    def _comes(self, _pin):
        """An interrupt, a hard one where the port has those: must not allocate."""
        self._total += 1
        self.moved.set()

    async def read(self, _clock) -> "dict | None":
        """Who came since the start, and whether somebody is there. None: no report in 0.4 s."""
        self._bus.read(self._bus.any())  # of before
        waited = 0
        while self._bus.any() < _TWO and waited < _WAIT_MS:
            await asyncio.sleep_ms(_TURN_MS)
            waited += _TURN_MS
        state = parse(self._bus.read(self._bus.any()) or b"")
        if state is None:
            return None
        return {"total": self._total, "presence": int(state > 0), "warm": 1}

    def sleep(self) -> None:
        """Stays on: who comes is told by its line."""

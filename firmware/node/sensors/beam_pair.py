"""Two light barriers, one behind the other: people by direction. A broken beam is a high level."""

from time import ticks_add, ticks_diff, ticks_ms

from judgement.passages import Passages
from machine import Pin

from node.errors import ConfigError

BUS = "pin"
if __debug__:  # for documents and tests; no board carries them
    ROLE = "people"
    SOURCE = (
        "OMRON E3Z datasheet, page 11, through-beam E3Z-T61: NPN open collector, light-on; 1 ms, "
        "35 mA a pair, compared with E3ZS-T81A's page alone; two of them 20 to 40 cm apart"
    )
    OPTIONS = {"pin_b": 8, "gap_mm": 300}
    EXAMPLES = (  # levels of the first beam alone: nobody came through
        (b"\x00", {"inbound": 0, "outbound": 0, "unclear": 0, "blind": 0}),
        (b"\x00\x01\x00", {"inbound": 0, "outbound": 0, "unclear": 0, "blind": 0}),
    )

_BLOCKED_MS = 20000  # broken for longer: dirt, a parcel, no supply, a cable that is out
_ONE_SIDED = 12  # breaks of one beam, none of the other
_FLICKER_MS = 50  # from break to break of one beam: no legs, but low sun or a loose wire
_FLICKERS = 30  # since the last reading


class BEAM_PAIR:  # noqa: N801 - named as the file
    """Pull-ups are switched on: a cable that is out is a beam that is broken, and blind.

    bus: Pin of the outer beam.  pin_b: Pin of the inner one.  on_rising(pin, handler): of the
    port.  gap_mm: from beam to beam.  power: a Pin that switches their supply, high: on; it stays
    on, and what the outputs do until they have light is a high level, no break.
    Raises ConfigError.
    """

    def __init__(self, bus, on_rising, pin_b=None, gap_mm=0, **_options):
        if not pin_b or not 100 <= gap_mm <= 1000:
            raise ConfigError(
                "/board.py: people.beam_pair needs pin_b, and gap_mm from 100 to 1000"
            )
        self._pins = (bus, pin_b)
        self._passages = Passages(ticks_diff, gap_mm)
        self._flickers = 0
        now = ticks_ms()
        self._whole = [now, now]  # when each beam was last seen whole
        for pin in self._pins:
            pin.init(Pin.IN, Pin.PULL_UP)
        on_rising(bus, self._outer)
        on_rising(pin_b, self._inner)

    def _outer(self, _pin):
        """An interrupt, a hard one where the port has those: must not allocate."""
        self._broken(0)

    def _inner(self, _pin):
        self._broken(1)

    def _broken(self, beam):
        now = ticks_ms()
        if 0 <= ticks_diff(now, self._whole[beam]) < _FLICKER_MS:
            self._flickers += 1
        self._whole[beam] = now  # it was, until now
        self._passages.broken(beam, now)

    async def read(self, _clock) -> dict:
        """Passages since the start, and whether people could be missed. Never waits."""
        now = ticks_ms()
        passages = self._passages
        blind = passages.alone >= _ONE_SIDED or self._flickers >= _FLICKERS
        self._flickers = 0
        for beam in (0, 1):
            if not self._pins[beam].value():
                self._whole[beam] = now
            elif not 0 <= ticks_diff(now, self._whole[beam]) < _BLOCKED_MS:
                blind = True
                self._whole[beam] = ticks_add(now, -_BLOCKED_MS)  # or a wrap would make it new
        return {
            "inbound": passages.totals[0],
            "outbound": passages.totals[1],
            "unclear": passages.unclear,
            "blind": int(blind),
        }

    def sleep(self) -> None:
        """Stays on: a beam that breaks wakes the node."""

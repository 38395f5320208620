"""The counts of Milesight's VS121, alone and inside what it could not send at the time.

Source: Milesight-IoT/SensorDecoders, vs-series/vs121: README (channels), decoder (history).
"""

from gateway.devices._channels import Channel, Choice
from gateway.devices._fields import AnyField, Bits, Number, Since, Skip
from gateway.devices._milesight import PASSED, TOTALS

IN_VIEW = (
    Number("peopleInView", "1", "B"),
    Number("regionCount", "1", "B"),
    Bits(2, tuple((f"region{n + 1}Occupied", n, 1) for n in range(16))),
)
MOST = (Number("peopleInViewMax", "1", "B"),)
DWELL = (
    Number("dwellRegion", "1", "B"),
    Number("dwellTimeAverage", "s", "<H"),
    Number("dwellTimeMax", "s", "<H"),
)
LINE = (Number("lineInboundCount", "1", "<H"), Number("lineOutboundCount", "1", "<H"))


def regions(first: int, count: int) -> tuple[AnyField, ...]:
    """People in each of `count` regions from `first` on."""
    return tuple(Number(f"region{n}People", "1", "B") for n in range(first, first + count))


def flow(start: str, ends: str) -> tuple[AnyField, ...]:
    """Passages from one side to others."""
    return tuple(Number(f"flow{start}{end}", "1", "<H") for end in ends)


_KINDS: tuple[tuple[AnyField, ...], ...] = (
    IN_VIEW,
    PASSED,
    MOST,
    *(regions(first, 4) for first in (1, 5, 9, 13)),
    *(flow(start, ends) for start in "ABCD" for ends in ("AB", "CD")),
    TOTALS,
    DWELL,
    LINE,
)
HISTORY = Choice(
    {number: Channel((Since("<I"), Skip(1), *fields)) for number, fields in enumerate(_KINDS, 1)},
    at=4,
)

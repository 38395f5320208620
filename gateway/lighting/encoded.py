"""A programme as bytes for the node, and the parts in which it is pushed."""

from binascii import crc32
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, cast
from zoneinfo import ZoneInfo

from wire import programme

from gateway.clock import time_zone
from gateway.errors import Refused
from gateway.lighting.source import Row, Source
from gateway.plans import DAYS

MOST_BYTES = 255
"""What the field `size` of the command holds."""
PART_BYTES = 12
HOUR_S = 3600
node = cast("Any", programme)
"""The node's code; it has no types."""


def encode(source: Source, version: int) -> bytes:
    """The bytes of `wire.programme`. Raises Refused where a node cannot hold them."""
    standard, summer = zone_of(source.zone)
    period = source.active_period
    names = source.names()
    mode = _mode(source)
    offsets = (period.sunset_offset_min & 255, period.sunrise_offset_min & 255)
    data = [*version.to_bytes(2, "big"), standard & 255, summer, mode, *offsets]
    data += [source.presence_level, len(source.calendar)]
    for row in source.calendar:
        data += [*_date(row.first), *_date(row.last), _days(row), names.index(row.programme)]
    for name in names:
        steps = sorted(
            (_since_noon(at), one) for at, one in source.control_programmes[name].items()
        )
        data.append(len(steps))
        for minute, level in steps:
            data += [*minute.to_bytes(2, "big"), level]
    sealed = bytes(data) + (crc32(bytes(data)) & 0xFFFF).to_bytes(2, "big")
    if len(sealed) > MOST_BYTES:
        raise Refused(
            f"the programme needs {len(sealed)} bytes, a lamp holds {MOST_BYTES}: leave out steps "
            "or rows of the calendar",
            "source",
        )
    return sealed


def _mode(source: Source) -> int:
    period = source.active_period
    bits = (
        (period.sun, 1),
        (period.photocell, 2),
        (period.rule == "all", 4),
        (period.twilight, 8),
    )
    return sum(bit for said, bit in bits if said)


def _date(text: str) -> tuple[int, int]:
    month, _, day = text.partition("-")
    return int(month), int(day)


def _days(row: Row) -> int:
    return sum(1 << DAYS.index(day) for day in set(row.days)) or 127


def _since_noon(clock: str) -> int:
    hours, _, minutes = clock.partition(":")
    return (int(hours) * 60 + int(minutes) - 720) % 1440


@cache
def zone_of(name: str) -> tuple[int, int]:
    """(standard time in quarter hours east of UTC, row of the node's table of summer times).

    Raises Refused for a zone whose clocks do not follow a row of that table.
    """
    zone = time_zone(name)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    offsets = [_offset_s(zone, start + timedelta(days=day)) for day in range(0, 366, 30)]
    standard = min(offsets)
    if not standard % 900:
        for row in range(len(node.SUMMER)):
            if _agrees(zone, standard // 900, row, int(start.timestamp())):
                return standard // 900, row
    raise Refused(
        f"the clocks of {name} follow no rule that a lamp knows: write the programme in a zone of "
        "fixed offset, as Etc/GMT-3",
        "source",
    )


def _agrees(zone: ZoneInfo, standard: int, row: int, start: int) -> bool:
    """Whether the node's clock on the wall is that of the zone in each hour of two years."""
    head = bytes([0, 1, standard & 255, row])
    for unix in range(start, start + 2 * 365 * 86400, HOUR_S):
        local = unix + _offset_s(zone, datetime.fromtimestamp(unix, UTC))
        if node.local(head, unix) != local:
            return False
    return True


def _offset_s(zone: ZoneInfo, at: datetime) -> int:
    return int((at.astimezone(zone).utcoffset() or timedelta()).total_seconds())


def parts(data: bytes, version: int) -> tuple[dict[str, int], ...]:
    """The values of each `programme` command that brings a part."""
    made: list[dict[str, int]] = []
    for at in range(-(-len(data) // PART_BYTES)):
        part = data[PART_BYTES * at : PART_BYTES * (at + 1)].ljust(PART_BYTES, b"\0")
        made.append({
            "version": version, "size": len(data), "at": at,
            "data1": int.from_bytes(part[:6], "big"), "data2": int.from_bytes(part[6:], "big"),
        })  # fmt: skip
    return tuple(made)

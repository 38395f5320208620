"""Wall-clock time of the gateway: integers, milliseconds since 1970-01-01T00:00:00Z."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Meta

from gateway.errors import Refused

Clock = Callable[[], int]
"""Returns the time, ms since 1970. Tests pass their own."""
Instant = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
"""An instant as `rfc3339` writes it."""


def wall_ms() -> int:
    """The system clock, ms since 1970."""
    return time.time_ns() // 1_000_000


@lru_cache(4096)
def rfc3339(at_ms: int) -> str:
    """An instant in the form CloudEvents uses: RFC 3339, UTC, milliseconds, `Z`."""
    at_s, ms = divmod(at_ms, 1000)
    return f"{_second(at_s)}.{ms:03d}Z"


@lru_cache(1024)
def _second(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%S")


AHEAD_MS = 300_000
"""A stamp this far ahead of our clock comes from a clock that is hardly wrong."""
BEHIND_MS = 31 * 86_400_000
"""Longest time that a message waits at a broker; an older stamp comes from a wrong clock."""


def believed(at_ms: int, now_ms: int) -> tuple[int, bool]:
    """An instant of another clock, never later than now, and whether it can be right.

    One that cannot be right becomes now.
    """
    sure = now_ms - BEHIND_MS <= at_ms <= now_ms + AHEAD_MS
    return (min(at_ms, now_ms) if sure else now_ms), sure


def parse_ms(text: str) -> int:
    """Ms since 1970 of an RFC 3339 instant: any zone, 0 to 9 fractional digits.

    Raises ValueError.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return int(moment.timestamp() * 1000)


def time_zone(name: str) -> ZoneInfo:
    """A time zone by its IANA name. Raises Refused."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        said = f"{name[:50]!r} is no time zone of the tz database, such as Europe/Paris"
        raise Refused(said, "zone") from None

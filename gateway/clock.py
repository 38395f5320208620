"""Wall-clock time of the gateway, as everything here passes it.

Integers of milliseconds since 1970 in UTC.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], int]
"""Returns the wall clock, ms since 1970. Tests pass their own."""


def wall_ms() -> int:
    """The machine's wall clock, ms."""
    return time.time_ns() // 1_000_000


def rfc3339(at_ms: int) -> str:
    """An instant as CloudEvents writes it: RFC 3339, UTC, milliseconds, `Z`."""
    moment = datetime.fromtimestamp(at_ms / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_ms(text: str) -> int:
    """An RFC 3339 instant with any zone and 0 to 9 digits of a second -> ms. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return int(moment.timestamp() * 1000)

"""From the wire table's integers to properties with UCUM units and quality flags.

The table says which fields are readings, of what property and unit, and which are quality flags;
this is the only place that divides.
"""

from typing import Any

from msgspec import Struct
from wire.codec import unpack
from wire.meaning import QUALITY, READINGS
from wire.schema import ENUMS, FIRST_REPORT, PAYLOADS

from gateway.events import Value

DELAYED_S = 600
"""A reading older than this at its arrival is flagged `delayed`."""
HARMLESS = frozenset({"delayed", "low_battery"})
"""Flags beside which a value is still `ok`."""


class Record(Struct, frozen=True):
    """One reading of a frame. age_s: at its transmission, None when the device cannot say."""

    seq: int
    age_s: int | None
    values: tuple[Value, ...]


def decode(fport: int, data: bytes) -> tuple[str, list[dict[str, Any]]]:
    """A frame -> (payload's name, [{field: value}], newest first). Raises wire.codec.WireError."""
    return unpack(fport, data)


def is_reading(name: str) -> bool:
    """Whether a payload holds readings (it has a sequence number), not a report."""
    return PAYLOADS[name][0] < FIRST_REPORT


def record(fields: dict[str, Any]) -> Record:
    """One reading from its fields.

    A property without a value is left out; but where the device says `suspect`, its sensor did not
    answer, and the value is None.
    """
    age_s = fields["age"]
    flags = [flag for flag in QUALITY if fields.get(flag)]
    if age_s is None:
        flags.append("clock_unsure")
    elif age_s > DELAYED_S:
        flags.append("delayed")
    quality = tuple(flags) if set(flags) - HARMLESS else ("ok", *flags)
    values = tuple(
        Value(*_scaled(name, value), quality)
        for name, value in fields.items()
        if name in READINGS and (value is not None or fields.get("suspect"))
    )
    return Record(fields["seq"], age_s, values)


def start(fields: dict[str, Any]) -> tuple[Value, ...]:
    """The values of a boot report."""
    words = in_words(fields)
    version = f"{words['major']}.{words['minor']}.{words['patch']}"
    return (
        Value("bootCause", words["cause"], "1"),
        Value("profile", words["profile"], "1"),
        Value("firmwareVersion", version, "1"),
        Value("bootCount", words["boots"], "1"),
        Value("configVersion", words["config_version"], "1"),
    )


def in_words(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields that are present, enumerations as their words."""
    return {
        name: ENUMS[name][value] if name in ENUMS else value
        for name, value in fields.items()
        if value is not None
    }


def _scaled(name: str, value: int | None) -> tuple[str, float | int | None, str]:
    known, unit, times, over = READINGS[name]
    if value is None or over == 1:
        return known, None if value is None else value * times, unit
    return known, value * times / over, unit

"""The wire table with its types, and a device's reasons as sentences for the caller.

`wire` also runs under MicroPython, which has no module `typing`.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple, cast

from wire import batch, batch_decoding, codec, decoding, enums, meaning, schema

Fields = dict[str, int | None]
"""A record or command: field -> value; None is absent."""
_codec, _decoding, _enums, _meaning, _schema, _batches = cast(
    "tuple[Any, Any, Any, Any, Any, Any]",
    (codec, decoding, enums, meaning, schema, batch_decoding),
)


def unpack(fport: int, data: bytes) -> tuple[str, list[Fields]]:
    """(name, records newest first) of an uplink, single readings or a batch. Raises WireError."""
    if fport >= batch.FPORT:
        found: tuple[str, list[Fields]] = _batches.unpack(fport, data)
        return found
    step = data[0] if data else 0
    name, layout = _layout(fport, step)
    if layout and len(data) > step > 1 and len(data) % step == 1:
        records = [_values(layout, data[at : at + step]) for at in range(1, len(data), step)]
        if None not in records:
            return name, cast("list[Fields]", records)
    slowly: tuple[str, list[Fields]] = _decoding.unpack(fport, data)
    return slowly


class _Bits(NamedTuple):
    """Where a field is in a record, and what its number means."""

    field: str
    shift: int
    mask: int
    low: int
    high: int
    step: int
    absent: int  # the number that stands for None; -1: none does


@cache
def _layout(fport: int, step: int) -> tuple[str, tuple[_Bits, ...]]:
    """(name, fields) of a record of so many bytes at a port; the table is read once for each.

    What lies behind its end is absent: an older table, or the end of a reading without values.
    """
    for name, (port, text) in PAYLOADS.items():
        if port == fport:
            end = 8 * step
            layout: list[_Bits] = []
            for field, bits, low, high, step_by, optional in fields(text):
                end -= bits
                mask = (1 << bits) - 1
                absent = mask if optional else -1
                one = _Bits(field, end, mask, low, high, step_by, absent)
                layout.append(one if end >= 0 else _Bits(field, 0, 0, 0, 0, 0, 0))
            return name, tuple(layout)
    return "", ()


def _values(layout: tuple[_Bits, ...], record: bytes) -> Fields | None:
    """One record; None for a value above its range, which `wire` explains."""
    number = int.from_bytes(record, "big")
    found: Fields = {}
    for field, shift, mask, low, high, step, absent in layout:
        raw = number >> shift & mask
        value = None if raw == absent else low + raw * step
        if value is not None and value > high:
            return None
        found[field] = value
    return found


pack: Callable[[str, Mapping[str, int | None]], bytes] = _codec.pack
READINGS: dict[str, dict[str, tuple[str, str, int, int, tuple[str, ...]]]] = _meaning.READINGS
TAKERS: dict[str, tuple[str, ...]] = _meaning.TAKERS
ENUMS: dict[str, tuple[str, ...]] = _enums.ENUMS

fields: Callable[[str], list[tuple[str, int, int, int, int, bool]]] = _codec.fields

PAYLOADS: dict[str, tuple[int, str]] = _schema.PAYLOADS


def told(name: str, field: str) -> str:
    """What a field of a payload or command means, with its unit."""
    unit, text = _meaning.MEANING[name][1][field]
    return f"{text}, {unit}" if unit else text


BOOT_PROPERTIES = {
    "cause": "bootCause",
    "profile": "profile",
    "version": "firmwareVersion",
    "boots": "bootCount",
    "config_version": "configVersion",
}
"""The properties of a boot report."""
REFUSALS = {
    "ok": "the device gives no reason; a technician reads its log",
    "malformed": "the device cannot read it; the operator updates its firmware or the gateway",
    "out_of_range": "a value does not fit the device's settings; the caller asks for another",
    "unsupported": "the device has nothing that could do it; the caller asks another one",
    "below_floor": "the level is below the device's floor; the caller asks for more",
    "manual": "a technician holds it on the spot; the caller asks again later",
    "safety": "a technician holds it safe on the spot; the caller asks again later",
    "clock_unknown": "the device does not know the time yet; the gateway sends it again",
    "gone": "the device has nothing of it left; nobody can bring it back",
    "failed": "the device tried and could not; a technician reads its log",
}
"""A reason of `wire.words.REASONS` as a sentence: what, and who acts next."""


def in_words(fields: Fields) -> dict[str, Any]:
    """The fields that are present, enumerations as their words."""
    return {
        name: ENUMS[name][value] if name in ENUMS else value
        for name, value in fields.items()
        if value is not None
    }

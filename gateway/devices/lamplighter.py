"""Our own devices: the table of payloads and commands that the firmware carries too.

The table says which fields are readings, of what property and unit, and which are quality flags;
this is the only place of the gateway that reads it, and the only one that divides. Everything is
an integer in a frame.
"""

from functools import cache
from typing import Any

from wire.codec import WireError
from wire.schema import COMMANDS, FIRST_REPORT, PAYLOADS

from gateway.devices import Applied, Boot, Reading, Report, _examples, named
from gateway.devices._quality import of_age, quality
from gateway.devices._safe import safe
from gateway.devices._status import status
from gateway.devices._takes import OURS, takes
from gateway.devices._wire import (
    BOOT_PROPERTIES,
    ENUMS,
    READINGS,
    REFUSALS,
    TAKERS,
    Fields,
    in_words,
    pack,
    unpack,
)
from gateway.errors import Lost, Refused
from gateway.events import Value
from gateway.model import Command, Device
from gateway.notices import Uplink

OLDER = {"report": "report_s", "sample": "sample_s"}
"""Fields by the name they have in commands that 0.1.0 stored."""
AGAIN = "clock_unknown"
"""The one refusal that passes by itself: the network server will answer DeviceTimeReq."""


def decode(_device: Device, uplink: Uplink) -> list[Report]:
    """See gateway.devices; a frame holds its records newest first, single ones or a batch."""
    try:
        name, records = unpack(uplink.fport, uplink.data)
    except WireError as error:
        raise Lost(str(error)) from None
    return [_report(name, fields) for fields in reversed(records)]


def _report(name: str, fields: Fields) -> Report:
    if PAYLOADS[name][0] < FIRST_REPORT:
        return _reading(name, fields)
    return {"boot": _boot, "applied": _applied, "safe": safe, "status": status}[name](fields)


def _reading(name: str, fields: Fields) -> Reading:
    """One reading from its fields; the table says which flags concern which value.

    A property without a value is left out; but where the device flags it as `suspect`, its sensor
    did not answer, and the value is None.
    """
    if fields["seq"] is None:
        raise Lost(f"{name}: the record ends before its sequence number")
    age_s = fields["age"]
    timing = of_age(age_s)
    up = {flag for flag in _flags(name) if fields.get(flag)}
    usual = quality(timing)
    values: list[Value] = []
    for field, (known, unit, times, over, possible) in READINGS[name].items():
        raised = [flag for flag in possible if flag in up] if up else ()
        raw = fields[field]
        if raw is None and "suspect" not in raised:
            continue
        if field in ENUMS and not raw:  # nothing happened, or the sensor is not fitted
            continue
        flags = quality((*raised, *timing)) if raised else usual
        values.append(Value(known, _told(field, raw, times, over), unit, flags))
    return Reading(seq=fields["seq"], age_s=age_s, values=tuple(values))


@cache
def _flags(name: str) -> frozenset[str]:
    """The flags that concern any value of a reading."""
    return frozenset(flag for *_, possible in READINGS[name].values() for flag in possible)


def _told(field: str, raw: int | None, times: int, over: int) -> float | int | str | None:
    """A value in its unit; of an enumeration its word."""
    if raw is None:
        return None
    if over == 1:
        return ENUMS[field][raw] if field in ENUMS else raw * times
    return raw * times / over


def _boot(fields: Fields) -> Boot:
    """A start; a field that the device's older table lacks is left out."""
    words = in_words(fields)
    if {"major", "minor", "patch"} <= words.keys():
        words["version"] = f"{words['major']}.{words['minor']}.{words['patch']}"
    values = tuple(
        Value(BOOT_PROPERTIES[name], words[name], "1") for name in BOOT_PROPERTIES if name in words
    )
    numbers = {"first_seq": fields["first_seq"], "next_seq": fields["next_seq"]}
    return Boot(values=values, wiped=words.get("cause") == "wiped", **numbers)


def _applied(fields: Fields) -> Applied:
    words: dict[str, Any] = {"reason": "ok", **in_words(fields)}
    if not {"token", "result"} <= words.keys():
        raise Lost("applied: the record ends before its result")
    token = words.pop("token")
    result = words.pop("result")
    why = words.pop("reason")
    refused = result == "refused"
    return Applied(
        token=token,
        values=words,
        result=result,
        reason=REFUSALS[why] if refused else "",
        again=refused and why == AGAIN,
    )


def encode(device: Device, command: Command) -> tuple[int, bytes]:
    """See gateway.devices; token and expiry are filled in here."""
    fport, _ = named(command, COMMANDS)
    takers = TAKERS.get(command.name)
    if takers and device.profile and device.profile not in takers:
        only = " and ".join(takers)
        said = f"a {device.profile} takes no `{command.name}`, which is for {only}"
        raise Refused(f"{said}: ask another device", "name")
    for field in sorted(OURS & set(command.values)):
        raise Refused(f"`{field}` is filled in by the gateway; leave it out", f"values.{field}")
    expires_s = -(-command.expires_at_ms // 1000)
    own = {"token": command.token, "expires": expires_s}
    try:
        given = {OLDER.get(name, name): value for name, value in command.values.items()}
        data = pack(command.name, {**given, **own})
    except WireError as error:
        raise Refused(str(error), "values") from None
    return fport, data


TAKES = takes()
UPLINKS = _examples.UPLINKS
DOWNLINKS = _examples.DOWNLINKS

"""The channels of one frame as reports."""

from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from gateway.devices import Applied, Boot, Reading, Report, Status
from gateway.devices._channels import Channel
from gateway.devices._fields import Since
from gateway.devices._quality import DELAYED_S, of_age, quality
from gateway.events import Value

OLDEST_S = 400 * 86_400
"""An older time than this comes from a clock that was never set."""


class Part(Struct, frozen=True):
    """A channel of a frame. at_s: its time, in seconds since 1970; None where it has none."""

    channel: Channel
    values: list[Value]
    at_s: int | None = None


def reports(parts: list[Part], at_ms: int) -> list[Report]:
    """Start or facts, readings from the oldest to the newest, answers to commands.

    at_ms: of the frame.
    """
    found: list[Report] = []
    facts = [value for part in parts if part.channel.kind in _FACTS for value in part.values]
    if any(part.channel.kind == "boot" for part in parts):
        found.append(Boot(values=tuple(facts)))
    elif facts:
        found.append(Status(values=tuple(facts)))
    return found + readings(parts, at_ms) + _answers(parts)


_FACTS = ("boot", "status")


def _answers(parts: list[Part]) -> list[Report]:
    """Those to one command that name different fields are one."""
    found: list[tuple[str, dict[str, Any]]] = []
    for part in parts:
        if part.channel.kind == "applied":
            set_to: dict[str, Any] = {one.property: one.value for one in part.values}
            name = part.channel.command
            if found and found[-1][0] == name and not found[-1][1].keys() & set_to.keys():
                found[-1][1].update(set_to)
            else:
                found.append((name, set_to))
    return [Applied(name=name, values=set_to) for name, set_to in found]


def readings(parts: list[Part], at_ms: int) -> list[Report]:
    """A property that comes again begins another; so does a time."""
    groups: list[tuple[list[Value], int | None]] = []
    of_frame: int | None = None
    for part in (one for one in parts if one.channel.kind == "reading"):
        if part.at_s is not None and all(isinstance(one, Since) for one in part.channel.fields):
            of_frame = part.at_s
        elif part.at_s is not None:
            groups.append((list(part.values), part.at_s))
        elif groups and groups[-1][1] is None and not _names(groups[-1][0]) & _names(part.values):
            groups[-1][0].extend(part.values)
        elif part.values:
            groups.append((list(part.values), None))
    dated = [(values, of_frame if at_s is None else at_s) for values, at_s in groups]
    dated.sort(key=lambda one: (one[1] is None, one[1] or 0))
    return [_reading(values, at_s, at_ms) for values, at_s in dated]


def _reading(values: list[Value], at_s: int | None, at_ms: int) -> Reading:
    if at_s is None:
        return Reading(values=tuple(values))
    passed_s = at_ms // 1000 - at_s
    age_s = max(passed_s, 0) if -DELAYED_S <= passed_s <= OLDEST_S else None
    return Reading(values=_flagged(values, of_age(age_s)), age_s=age_s)


def _flagged(values: list[Value], timing: tuple[str, ...]) -> tuple[Value, ...]:
    return tuple(
        replace(one, quality=quality((*(q for q in one.quality if q != "ok"), *timing)))
        for one in values
    )


def _names(values: list[Value]) -> set[str]:
    return {one.property for one in values}

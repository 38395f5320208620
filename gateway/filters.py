"""Which events a consumer gets: by type, device and property.

An event passes when it fits each list that is not empty. Properties are those that a reading, a
boot or a status tells; events of other kinds have none and pass no filter that names one.
"""

from collections.abc import Collection, Sequence
from typing import Protocol

import msgspec
from msgspec import Raw, Struct

from gateway.errors import Refused
from gateway.events import EVENT_DATA, KINDS, BootData, Event, ReadingData, event_type

TELLING = tuple(
    event_type(kind)
    for kind, data in EVENT_DATA.items()
    if issubclass(data, BootData | ReadingData)
)
"""CloudEvents types whose data has `values`, each of a property."""
TYPES = tuple(event_type(kind) for kind in KINDS)


class Wanting(Protocol):
    """What has a filter; empty is any. types: of CloudEvents.  devices: DevEUIs, lower case."""

    @property
    def types(self) -> Collection[str]: ...  # noqa: D102 - see the class
    @property
    def devices(self) -> Collection[str]: ...  # noqa: D102
    @property
    def properties(self) -> Collection[str]: ...  # noqa: D102


class Filter(Struct, frozen=True):
    """A filter by itself, see Wanting."""

    types: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()


class _Named(Struct):
    property: str


class _Told(Struct):
    values: list[_Named]


class _Facts(Struct):
    type: str
    subject: str
    data: Raw


_facts = msgspec.json.Decoder(_Facts).decode
_told = msgspec.json.Decoder(_Told).decode


def checked(types: Sequence[str], devices: Sequence[str], properties: Sequence[str]) -> Filter:
    """A filter that can match. Raises Refused for one that never does, whatever will happen."""
    for one in types:
        if one not in TYPES:
            raise Refused(f"there is no event type {one!r}: use {', '.join(TYPES)}", "types")
    if properties and types and not set(types) & set(TELLING):
        raise Refused(
            f"this filter matches nothing, as {', '.join(types)} tell no property: leave "
            f"`properties` out, or add one of {', '.join(TELLING)} to `types`",
            "properties",
        )
    if not all(properties):
        raise Refused("a property without a name matches nothing: leave it out", "properties")
    euis = tuple(dict.fromkeys(one.lower() for one in devices))
    return Filter(tuple(dict.fromkeys(types)), euis, tuple(dict.fromkeys(properties)))


def passes(one: Wanting, event: Event) -> bool:
    """Whether an event goes through, before it is in the store."""
    if not _of_kind(one, event.type, event.subject):
        return False
    if not one.properties:
        return True
    return event.type in TELLING and any(v.property in one.properties for v in event.data.values)


def lets_through(one: Wanting, body: bytes | Raw) -> bool:
    """Whether an event of the store goes through. body: its JSON."""
    facts = _facts(body)
    if not _of_kind(one, facts.type, facts.subject):
        return False
    if not one.properties:
        return True
    return facts.type in TELLING and any(
        value.property in one.properties for value in _told(facts.data).values
    )


def _of_kind(one: Wanting, kind: str, subject: str) -> bool:
    return (not one.types or kind in one.types) and (not one.devices or subject in one.devices)

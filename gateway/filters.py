"""Which events a consumer gets: by type, device, tag and property.

An event passes when it fits each list that is not empty. Properties are those that a reading, a
boot or a status tells; events of other kinds have none and pass no filter that names one. Tags are
those that the device has when the event is looked at. A `test` goes to its webhook alone. That the
store was restored concerns every device: only a list of types keeps it off.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Protocol

import msgspec
from msgspec import Raw, Struct

from gateway.errors import Refused
from gateway.events import EVENT_DATA, KINDS, BootData, Event, ReadingData, event_type, heading

TELLING = tuple(
    event_type(kind)
    for kind, data in EVENT_DATA.items()
    if issubclass(data, BootData | ReadingData)
)
"""CloudEvents types whose data has `values`, each of a property."""
RESTORED = event_type("restored")
TYPES = tuple(event_type(kind) for kind in KINDS)
TEST = event_type("test")
TagsOf = Callable[[str], Collection[str]]
"""The tags of a device by its DevEUI."""


class Wanting(Protocol):
    """What has a filter; empty is any. types: of CloudEvents.  devices: DevEUIs, lower case."""

    @property
    def types(self) -> Collection[str]: ...  # noqa: D102 - see the class
    @property
    def devices(self) -> Collection[str]: ...  # noqa: D102
    @property
    def properties(self) -> Collection[str]: ...  # noqa: D102
    @property
    def tags(self) -> Collection[str]: ...  # noqa: D102


class Filter(Struct, frozen=True):
    """A filter by itself, see Wanting."""

    types: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


class _Named(Struct):
    property: str


class _Told(Struct):
    values: list[_Named]


class _Reading(Struct):
    data: _Told


_reading = msgspec.json.Decoder(_Reading).decode


def checked(
    types: Sequence[str],
    devices: Sequence[str],
    properties: Sequence[str],
    tags: Sequence[str] = (),
) -> Filter:
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
    single = [tuple(dict.fromkeys(one)) for one in (types, properties, tags)]
    return Filter(single[0], euis, single[1], single[2])


def passes(one: Wanting, event: Event, tags_of: TagsOf) -> bool:
    """Whether an event goes through, before it is in the store."""
    return not _kept_off(
        one, event.type, event.subject, lambda: {v.property for v in event.data.values}, tags_of
    )


def lets_through(one: Wanting, body: bytes | Raw, tags_of: TagsOf) -> bool:
    """Whether an event of the store goes through. body: its JSON."""
    return not kept_off(one, body, tags_of)


def kept_off(one: Wanting, body: bytes | Raw, tags_of: TagsOf) -> str:
    """The list that an event of the store does not fit, or `test`; empty: it goes through."""
    of = heading(body)
    return _kept_off(one, of.type, of.subject, lambda: properties_told(body), tags_of)


def properties_told(body: bytes | Raw) -> set[str]:
    """What an event of a type in TELLING tells, by its JSON."""
    return {value.property for value in _reading(body).data.values}


def _kept_off(
    one: Wanting, kind: str, subject: str, told: Callable[[], set[str]], tags_of: TagsOf
) -> str:
    if kind == TEST:
        return "test"
    if one.types and kind not in one.types:
        return "types"
    if kind == RESTORED:
        return ""
    if one.devices and subject not in one.devices:
        return "devices"
    if one.tags and set(one.tags).isdisjoint(tags_of(subject)):
        return "tags"
    fits = not one.properties or (kind in TELLING and not told().isdisjoint(one.properties))
    return "" if fits else "properties"

"""Which events a consumer gets: by type, device and property.

An event passes when it fits each list that is not empty. Properties are those that a reading, a
boot or a status tells; events of other kinds have none and pass no filter that names one.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Protocol

import msgspec
from msgspec import Raw, Struct

from gateway.errors import Refused
from gateway.events import EVENT_DATA, KINDS, BootData, Event, ReadingData, event_type
from gateway.store import View

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
    euis = tuple(dict.fromkeys(one.lower() for one in devices))
    return Filter(tuple(dict.fromkeys(types)), euis, tuple(dict.fromkeys(properties)))


def doubts(view: View, one: Wanting) -> list[str]:
    """What of a filter has matched nothing so far, one sentence each that says who acts next."""
    known = [device.dev_eui for device in view.devices()]
    strangers = sorted(set(one.devices) - set(known))
    said = [
        f"the filter names {eui!r}, which is not registered: add that device, or change the filter"
        for eui in strangers
    ]
    if one.properties:
        among = [eui for eui in known if not one.devices or eui in one.devices]
        told = {latest.property for eui in among for latest in view.latest(eui)}
        said += [
            f"the filter names the property {name!r}, which none of its devices has told so far: "
            "`lamplighter device show` lists what a device tells"
            for name in one.properties
            if name not in told
        ]
    return said


def passes(one: Wanting, event: Event) -> bool:
    """Whether an event goes through, before it is in the store."""

    def told() -> set[str]:
        return {value.property for value in event.data.values}

    return _fits(one, event.type, event.subject, told)


def lets_through(one: Wanting, body: bytes | Raw) -> bool:
    """Whether an event of the store goes through. body: its JSON."""
    facts = _facts(body)

    def told() -> set[str]:
        return {value.property for value in _told(facts.data).values}

    return _fits(one, facts.type, facts.subject, told)


def _fits(one: Wanting, kind: str, subject: str, told: Callable[[], set[str]]) -> bool:
    if one.types and kind not in one.types:
        return False
    if one.devices and subject not in one.devices:
        return False
    if not one.properties:
        return True
    return kind in TELLING and not told().isdisjoint(one.properties)

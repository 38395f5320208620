"""Devices: register, show, remove."""

import difflib
import re
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta, Struct

from gateway import assets, limits, provisioning, registry
from gateway import devices as decoders
from gateway.clock import Instant, rfc3339
from gateway.errors import Unknown
from gateway.model import Device, Latest
from gateway.provisioning import Provisioned
from gateway.seen import Seen
from gateway.store import Transaction
from gateway.usecases import Done, Eui, Name, Parts, Tag, listed


def _within(setting: str) -> Meta:
    low, high = limits.number(setting)
    return Meta(ge=low, le=high)


REPORT_S = _within("report_s")
SAMPLE_S = _within("sample_s")


_OF_BOARD = {
    "required": ["profile"],
    "properties": {
        "profile": {"enum": [*provisioning.PROFILES]},
        "name": {"maxLength": limits.LIMITS["name"][0]},
    },
    "allOf": [
        {
            "if": {"properties": {"profile": {"const": name}}},
            "then": {"properties": {"device_class": {"enum": [facts["class"], None]}}},
        }
        for name, facts in provisioning.PROFILES.items()
    ],
}
_OF_OTHERS = {
    "properties": {
        "profile": {"const": ""},
        "report_s": {"type": "null"},
        "sample_s": {"type": "null"},
    },
}


class DeviceRequest(Struct, forbid_unknown_fields=True):
    """A device to register; keys that are not given are generated.

    name: of a board of ours, at most 24 characters.
    profile: of a board of ours, empty for another product.  decoder: what reads its frames.
    device_class: of another product; a board of ours has its profile's.
    report_s, sample_s: put into the device.json of a board of ours.
    """

    RULES: ClassVar[dict[str, Any]] = {
        "if": {"properties": {"decoder": {"const": provisioning.OURS}}},
        "then": _OF_BOARD,
        "else": _OF_OTHERS,
    }
    """What holds between the fields, for the API document; `provisioning` refuses the rest."""
    name: Annotated[Name, Meta(examples=["bin 1"])]
    profile: Annotated[
        str, listed(*provisioning.PROFILES, ""), Meta(examples=[*provisioning.PROFILES])
    ] = ""
    decoder: Annotated[str, listed(*registry.names(decoders))] = provisioning.OURS
    device_class: Literal["A", "C"] | None = None
    dev_eui: Eui | None = None
    join_eui: Eui | None = None
    app_key: Annotated[str, Meta(pattern="^[0-9A-Fa-f]{32}$")] | None = None
    report_s: Annotated[int, REPORT_S] | None = None
    sample_s: Annotated[int, SAMPLE_S] | None = None


class DeviceCreated(Struct):
    """A registered device; app_key is shown only here.

    device_json: the file of a board of ours, empty for another product.
    """

    dev_eui: str
    join_eui: str
    app_key: str
    name: str
    profile: str
    decoder: str
    device_json: dict[str, Any]


class DeviceView(Struct):
    """One registered device.

    in_service: its readings count.  asset: what it stands for.  tags: what filters may name.
    """

    dev_eui: str
    name: str
    profile: str
    decoder: str
    join_eui: str
    device_class: Literal["A", "C"]
    added_at: Instant
    in_service: bool
    asset: str
    tags: list[str]


class TroubleView(Struct):
    """Something that was wrong with a device; reason says who acts next."""

    code: str
    reason: str
    count: int
    first_at: Instant
    last_at: Instant


class DeviceFacts(DeviceView):
    """One registered device, and what was wrong with it, newest first."""

    troubles: list[TroubleView]


class TagsRequest(Struct, forbid_unknown_fields=True):
    """All tags of a device, in place of those that it has."""

    tags: Annotated[list[Tag], Meta(max_length=20)]


class Devices(Struct):
    """All devices, by name."""

    devices: list[DeviceView]


class LatestView(Struct):
    """The newest value of each property of a device."""

    dev_eui: str
    values: list[Latest]


async def add(parts: Parts, *, body: DeviceRequest) -> DeviceCreated:
    """Register a device here and at the network server; its key is shown once."""
    ready = await prepare(parts, body)
    await register(parts, ready)
    return created(ready)


async def prepare(parts: Parts, body: DeviceRequest) -> Provisioned:
    """Make the keys of a device; `register` registers it, once they are kept."""
    wanted = provisioning.Wanted(
        name=body.name,
        profile=body.profile,
        decoder=body.decoder,
        device_class=body.device_class,
        dev_eui=body.dev_eui,
        join_eui=body.join_eui,
        app_key=body.app_key,
        settings={"report_s": body.report_s, "sample_s": body.sample_s},
    )
    return await provisioning.prepare(parts.network, wanted, parts.clock())


async def register(parts: Parts, ready: Provisioned) -> None:
    """Register a device here and at the network server."""
    await provisioning.add_device(parts.store, parts.network, ready)


def created(ready: Provisioned) -> DeviceCreated:
    """What the caller gets of a new device."""
    return DeviceCreated(
        dev_eui=ready.device.dev_eui,
        join_eui=ready.device.join_eui,
        app_key=ready.app_key,
        name=ready.device.name,
        profile=ready.device.profile,
        decoder=ready.device.decoder,
        device_json=ready.device_json,
    )


async def find_all(parts: Parts) -> Devices:
    """All devices."""
    found = await parts.store.read(lambda view: view.devices())
    return Devices([_shown(one) for one in found])


async def find(parts: Parts, dev_eui: str) -> DeviceFacts:
    """One device."""
    eui = dev_eui.lower()
    found, seen = await parts.store.read(lambda view: (view.device(eui), view.seen(eui)))
    if found is None:
        raise Unknown(f"there is no device {dev_eui}; `lamplighter device list` shows them")
    facts = msgspec.structs.asdict(_shown(found))
    return DeviceFacts(**facts, troubles=troubles_of(Seen.load(seen)))


def troubles_of(seen: Seen) -> list[TroubleView]:
    """What was wrong with a device, newest first."""
    return [
        TroubleView(
            code=one.code,
            reason=one.said,
            count=one.count,
            first_at=rfc3339(one.first_ms),
            last_at=rfc3339(one.last_ms),
        )
        for one in seen.troubles.troubles[::-1]
    ]


async def named(parts: Parts, text: str) -> str:
    """The DevEUI of a device that is named by its DevEUI, however written, or by its name.

    A DevEUI that is not registered is returned as it is: its events stay. Raises Unknown.
    """
    eui = re.sub(r"[-:\s]", "", text).lower()
    if re.fullmatch(r"[0-9a-f]{16}", eui):
        return eui
    found = await parts.store.read(lambda view: view.devices())
    for one in found:
        if one.name.casefold() == text.strip().casefold():
            return one.dev_eui
    near = difflib.get_close_matches(text, [one.name for one in found])
    meant = f"did you mean {near[0]!r}? " if near else ""
    raise Unknown(f"there is no device {text!r}: {meant}`lamplighter device list` shows them")


async def latest(parts: Parts, dev_eui: str) -> LatestView:
    """The newest value of each property."""
    device = await find(parts, dev_eui)
    values = await parts.store.read(lambda view: view.latest(device.dev_eui))
    return LatestView(device.dev_eui, values)


async def tag(parts: Parts, dev_eui: str, *, body: TagsRequest) -> DeviceFacts:
    """Give a device these tags in place of those that it has; filters see them from now on."""
    eui = dev_eui.lower()
    tags = tuple(dict.fromkeys(body.tags))

    def change(tx: Transaction) -> None:
        found = tx.device(eui)
        if found is None:
            raise Unknown(f"there is no device {dev_eui}; `lamplighter device list` shows them")
        tx.put_device(msgspec.structs.replace(found, tags=tags))

    await parts.store.write(change)
    return await find(parts, eui)


async def remove(parts: Parts, dev_eui: str) -> Done:
    """Remove a device here and at the network server; its events stay."""
    device = await parts.store.read(lambda view: view.device(dev_eui.lower()))
    await provisioning.remove_device(parts.store, parts.network, dev_eui.lower())
    if device and device.asset:
        now_ms = parts.clock()
        await parts.store.write(lambda tx: assets.settle(tx, "", device, now_ms))
    return Done()


def _shown(device: Device) -> DeviceView:
    return DeviceView(
        dev_eui=device.dev_eui,
        name=device.name,
        profile=device.profile,
        decoder=device.decoder,
        join_eui=device.join_eui,
        device_class=device.device_class,
        added_at=rfc3339(device.added_at_ms),
        in_service=device.in_service,
        asset=device.asset,
        tags=list(device.tags),
    )

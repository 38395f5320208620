"""Codecs in JavaScript for products that have no decoder here: add, try, list and remove them."""

import asyncio
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from gateway.codecs import PREFIX
from gateway.codecs.mapping import Mapping
from gateway.devices import Report
from gateway.errors import Lost, Refused
from gateway.model import Device
from gateway.notices import Uplink
from gateway.usecases import Done, Name, Parts


class CodecRequest(Struct, forbid_unknown_fields=True):
    """A codec to add or replace. script: the JavaScript.  mapping: what its fields are here."""

    name: Name
    script: Annotated[str, Meta(min_length=1)]
    mapping: Mapping


class CodecView(Struct):
    """A codec. decoder: of the devices that it reads.  commands: that they take."""

    name: str
    decoder: str
    commands: list[str]


class CodecList(Struct):
    """All codecs, in alphabetical order."""

    codecs: list[CodecView]


class TryRequest(Struct, forbid_unknown_fields=True):
    """A frame to read. data: hexadecimal."""

    fport: Annotated[int, Meta(ge=1, le=255)]
    data: Annotated[str, Meta(pattern="^([0-9A-Fa-f]{2}){0,255}$", max_length=510)]


class Tried(Struct):
    """What a codec makes of a frame: reports as `gateway.devices` has them."""

    reports: list[Any]


async def add(parts: Parts, *, body: CodecRequest) -> CodecView:
    """Add or replace a codec; it is read at the next frame."""
    mapping = msgspec.json.format(msgspec.json.encode(body.mapping), indent=2)
    await asyncio.to_thread(parts.codecs.put, body.name, body.script.encode(), mapping)
    return _view(parts, body.name)


async def find_all(parts: Parts) -> CodecList:
    """All codecs, in alphabetical order."""
    return CodecList([_view(parts, name) for name in parts.codecs.names()])


async def attempt(parts: Parts, name: str, *, body: TryRequest) -> Tried:
    """What a codec makes of a frame; nothing is kept."""
    codec = parts.codecs.find(name)
    uplink = Uplink(
        dev_eui="0" * 16,
        id="",
        at_ms=parts.clock(),
        dev_addr="",
        fcnt=0,
        fport=body.fport,
        data=bytes.fromhex(body.data),
    )
    device = Device("0" * 16, name, "", "0" * 16, decoder=PREFIX + name)
    try:
        found: list[Report] = await asyncio.to_thread(codec.decode, device, uplink)
    except Lost as error:
        raise Refused(str(error), "data") from None
    return Tried([{"kind": type(one).__name__.lower(), **_plain(one)} for one in found])


async def remove(parts: Parts, name: str) -> Done:
    """Remove a codec; frames of its devices are then kept as they are."""
    await asyncio.to_thread(parts.codecs.remove, name)
    return Done()


def _plain(report: Report) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(report)
    return found


def _view(parts: Parts, name: str) -> CodecView:
    return CodecView(name, PREFIX + name, list(parts.codecs.find(name).TAKES))

"""The gateway's own form of an uplink, for senders that are no network server known here.

A JSON object; gateway/README.md shows one. What it does not name is passed over, so that
a sender may send more.
"""

import hashlib
import re
from collections.abc import Callable
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from gateway.clock import parse_ms
from gateway.errors import Lost
from gateway.notices import Link, Uplink

DATA_BYTES = 1024
"""Longest `data`; a LoRaWAN frame has 242 bytes at most, other bearers have longer ones."""


class Body(Struct, frozen=True, kw_only=True):
    """One uplink.

    dev_eui: 16 hexadecimal digits, by any name a device has; a device without a DevEUI has its
    IMEI after a 0.  fcnt: grows by one with each message of the device: by it a repetition is
    dropped and a gap is seen.  fport: FPort, or what the decoder distinguishes messages by.
    data: the device's bytes, Base64.  time: when it was received, RFC 3339; else it is now.
    dev_addr: of the LoRaWAN session.  id: the same at each delivery; else by the content.
    bearer: what carried it, as `nb-iot`.  The others are as in `link` of the events.
    answer: the device wants to hear when it is stored, where a network can tell it.
    got: ids of the commands that reached it since its last message that was answered.
    """

    dev_eui: Annotated[str, Meta(pattern=r"^([0-9A-Fa-f]{2}[-:]?){7}[0-9A-Fa-f]{2}$")]
    fcnt: Annotated[int, Meta(ge=0, le=2**32 - 1)]
    data: Annotated[bytes, Meta(max_length=DATA_BYTES)]
    fport: Annotated[int, Meta(ge=0, le=255)] = 1
    time: str = ""
    dev_addr: Annotated[str, Meta(pattern=r"^([0-9A-Fa-f]{8})?$")] = ""
    id: Annotated[str, Meta(max_length=200)] = ""
    bearer: Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,20}$")] = "lorawan"
    rssi_dbm: int | None = None
    snr_db: float | None = None
    dr: Annotated[int, Meta(ge=0, le=15)] | None = None
    gateway: Annotated[str, Meta(max_length=100)] | None = None
    answer: bool = False
    got: tuple[str, ...] = ()


class Asked(Struct, frozen=True, kw_only=True):
    """The part of Body that concerns the way down."""

    dev_eui: Annotated[str, Meta(pattern=r"^[0-9a-f]{16}$")]
    fcnt: Annotated[int, Meta(ge=0, le=2**32 - 1)]
    answer: bool = False
    got: tuple[str, ...] = ()


_decode: Callable[[bytes], Body] = msgspec.json.Decoder(Body).decode
_asked: Callable[[bytes], Asked] = msgspec.json.Decoder(Asked).decode


def asked(body: bytes) -> Asked | None:
    """What a device of ours wants to hear; None where it is none, or wants nothing."""
    try:
        one = _asked(body)
    except (ValueError, RecursionError):
        return None
    return one if one.answer else None


def parse(body: bytes) -> Uplink:
    """The uplink in a message. Raises Lost that names the key that is wrong."""
    try:
        one = _decode(body)
        at_ms = max(parse_ms(one.time.upper()), 0) if one.time else 0
    except (ValueError, OverflowError, RecursionError) as error:
        raise Lost(f"the uplink cannot be read: {error}") from None
    return Uplink(
        dev_eui=re.sub("[-:]", "", one.dev_eui).lower(),
        id=one.id or hashlib.sha256(body).hexdigest(),
        at_ms=at_ms,
        dev_addr=one.dev_addr.lower(),
        fcnt=one.fcnt,
        fport=one.fport,
        data=one.data,
        link=Link(
            bearer=one.bearer, rssi_dbm=one.rssi_dbm, snr_db=one.snr_db, dr=one.dr,
            fcnt=one.fcnt, gateway=one.gateway,
        ),
    )  # fmt: skip

"""The usual uplink event, read in one step: nine tenths of all messages, a quarter of the time.

As protobuf it is a tenth. An event that has every field under ChirpStack's own name and in its own
type is taken here. For any other this gives None, and gateway.networks.chirpstack.events looks at
it closely. What both can read, they read alike.
"""

import re
from typing import Any

import msgspec
from google.protobuf.message import DecodeError
from msgspec import Struct

from gateway.clock import parse_ms
from gateway.networks.chirpstack import bodies
from gateway.notices import Link, Uplink

_EUI = re.compile(r"[0-9a-f]{16}")
_ADDRESS = re.compile(r"[0-9a-f]{8}")
SNR_ERROR_DB = 1e-5
"""More than a number of 32 bits is off from the decimal one of two places that was meant."""
SNR_MOST_DB = 64
"""No SNR of LoRa is as large, for which that holds."""
_FORMER = frozenset(name.encode() for name in bodies.FORMER)


class _Info(Struct, rename="camel"):
    dev_eui: str
    application_name: str


class _Reception(Struct, rename="camel"):
    gateway_id: str
    rssi: int
    snr: float


class _Up(Struct, rename="camel"):
    deduplication_id: str
    time: str
    device_info: _Info
    dev_addr: str
    dr: int
    f_cnt: int
    f_port: int
    data: bytes
    rx_info: list[_Reception]


_decode = msgspec.json.Decoder(_Up).decode


def uplink(body: bytes, application: str) -> Uplink | None:
    """The notice of an uplink event; None for one that is not the usual. Raises nothing."""
    if body.lstrip()[:1] != b"{":
        return _of_message(body, application)
    try:
        event = _decode(body)
        at_ms = max(parse_ms(event.time.upper()), 0)
    except (ValueError, OverflowError, RecursionError):
        return None
    info = event.device_info
    numbers = 0 <= event.f_cnt < 1 << 32 and 0 <= event.f_port < 256 and 0 <= event.dr < 16
    named = _EUI.fullmatch(info.dev_eui) and _ADDRESS.fullmatch(event.dev_addr)
    if not (numbers and named and event.deduplication_id and event.rx_info):
        return None
    if any(name in body for name in _FORMER):
        return None
    best = max(event.rx_info, key=lambda one: (one.snr, one.rssi, one.gateway_id))
    link = Link(
        dr=event.dr,
        fcnt=event.f_cnt,
        rssi_dbm=best.rssi,
        snr_db=best.snr,
        gateway=best.gateway_id or None,
    )
    return _made(event, at_ms, link, application)


def _of_message(body: bytes, application: str) -> Uplink | None:
    """As `uplink`, of an event in protobuf."""
    try:
        event: Any = bodies.integration.UplinkEvent.FromString(body)
    except (DecodeError, ValueError):
        return None
    info = event.device_info
    named = _EUI.fullmatch(info.dev_eui) and _ADDRESS.fullmatch(event.dev_addr)
    numbers = event.f_port < 256 and event.dr < 16 and event.HasField("time")
    if not (numbers and named and event.deduplication_id and event.rx_info):
        return None
    at_ms = event.time.seconds * 1000 + event.time.nanos // 1_000_000
    link = _best(event)
    if at_ms <= 0 or link is None:
        return None
    return _made(event, at_ms, link, application)


def _made(event: Any, at_ms: int, link: Link, application: str) -> Uplink:
    """The notice: the two forms of an event have the same names."""
    return Uplink(
        dev_eui=event.device_info.dev_eui,
        id=event.deduplication_id,
        at_ms=at_ms,
        foreign=event.device_info.application_name not in ("", application),
        dev_addr=event.dev_addr,
        fcnt=event.f_cnt,
        fport=event.f_port,
        data=event.data,
        link=link,
    )


def _best(event: Any) -> Link | None:
    """The best reception of an event in protobuf; None where one of them is not the usual."""
    found: list[tuple[float, int, str]] = []
    for one in event.rx_info:
        snr = round(one.snr, 2)
        meant = abs(snr) < SNR_MOST_DB and abs(one.snr - snr) < SNR_ERROR_DB
        if not one.rssi or not meant:
            return None
        found.append((snr, one.rssi, one.gateway_id))
    snr, rssi, name = max(found)
    return Link(dr=event.dr, fcnt=event.f_cnt, rssi_dbm=rssi, snr_db=snr, gateway=name or None)

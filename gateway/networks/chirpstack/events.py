"""ChirpStack's application events, as JSON on MQTT, to notices.

Absent fields are their zero: nested messages leave out `rssi`, `snr` and `acknowledged` when they
are 0 or false. Source: ChirpStack 4.20 as recorded in gateway/tests/data/chirpstack_events.jsonl.
"""

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct

from gateway.clock import parse_ms
from gateway.errors import Lost
from gateway.model import Answered, Joined, Link, Notice, Status, Transmitted, Trouble, Uplink

TOPIC = "application/+/device/+/event/+"
DROPPING = frozenset({"EXPIRED", "DOWNLINK_PAYLOAD_SIZE", "F_CNT_DOWN"})
"""Log codes after which the queue item is gone."""
_TOPIC = re.compile(r"application/[^/]+/device/([^/]+)/event/(\w+)", re.ASCII)
_EUI = re.compile(r"[0-9a-f]{16}")


class _Info(Struct, rename="camel"):
    dev_eui: str
    application_name: str


class _Event(Struct, rename="camel"):
    time: str
    device_info: _Info


class _Identified(_Event, rename="camel"):
    deduplication_id: str


class _Join(_Identified, rename="camel"):
    dev_addr: str


class _RxInfo(Struct, rename="camel"):
    gateway_id: str = ""
    rssi: int = 0
    snr: float = 0.0


class _Up(_Identified, rename="camel"):
    dev_addr: str
    f_cnt: int = 0
    f_port: int = 0
    dr: int = 0
    data: bytes = b""
    rx_info: list[_RxInfo] = []


class _TxAck(_Event, rename="camel"):
    queue_item_id: str
    downlink_id: int = 0


class _Ack(_Identified, rename="camel"):
    queue_item_id: str
    acknowledged: bool = False


class _Log(_Event, rename="camel"):
    code: str
    description: str = ""
    context: dict[str, str] = {}


class _Status(_Identified, rename="camel"):
    margin: int = 0
    battery_level_unavailable: bool = False
    battery_level: float = 0.0


def parse(topic: str, body: bytes, application: str) -> Notice | None:
    """One message of the broker. application: the name of ours; None for a device of another.

    Raises Lost, with the topic's dev_eui, for what is no event of ChirpStack.
    """
    match = _TOPIC.fullmatch(topic)
    if not match:
        raise Lost(f"the topic {topic[:200]!r} is none of ChirpStack's")
    dev_eui, kind = match.groups()
    if kind == "location":  # no code of ChirpStack's sends it any more
        return None
    if kind not in _KINDS:
        raise Lost(f"an event {kind!r} is not known", dev_eui=dev_eui)
    struct, convert = _KINDS[kind]
    try:
        event = msgspec.json.decode(body, type=struct)
        ours = event.device_info.application_name == application
        return convert(event, body) if ours else None
    except (ValueError, RecursionError) as error:  # msgspec's and the converters'
        raise Lost(f"the {kind} event cannot be read: {error}", dev_eui=dev_eui) from None


def _stamp(event: _Event) -> dict[str, Any]:
    if not _EUI.fullmatch(event.device_info.dev_eui):
        raise ValueError(f"the DevEUI {event.device_info.dev_eui[:40]!r} is not 16 hex digits")
    return {"dev_eui": event.device_info.dev_eui, "at_ms": parse_ms(event.time)}


def _join(event: _Join, _: bytes) -> Joined:
    return Joined(id=event.deduplication_id, dev_addr=event.dev_addr, **_stamp(event))


def _up(event: _Up, _: bytes) -> Uplink:
    best = max(event.rx_info, key=lambda one: (one.snr, one.rssi), default=None)
    link = Link(dr=event.dr, fcnt=event.f_cnt)
    if best:
        link = Link(
            dr=event.dr,
            fcnt=event.f_cnt,
            rssi_dbm=best.rssi,
            snr_db=best.snr,
            gateway=best.gateway_id,
        )
    return Uplink(
        id=event.deduplication_id,
        dev_addr=event.dev_addr,
        fcnt=event.f_cnt,
        fport=event.f_port,
        data=event.data,
        link=link,
        **_stamp(event),
    )


def _tx_ack(event: _TxAck, _: bytes) -> Transmitted:
    own = f"{event.queue_item_id} {event.downlink_id}"
    return Transmitted(id=own, queue_item_id=event.queue_item_id, **_stamp(event))


def _ack(event: _Ack, _: bytes) -> Answered:
    return Answered(
        id=event.deduplication_id,
        queue_item_id=event.queue_item_id,
        acknowledged=event.acknowledged,
        **_stamp(event),
    )


def _log(event: _Log, body: bytes) -> Trouble:
    """A log has no id of its own, and may be sent again with its keys in another order."""
    ordered = json.dumps(json.loads(body), sort_keys=True).encode()
    return Trouble(
        id=hashlib.sha256(ordered).hexdigest(),
        code=event.code,
        description=event.description,
        queue_item_id=event.context.get("queue_item_id", ""),
        dropped=event.code in DROPPING,
        **_stamp(event),
    )


def _status(event: _Status, _: bytes) -> Status:
    level = None if event.battery_level_unavailable else event.battery_level
    own = {"margin_db": event.margin, "battery_percent": level}
    return Status(id=event.deduplication_id, **own, **_stamp(event))


_KINDS: dict[str, tuple[type[_Event], Callable[[Any, bytes], Notice]]] = {
    "up": (_Up, _up),
    "join": (_Join, _join),
    "txack": (_TxAck, _tx_ack),
    "ack": (_Ack, _ack),
    "log": (_Log, _log),
    "status": (_Status, _status),
}

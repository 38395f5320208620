"""Parses ChirpStack's application events, JSON on MQTT, to notices.

Absent fields are zero: nested messages leave out `rssi`, `snr` and `acknowledged` when they
are 0 or false. Source: ChirpStack 4.20 as recorded in gateway/tests/data/chirpstack_events.jsonl.
"""

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

import msgspec

from gateway.clock import parse_ms
from gateway.errors import Lost
from gateway.networks.chirpstack import shapes
from gateway.notices import Answered, Joined, Link, Notice, Status, Transmitted, Trouble, Uplink

TOPIC = "application/+/device/+/event/+"
DROPPING = frozenset({"EXPIRED", "DOWNLINK_PAYLOAD_SIZE", "F_CNT_DOWN"})
"""Log codes after which the queue item is gone."""
_TOPIC = re.compile(r"application/[^/]+/device/([^/]+)/event/(\w+)", re.ASCII)
_EUI = re.compile(r"[0-9a-f]{16}")


def parse(topic: str, body: bytes, application: str) -> Notice | None:
    """The notice in one message; None for a device of another application.

    application: name of ours. Raises Lost, with the topic's dev_eui, for anything but an event
    of ChirpStack.
    """
    match = _TOPIC.fullmatch(topic)
    if not match:
        raise Lost(f"the topic {topic[:200]!r} is not one of ChirpStack's")
    dev_eui, kind = match.groups()
    if kind == "location":  # ChirpStack 4 no longer sends it
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


def _stamp(event: shapes.Event) -> dict[str, Any]:
    if not _EUI.fullmatch(event.device_info.dev_eui):
        raise ValueError(f"the DevEUI {event.device_info.dev_eui[:40]!r} is not 16 hex digits")
    return {"dev_eui": event.device_info.dev_eui, "at_ms": parse_ms(event.time)}


def _join(event: shapes.Join, _: bytes) -> Joined:
    return Joined(id=event.deduplication_id, dev_addr=event.dev_addr, **_stamp(event))


def _up(event: shapes.Up, _: bytes) -> Uplink:
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


def _tx_ack(event: shapes.TxAck, _: bytes) -> Transmitted:
    own = f"{event.queue_item_id} {event.downlink_id}"
    return Transmitted(id=own, queue_item_id=event.queue_item_id, **_stamp(event))


def _ack(event: shapes.Ack, _: bytes) -> Answered:
    return Answered(
        id=event.deduplication_id,
        queue_item_id=event.queue_item_id,
        acknowledged=event.acknowledged,
        **_stamp(event),
    )


def _log(event: shapes.Log, body: bytes) -> Trouble:
    """A log event has no id, and may be sent again with its keys in another order."""
    ordered = json.dumps(json.loads(body), sort_keys=True).encode()
    return Trouble(
        id=hashlib.sha256(ordered).hexdigest(),
        code=event.code,
        description=event.description,
        queue_item_id=event.context.get("queue_item_id", ""),
        dropped=event.code in DROPPING,
        **_stamp(event),
    )


def _status(event: shapes.Status, _: bytes) -> Status:
    level = None if event.battery_level_unavailable else event.battery_level
    own = {"margin_db": event.margin, "battery_percent": level}
    return Status(id=event.deduplication_id, **own, **_stamp(event))


_KINDS: dict[str, tuple[type[shapes.Event], Callable[[Any, bytes], Notice]]] = {
    "up": (shapes.Up, _up),
    "join": (shapes.Join, _join),
    "txack": (shapes.TxAck, _tx_ack),
    "ack": (shapes.Ack, _ack),
    "log": (shapes.Log, _log),
    "status": (shapes.Status, _status),
}

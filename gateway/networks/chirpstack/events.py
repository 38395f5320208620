"""Parses ChirpStack's application events, JSON or protobuf on MQTT, to notices.

Only identity (DevEUI, FCnt) and payload (FPort, data) decide whether an event can be read; any
other part may be absent, null or of another type. Absent fields are zero: nested messages leave
out `rssi`, `snr` and `acknowledged` when they are 0 or false; null means unknown.
Source: ChirpStack 4.20 as recorded in gateway/tests/data/chirpstack_events.jsonl.
"""

import hashlib
import json
import math
import re
from collections.abc import Callable
from typing import Any

from gateway.errors import Lost
from gateway.networks._fields import ABSENT, Fields
from gateway.networks.chirpstack import bodies
from gateway.networks.chirpstack.usual import uplink
from gateway.notices import Answered, Joined, Link, Notice, Status, Transmitted, Trouble, Uplink

TOPIC = "application/+/device/+/event/+"
DROPPING = frozenset({"EXPIRED", "DOWNLINK_PAYLOAD_SIZE", "F_CNT_DOWN"})
"""Log codes after which the queue item is gone."""
LOG_CODES: tuple[str, ...] = tuple(bodies.integration.LogCode.keys())
"""Codes of its log events."""
PASSED = frozenset({"location", "integration"})
"""Events of other integrations, which concern nothing here."""
_TOPIC = re.compile(r"application/[^/]+/device/([^/]+)/event/(\w+)", re.ASCII)
_EUI = re.compile(r"[0-9a-f]{16}")
_ADDRESS = re.compile(r"[0-9a-f]{8}")
FCNT_MOST = 2**32 - 1


def parse(topic: str, body: bytes, application: str) -> Notice | None:
    """The notice in one message; None for an event that concerns nothing here.

    application: name of ours; a notice of another one is `foreign`. Raises Lost, with the topic's
    dev_eui, for anything but an event of ChirpStack.
    """
    match = _TOPIC.fullmatch(topic)
    if not match:
        raise Lost(f"the topic {topic[:200]!r} is not one of ChirpStack's")
    dev_eui, kind = match.groups()
    if kind in PASSED:
        return None
    if kind not in _KINDS:
        raise Lost(f"an event {kind!r} is not known", dev_eui=dev_eui)
    if kind == "up" and (usual := uplink(body, application)):
        return usual
    try:
        values = bodies.values(kind, body)
        event = Fields(values)
        return _KINDS[kind](event, _stamp(event, values, dev_eui, application))
    except (Lost, ValueError, RecursionError) as error:
        said = str(error)
        if said != bodies.VERSION:
            said = f"the {kind} event cannot be read: {said}"
        raise Lost(said, dev_eui=dev_eui.lower()) from None


def _stamp(event: Fields, values: Any, topic_eui: str, application: str) -> dict[str, Any]:
    """What every notice has. Raises ValueError for a DevEUI that is none."""
    info = event.part("deviceInfo")
    written = info.text("devEui") or topic_eui
    dev_eui = re.sub(r"[-:\s]", "", written).lower()
    if not _EUI.fullmatch(dev_eui):
        raise ValueError(f"the DevEUI {written[:40]!r} is not 16 hex digits")
    return {
        "dev_eui": dev_eui,
        "at_ms": event.instant("time"),
        "foreign": info.text("applicationName") not in ("", application),
        "id": event.text("deduplicationId") or _digest(values),
    }


def _digest(values: Any) -> str:
    """An id for an event without one, which may be sent again with its keys in another order."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def _address(event: Fields) -> str:
    """The DevAddr; empty when it is unknown."""
    address = event.text("devAddr").lower()
    return address if _ADDRESS.fullmatch(address) else ""


def _join(event: Fields, stamp: dict[str, Any]) -> Joined:
    return Joined(dev_addr=_address(event), **stamp)


def _up(event: Fields, stamp: dict[str, Any]) -> Uplink:
    fcnt = event.needed("fCnt", FCNT_MOST)
    return Uplink(
        dev_addr=_address(event),
        fcnt=fcnt,
        fport=event.needed("fPort", 255),
        data=event.content("data"),
        link=_link(event, fcnt),
        **stamp,
    )


def _link(event: Fields, fcnt: int) -> Link:
    """The best reception. Absent `snr` is 0 only where there is `rssi`, which is never 0."""
    dr = 0 if event.get("dr") is ABSENT else event.whole("dr", 15)
    best = Link(dr=dr, fcnt=fcnt)
    order = (-math.inf, -math.inf, "")
    for one in event.parts("rxInfo"):
        rssi = one.number("rssi")
        snr = 0.0 if rssi is not None and one.get("snr") is ABSENT else one.number("snr")
        name = one.text("gatewayId")
        rank = (-math.inf if snr is None else snr, -math.inf if rssi is None else rssi, name)
        if rank > order:
            order = rank
            whole = None if rssi is None else round(rssi)
            best = Link(dr=dr, fcnt=fcnt, rssi_dbm=whole, snr_db=snr, gateway=name or None)
    return best


def _tx_ack(event: Fields, stamp: dict[str, Any]) -> Transmitted:
    item = event.text("queueItemId")
    stamp["id"] = f"{item} {event.whole('downlinkId', FCNT_MOST) or 0}"
    return Transmitted(queue_item_id=item, **stamp)


def _ack(event: Fields, stamp: dict[str, Any]) -> Answered:
    return Answered(
        queue_item_id=event.text("queueItemId"), acknowledged=event.flag("acknowledged"), **stamp
    )


def _log(event: Fields, stamp: dict[str, Any]) -> Trouble:
    code = event.text("code") or "UNKNOWN"
    return Trouble(
        code=code,
        description=event.text("description"),
        queue_item_id=event.part("context").text("queue_item_id"),
        dropped=code in DROPPING,
        **stamp,
    )


def _status(event: Fields, stamp: dict[str, Any]) -> Status:
    unknown = event.flag("batteryLevelUnavailable") or event.flag("externalPowerSource")
    level = 0.0 if event.get("batteryLevel") is ABSENT else event.number("batteryLevel")
    margin = round(event.number("margin") or 0)
    return Status(margin_db=margin, battery_percent=None if unknown else level, **stamp)


_KINDS: dict[str, Callable[[Fields, dict[str, Any]], Notice]] = {
    "up": _up,
    "join": _join,
    "txack": _tx_ack,
    "ack": _ack,
    "log": _log,
    "status": _status,
}

"""Parses the messages of The Things Stack 3, JSON, to notices; the same over webhook and MQTT.

Fields that are empty, 0 or false are left out. What a downlink is known by is a correlation id of
ours, which each of its messages repeats.
Source: The Things Stack's documentation, integrations, data formats; its messages.proto, 3.3x.
"""

import hashlib
import json
import math
import re
from collections.abc import Callable
from typing import Any, cast

from gateway.errors import Lost
from gateway.networks._fields import ABSENT, Fields
from gateway.notices import Answered, Joined, Link, Notice, Transmitted, Trouble, Uplink

OURS = "lamplighter:"
"""A correlation id that begins so is the queue_item_id of a downlink of ours."""
DEVICE_ID = "eui-"
"""Before the DevEUI in the device ids of ours, as the console proposes them, too."""
PASSED = frozenset(
    {
        "downlink_queued",
        "downlink_queue_invalidated",  # the Application Server queues them again
        "location_solved",
        "service_data",
        "uplink_normalized",
    }
)
FCNT_MOST = 2**32 - 1
FROM_SF12 = frozenset({"EU868", "IN865"})
"""Regions of `gateway.regions` whose data rates begin at SF12."""
_EUI = re.compile(r"[0-9a-f]{16}")
_ADDRESS = re.compile(r"[0-9a-f]{8}")


def parse(body: bytes, application: str, region: str) -> Notice | None:
    """The notice in one message; None for one that concerns nothing here.

    application: id of ours; a notice of another one is `foreign`.  region: gives the data rate's
    index, which present versions leave out. Raises Lost.
    """
    try:
        message = Fields(json.loads(body))
    except (ValueError, RecursionError):
        raise Lost("the message is not JSON: its webhook must have the format JSON") from None
    kind = next((one for one in ("uplink_message", *_KINDS) if message.get(one) is not ABSENT), "")
    if not kind:
        if any(message.get(one) is not ABSENT for one in PASSED):
            return None
        raise Lost("the message is none of The Things Stack 3")
    stamp = _stamp(message, body, application)
    if message.flag("simulated"):
        raise Lost("a simulated message, which no device sent", dev_eui=stamp["dev_eui"])
    try:
        if kind == "uplink_message":
            return _up(message.part(kind), message.part("end_device_ids"), stamp, region)
        return _KINDS[kind](message.part(kind), message.part("end_device_ids"), stamp)
    except ValueError as error:
        said = f"the {kind} cannot be read: {error}"
        raise Lost(said, dev_eui=stamp["dev_eui"]) from None


def item(downlink: Fields) -> str:
    """The queue_item_id of a downlink; empty for one that is not ours."""
    ids = downlink.get("correlation_ids")
    found = cast("list[Any]", ids) if isinstance(ids, list) else []
    return next((one for one in found if isinstance(one, str) and one.startswith(OURS)), "")


def _stamp(message: Fields, body: bytes, application: str) -> dict[str, Any]:
    ids = message.part("end_device_ids")
    dev_eui = (ids.text("dev_eui") or ids.text("device_id").removeprefix(DEVICE_ID)).lower()
    if not _EUI.fullmatch(dev_eui):
        raise Lost("the message names no DevEUI")
    return {
        "dev_eui": dev_eui,
        "at_ms": message.instant("received_at"),
        "foreign": ids.part("application_ids").text("application_id") != application,
        "id": hashlib.sha256(body).hexdigest(),
    }


def _address(ids: Fields) -> str:
    address = ids.text("dev_addr").lower()
    return address if _ADDRESS.fullmatch(address) else ""


def _up(uplink: Fields, ids: Fields, stamp: dict[str, Any], region: str) -> Uplink:
    fcnt = uplink.needed("f_cnt", FCNT_MOST)
    return Uplink(
        dev_addr=_address(ids),
        fcnt=fcnt,
        fport=uplink.needed("f_port", 255),
        data=uplink.content("frm_payload"),
        link=_link(uplink, fcnt, _dr(uplink.part("settings"), region)),
        **stamp,
    )


def _dr(settings: Fields, region: str) -> int | None:
    """The data rate's index. Source: RP002-1.0.4, 2.4.3 and 2.9.3: DR0 is SF12 at 125 kHz."""
    if settings.get("data_rate_index") is not ABSENT:
        return settings.whole("data_rate_index", 15)
    lora = settings.part("data_rate").part("lora")
    factor = lora.whole("spreading_factor", 12)
    known = region in FROM_SF12 and lora.whole("bandwidth", 500_000) == 125_000
    return 12 - factor if known and factor is not None and factor >= 7 else None


def _link(uplink: Fields, fcnt: int, dr: int | None) -> Link:
    """The best reception. Absent `snr` is 0 only where there is `rssi`, which is never 0."""
    best = Link(dr=dr, fcnt=fcnt)
    order = -math.inf
    for one in uplink.parts("rx_metadata"):
        rssi = one.number("rssi")
        if rssi is None:
            continue
        snr = 0.0 if one.get("snr") is ABSENT else one.number("snr")
        rank = -math.inf if snr is None else snr + rssi / 1000
        if best.rssi_dbm is None or rank > order:
            order = rank
            name = one.part("gateway_ids").text("gateway_id") or None
            best = Link(dr=dr, fcnt=fcnt, rssi_dbm=round(rssi), snr_db=snr, gateway=name)
    return best


def _join(_: Fields, ids: Fields, stamp: dict[str, Any]) -> Joined:
    return Joined(dev_addr=_address(ids), **stamp)


def _sent(downlink: Fields, _: Fields, stamp: dict[str, Any]) -> Transmitted:
    return Transmitted(queue_item_id=item(downlink), **stamp)


def _ack(downlink: Fields, _: Fields, stamp: dict[str, Any]) -> Answered:
    return Answered(queue_item_id=item(downlink), acknowledged=True, **stamp)


def _nack(downlink: Fields, _: Fields, stamp: dict[str, Any]) -> Answered:
    return Answered(queue_item_id=item(downlink), acknowledged=False, **stamp)


def _failed(failed: Fields, _: Fields, stamp: dict[str, Any]) -> Trouble:
    error = failed.part("error")
    return Trouble(
        code=error.text("name").upper() or "UNKNOWN",
        description=error.text("message_format"),
        queue_item_id=item(failed.part("downlink")),
        dropped=True,
        **stamp,
    )


_KINDS: dict[str, Callable[[Fields, Fields, dict[str, Any]], Notice]] = {
    "join_accept": _join,
    "downlink_sent": _sent,
    "downlink_ack": _ack,
    "downlink_nack": _nack,
    "downlink_failed": _failed,
}

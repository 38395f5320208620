"""The body of a ChirpStack event as JSON values, whether it came as JSON or as protobuf.

Source: chirpstack-api 4.20, integration.proto; ChirpStack 4's `[integration.mqtt] json`.
"""

from typing import Any

import chirpstack_api.integration
import msgspec
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError

from gateway.errors import Lost

integration: Any = chirpstack_api.integration
_PROTOBUF: dict[str, Any] = {
    "up": integration.UplinkEvent,
    "join": integration.JoinEvent,
    "txack": integration.TxAckEvent,
    "ack": integration.AckEvent,
    "log": integration.LogEvent,
    "status": integration.StatusEvent,
}
FORMER = frozenset({"applicationID", "devEUI", "deviceProfileID"})
"""Fields that ChirpStack 3 has at the top of every event, and version 4 nowhere."""
VERSION = "this is an event of ChirpStack 3; version 4 is needed"
NEITHER = (
    "the body is neither JSON nor protobuf of ChirpStack 4, which sends JSON with `json=true` in "
    "its `[integration.mqtt]`"
)

_decode = msgspec.json.Decoder(dict[str, Any]).decode


def values(kind: str, body: bytes) -> dict[str, Any]:
    """The event as JSON values. kind: of the topic, as `up`. Raises Lost."""
    event = _json(body) if body.lstrip()[:1] == b"{" else _from_protobuf(kind, body)
    if FORMER & event.keys():
        raise Lost(VERSION)
    return event


def _json(body: bytes) -> dict[str, Any]:
    try:
        return _decode(body)
    except (ValueError, RecursionError) as error:
        raise Lost(f"it is not JSON: {error}") from None


def _from_protobuf(kind: str, body: bytes) -> dict[str, Any]:
    try:
        event = _PROTOBUF[kind].FromString(body)
        known = bool(event.device_info.dev_eui)
        found: dict[str, Any] = MessageToDict(event)
    except (DecodeError, ValueError):
        known = False
        found = {}
    if not known:
        raise Lost(NEITHER)
    return found

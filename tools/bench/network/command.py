"""`command/down` as an application publishes it: what is taken, and what is silently not.

Source: ChirpStack 4.20.0, integration/mqtt.rs and integration/mod.rs: a wrong one is a line in the
server's log, no more. pbjson takes camelCase and snake_case, numbers as text, unknown fields.
"""

import base64
import binascii
import json
import re
from datetime import datetime
from typing import Any
from uuid import UUID

from chirpstack_api import integration
from google.protobuf.message import DecodeError

from tools.bench.network import codec
from tools.bench.network.core import Core
from tools.bench.network.events import encoded
from tools.bench.network.registry import Device, QueueItem

TOPIC = re.compile(r"application/([^/]+)/device/([^/]+)/command/down")


class CommandError(ValueError):
    """The command is ignored; the message is for the server's own log."""


def take(core: Core, topic: str, payload: bytes, *, as_json: bool = True) -> QueueItem:
    """Put a command, JSON or protobuf, into its device's queue. Raises CommandError."""
    match = TOPIC.fullmatch(topic)
    if match is None:
        raise CommandError(f"no topic of a command: {topic}")
    application_id, dev_eui = match.groups()
    fields = _fields(payload if as_json else _from_protobuf(payload))
    if fields.get("deveui") != dev_eui:
        raise CommandError(f"devEui in the payload is not {dev_eui} of the topic")
    device = core.registry.devices.get(dev_eui)
    if device is None or device.message.application_id != application_id:
        raise CommandError(f"application {application_id} has no device {dev_eui}")
    item = _item(core, device, fields)
    if any(item.id == other.id for d in core.registry.devices.values() for other in d.queue):
        raise CommandError(f"the id {item.id} is in a queue already")
    device.queue.append(item)
    return item


def _fields(payload: bytes) -> dict[str, Any]:
    """The fields by their names without case and underscores."""
    try:
        found = json.loads(payload)
        return {name.replace("_", "").lower(): value for name, value in found.items()}
    except (ValueError, AttributeError) as error:
        raise CommandError(f"no JSON object: {error}") from None


def _from_protobuf(payload: bytes) -> bytes:
    try:
        return encoded(integration.DownlinkCommand.FromString(payload), as_json=True)
    except DecodeError as error:
        raise CommandError(f"no DownlinkCommand: {error}") from None


def _item(core: Core, device: Device, fields: dict[str, Any]) -> QueueItem:
    try:
        f_port = int(fields.get("fport", 0)) & 0xFF
        item_id = str(UUID(fields["id"])) if fields.get("id") else core.uuid()
        f_port, data = _payload(core, device, f_port, fields)
        expires = fields.get("expiresat")
        expires_us = _micros(expires) if expires else None
    except (ValueError, TypeError, AttributeError, binascii.Error) as error:
        raise CommandError(f"a field is not readable: {error}") from None
    except codec.CodecError as error:
        raise CommandError(str(error)) from None
    if not f_port:
        raise CommandError("FPort must be between 1 - 255")
    return QueueItem(item_id, f_port, data, bool(fields.get("confirmed")), expires_us)


def _payload(core: Core, device: Device, f_port: int, fields: dict[str, Any]) -> tuple[int, bytes]:
    """(FPort, payload), by the codec where an `object` is given. Raises codec.CodecError."""
    given = fields.get("object")
    if given is None:
        return f_port, _base64(fields.get("data", ""))
    return codec.to_payload(core.registry.profile_of(device), device.message, f_port, given)


def _base64(text: str) -> bytes:
    padded = text + "=" * (-len(text) % 4)
    return base64.b64decode(padded.translate(str.maketrans("-_", "+/")), validate=True)


def _micros(text: str) -> int:
    # Nine digits of fraction are more than datetime reads.
    return round(datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text)).timestamp() * 1e6)

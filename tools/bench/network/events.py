"""Events as ChirpStack writes them: its JSON form, which differs from protobuf's own.

Messages of package `integration` show every scalar, list, map and enum, zeros too; messages inside
them (`gw`, `common`) hide their zeros; an unset message is absent. Names in camelCase, enums by
name, bytes in base64, 64-bit integers as text, times with `+00:00`, floats as short as they go.
Source: ChirpStack 4.20.0, api/rust/build.rs (pbjson), and what a real one published.
"""

import base64
import json
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp

LONG = {
    FieldDescriptor.TYPE_INT64, FieldDescriptor.TYPE_UINT64, FieldDescriptor.TYPE_SINT64,
    FieldDescriptor.TYPE_FIXED64, FieldDescriptor.TYPE_SFIXED64,
}  # fmt: skip


@dataclass(frozen=True)
class Event:
    """One application event. kind: up, join, ack, txack, log or status."""

    application_id: str
    dev_eui: str
    kind: str
    message: Any

    @property
    def topic(self) -> str:
        """Where it is published."""
        return f"application/{self.application_id}/device/{self.dev_eui}/event/{self.kind}"

    def json(self) -> bytes:
        """Its body in ChirpStack's JSON form."""
        return encoded(self.message, as_json=True)


def encoded(message: Message, *, as_json: bool) -> bytes:
    """A message as it is published: ChirpStack's JSON form, or protobuf."""
    if not as_json:
        return message.SerializeToString()
    return json.dumps(plain(message), separators=(",", ":"), ensure_ascii=False).encode()


def timestamp(us: int) -> Timestamp:
    """A protobuf time from Unix microseconds."""
    seconds, rest = divmod(us, 1_000_000)
    return Timestamp(seconds=seconds, nanos=rest * 1000)


def micros(time: Timestamp) -> int:
    """Unix microseconds from a protobuf time."""
    return time.seconds * 1_000_000 + time.nanos // 1000


def plain(message: Message) -> Any:
    """The message as what `json.dumps` takes, in ChirpStack's form."""
    special: dict[str, Callable[[Any], Any]] = {
        "google.protobuf.Timestamp": _time,
        "google.protobuf.Duration": _duration,
        "google.protobuf.Struct": _struct,
    }
    write = special.get(message.DESCRIPTOR.full_name)
    if write:
        return write(message)
    show_zeros = message.DESCRIPTOR.full_name.startswith("integration.")
    fields = message.DESCRIPTOR.fields if show_zeros else [f for f, _ in message.ListFields()]
    return {f.json_name: _field(message, f) for f in fields if _shown(message, f)}


def _shown(message: Message, field: Any) -> bool:
    return not field.has_presence or message.HasField(field.name)


def _field(message: Message, field: Any) -> Any:
    value = getattr(message, field.name)
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        of = field.message_type.fields_by_name["value"]
        return {str(k): _one(v, of) for k, v in value.items()}
    if field.is_repeated:
        return [_one(v, field) for v in value]
    return _one(value, field)


def _one(value: Any, field: Any) -> Any:
    if field.message_type is not None:
        return plain(value)
    if field.enum_type is not None:
        known = field.enum_type.values_by_number.get(value)
        return known.name if known else value
    if field.type == FieldDescriptor.TYPE_BYTES:
        return base64.b64encode(value).decode()
    if field.type == FieldDescriptor.TYPE_FLOAT:
        return short(value)
    return str(value) if field.type in LONG else value


def short(value: float) -> float:
    """The shortest decimal that is still this single-precision number."""
    wanted = struct.pack("<f", value)
    tries: Iterable[float] = (float(f"{value:.{digits}g}") for digits in range(6, 10))
    return next((t for t in tries if struct.pack("<f", t) == wanted), value)


def _fraction(nanos: int) -> str:
    if not nanos:
        return ""
    digits = f"{nanos:09d}"
    while digits.endswith("000"):
        digits = digits[:-3]
    return f".{digits}"


def _time(value: Timestamp) -> str:
    when = datetime.fromtimestamp(value.seconds, UTC)
    return f"{when:%Y-%m-%dT%H:%M:%S}{_fraction(value.nanos)}+00:00"


def _duration(value: Duration) -> str:
    sign = "-" if value.seconds < 0 or value.nanos < 0 else ""
    return f"{sign}{abs(value.seconds)}{_fraction(abs(value.nanos))}s"


def _struct(value: Struct) -> dict[str, Any]:
    return {k: _number(v) for k, v in value.items()}


def _number(value: Any) -> Any:
    if isinstance(value, Struct):
        return _struct(value)
    if hasattr(value, "values"):
        return [_number(v) for v in value]
    return value


def properties(event: Event) -> dict[str, str]:
    """What `StreamDeviceEvents` shows beside the body, by kind of event."""
    body: Any = event.message
    if event.kind == "up":
        return {
            "DR": str(body.dr),
            "FPort": str(body.f_port),
            "FCnt": str(body.f_cnt),
            "Data": body.data.hex(),
        }
    if event.kind == "join":
        return {"DevAddr": body.dev_addr}
    if event.kind == "log":
        shown = plain(body)
        return {"Level": shown["level"], "Code": shown["code"]}
    if event.kind == "status":
        return {"Margin": str(body.margin), "Battery level": f"{body.battery_level:.2f}%"}
    return {}

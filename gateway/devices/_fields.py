"""What a table of a device is made of: fields of fixed size, channels of them, settings.

Bytes are hexadecimal text, with or without blanks.
"""

import struct
from typing import Literal

from msgspec import Struct

from gateway.errors import Lost, Refused
from gateway.events import Value


class Number(Struct, frozen=True):
    """An integer in `format` (of the module struct); the value is it / over.

    name: of the property.  unit: UCUM code.  high: a greater one is none of this product's.
    """

    name: str
    unit: str
    format: str
    over: int = 1
    high: int | None = None

    @property
    def size(self) -> int:
        """Bytes."""
        return struct.calcsize(self.format)

    def value(self, data: bytes) -> float | int:
        """From exactly its bytes. Raises Lost."""
        raw: int = struct.unpack(self.format, data)[0]
        if self.high is not None and raw > self.high:
            raise Lost(f"{self.name} is {raw}, above {self.high}")
        return raw if self.over == 1 else raw / self.over


class Digits(Struct, frozen=True):
    """Bytes shown as hexadecimal digits, as a serial number.

    name: of the property.  dot: after so many digits; 0: none.
    """

    name: str
    size: int
    dot: int = 0
    unit: str = "1"

    def value(self, data: bytes) -> str:
        """From exactly its bytes; what is before a dot has no leading zeros."""
        text = data.hex()
        if not self.dot:
            return text
        return f"{int(text[: self.dot], 16):x}.{int(text[self.dot :], 16):x}"


class Skip(Struct, frozen=True):
    """Bytes that say nothing of use here."""

    size: int


class Channel(Struct, frozen=True):
    """What stands behind one prefix.

    kind: a `reading`; a `status` of the device, which belongs to the start if the frame reports
    one; a `boot`; or that the command of the name `command` was `applied`, then the properties
    are its fields.
    """

    fields: tuple[Number | Digits | Skip, ...]
    kind: Literal["reading", "status", "boot", "applied"] = "reading"
    command: str = ""

    @property
    def size(self) -> int:
        """Bytes without the prefix."""
        return sum(field.size for field in self.fields)

    def values(self, data: bytes) -> list[Value]:
        """From exactly its bytes, in their order. Raises Lost."""
        found: list[Value] = []
        for field in self.fields:
            if not isinstance(field, Skip):
                value = field.value(data[: field.size])
                found.append(Value(field.name, value, field.unit))
            data = data[field.size :]
        return found


class Setting(Struct, frozen=True):
    """A field of a command that may be left out: prefix, then low..high in `format`."""

    name: str
    prefix: str
    format: str
    low: int
    high: int

    def pack(self, value: int) -> bytes:
        """Its bytes. Raises Refused."""
        field = f"values.{self.name}"
        if type(value) is not int:
            raise Refused(f"{self.name} is not a whole number", field)
        if not self.low <= value <= self.high:
            raise Refused(f"{self.name} is {value}, not within {self.low} to {self.high}", field)
        return bytes.fromhex(self.prefix) + struct.pack(self.format, value)

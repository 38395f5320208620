"""Fields of commands, for tables."""

import struct

from msgspec import Struct

from gateway.errors import Refused


class Setting(Struct, frozen=True):
    """A field of a command that may be left out: prefix, then the value in `format`.

    prefix: hexadecimal text, with or without blanks.  step: the bytes hold value / step, and a
    value between two steps is refused.
    """

    name: str
    prefix: str
    format: str
    low: int
    high: int
    step: int = 1

    def pack(self, value: int) -> bytes:
        """Its bytes. Raises Refused."""
        field = f"values.{self.name}"
        if type(value) is not int:
            raise Refused(f"{self.name} is not a whole number", field)
        if not self.low <= value <= self.high:
            raise Refused(f"{self.name} is {value}, not within {self.low} to {self.high}", field)
        if value % self.step:
            raise Refused(f"{self.name} is {value}, no multiple of {self.step}", field)
        return bytes.fromhex(self.prefix) + struct.pack(self.format, value // self.step)

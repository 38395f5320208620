"""Fields of fixed size, of which the channels of a frame are made."""

import struct
from collections.abc import Container, Mapping

from msgspec import Struct

from gateway.errors import Lost
from gateway.events import Value


class Number(Struct, frozen=True):
    """An integer in `format` (of the module struct); the value is (it + plus) x times / over.

    name: of the property.  unit: UCUM code.  mask: its bits, the others say nothing of use here.
    high: a greater one is none of this product's.  absent: the integers with which the product
    says that it measured nothing.
    """

    name: str
    unit: str
    format: str
    over: int = 1
    high: int | None = None
    times: int = 1
    plus: int = 0
    absent: Container[int] = ()
    mask: int = -1

    @property
    def size(self) -> int:
        """Bytes."""
        return struct.calcsize(self.format)

    def values(self, data: bytes) -> list[Value]:
        """From exactly its bytes. Raises Lost."""
        raw: int = struct.unpack(self.format, data)[0] & self.mask
        if raw in self.absent:
            return [Value(self.name, None, self.unit, ("suspect",))]
        if self.high is not None and raw > self.high:
            raise Lost(f"{self.name} is {raw}, above {self.high}")
        number = (raw + self.plus) * self.times
        return [Value(self.name, number if self.over == 1 else number / self.over, self.unit)]


class Digits(Struct, frozen=True):
    """Bytes shown as hexadecimal digits, as a serial number.

    name: of the property.  dot: after so many digits, then what is before it has no leading
    zeros; 0: none.
    """

    name: str
    size: int
    dot: int = 0

    def values(self, data: bytes) -> list[Value]:
        """From exactly its bytes."""
        text = data.hex()
        if self.dot:
            text = f"{int(text[: self.dot], 16):x}.{int(text[self.dot :], 16):x}"
        return [Value(self.name, text, "1")]


class Dotted(Struct, frozen=True):
    """Bytes shown as decimal numbers with dots, as a version."""

    name: str
    size: int

    def values(self, data: bytes) -> list[Value]:
        """From exactly its bytes."""
        return [Value(self.name, ".".join(map(str, data)), "1")]


class Word(Struct, frozen=True):
    """One byte that stands for a word; one that is not in the list is shown as `code 7`."""

    name: str
    words: Mapping[int, str]
    size: int = 1

    def values(self, data: bytes) -> list[Value]:
        """From exactly its bytes."""
        return [Value(self.name, self.words.get(data[0], f"code {data[0]}"), "1")]


class Bits(Struct, frozen=True):
    """Bytes, the most significant first, that hold several numbers.

    parts: (name, lowest bit, bits), bit 0 the least significant.
    """

    size: int
    parts: tuple[tuple[str, int, int], ...]

    def values(self, data: bytes) -> list[Value]:
        """From exactly its bytes, in the order of `parts`."""
        raw = int.from_bytes(data, "big")
        found = ((name, raw >> low & (1 << bits) - 1) for name, low, bits in self.parts)
        return [Value(name, number, "1") for name, number in found]


class Skip(Struct, frozen=True):
    """Bytes that say nothing of use here."""

    size: int

    def values(self, _data: bytes) -> list[Value]:
        """None."""
        return []


class Since(Struct, frozen=True):
    """When it was measured, in seconds since 1970, as an integer in `format`."""

    format: str

    @property
    def size(self) -> int:
        """Bytes."""
        return struct.calcsize(self.format)

    def values(self, _data: bytes) -> list[Value]:
        """None: it is no property."""
        return []

    def at_s(self, data: bytes) -> int:
        """From exactly its bytes."""
        found: int = struct.unpack(self.format, data)[0]
        return found


AnyField = Number | Digits | Dotted | Word | Bits | Skip | Since
"""A field of a channel."""

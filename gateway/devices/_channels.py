"""What stands behind a prefix in a frame: fields of fixed size, or one of several layouts."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from gateway.devices._fields import AnyField, Digits, Since
from gateway.errors import Lost
from gateway.events import Value

Kind = Literal["reading", "status", "boot", "applied"]


class Channel(Struct, frozen=True):
    """What stands behind one prefix.

    kind: a `reading`; a `status` of the device, which belongs to the start if the frame reports
    one; a `boot`; or that the command of the name `command` was `applied`, then the properties
    are its fields. A reading with a time is one of its own; a channel that has nothing but a time
    gives it to the readings of its frame that have none.
    """

    fields: tuple[AnyField, ...]
    kind: Kind = "reading"
    command: str = ""

    @property
    def size(self) -> int:
        """Bytes without the prefix."""
        return sum(field.size for field in self.fields)

    def of(self, _rest: bytes) -> "Channel":
        """What the bytes after the prefix are: this one."""
        return self

    def values(self, data: bytes) -> list[Value]:
        """From exactly its bytes, in their order. Raises Lost."""
        return [one for field, part in self._parts(data) for one in field.values(part)]

    def at_s(self, data: bytes) -> int | None:
        """Its time, in seconds since 1970; None where it has none."""
        found = [one.at_s(part) for one, part in self._parts(data) if isinstance(one, Since)]
        return found[0] if found else None

    def _parts(self, data: bytes) -> Iterator[tuple[AnyField, bytes]]:
        at = 0
        for field in self.fields:
            yield field, data[at : at + field.size]
            at += field.size


FRAME_MOST = 242
"""Bytes of a frame. Source: RP002-1.0.4, the largest N of `gateway.regions`."""


class Choice(Struct, frozen=True):
    """One of several channels behind one prefix.

    kinds: by the byte at `at` after the prefix; without `at`, by how many bytes are left.
    """

    kinds: "Mapping[int, Channel | Choice]"
    at: int | None = None

    def of(self, rest: bytes) -> Channel:
        """The channel that the bytes after the prefix are. Raises Lost."""
        told = rest[self.at : self.at + 1] if self.at is not None else b""
        key = told[0] if told else len(rest)
        known = ", ".join(map(str, self.kinds))
        if self.at is not None and not told:
            raise Lost(f"{len(rest)} bytes are too few")
        if key not in self.kinds:
            what = "bytes" if self.at is None else f"at byte {self.at}"
            raise Lost(f"there is no layout with {key} {what}; there are those of {known}")
        return self.kinds[key].of(rest)


def by_size(*layouts: Sequence[AnyField], kind: Kind = "reading") -> Choice:
    """The layout that has as many bytes as the frame."""
    channels = [Channel(tuple(fields), kind) for fields in layouts]
    return Choice({one.size: one for one in channels})


def open_ended(name: str, *first: AnyField) -> Choice:
    """Facts of the device in a form of its maker's: fields, then the rest as digits."""
    size = sum(one.size for one in first)
    rests = range(0 if first else 1, FRAME_MOST + 1 - size)
    return by_size(*((*first, Digits(name, rest)) for rest in rests), kind="status")

"""Decoders and encoders: from the bytes of a device to reports, from a command to bytes.

One file here is one kind of device; its name is the `decoder` of the Devices it serves. It holds:

    decode(device: Device, uplink: Uplink) -> list[Report]
        The reports of a frame, in the order in which they happened. Raises Lost, and nothing else,
        for bytes that are not of this kind of device.
    encode(device: Device, command: Command) -> tuple[int, bytes]
        (FPort, bytes) of a command, the same at every call. Raises Refused, naming the field of
        the request. Only where the device confirms a command by an uplink that `decode` gives as
        Applied: the end of a command is what the device reports. `encode = None` where it takes
        none.
    TAKES: Mapping[str, Sequence[Field]]
        The fields of each command, for help texts and the API document; empty where it takes none.
    UPLINKS: tuple[UplinkExample, ...]
    DOWNLINKS: tuple[DownlinkExample, ...]
        Examples with their source; `gateway/tests/contract/test_devices.py` runs all of them.

Properties and units are those of the other files: a fill level is `fillingLevel`, whoever measured
it. Files whose name begins with `_` are no kind of device.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Literal, Protocol, TypeVar

from msgspec import Struct

from gateway import registry
from gateway.errors import Refused
from gateway.events import Value
from gateway.model import Command, Device
from gateway.notices import Uplink

T = TypeVar("T")


class Reading(Struct, frozen=True, kw_only=True):
    """What the device measured at one instant.

    seq: the device's own number of the reading, counted modulo 65536: by it a repetition is
    dropped and a gap is found. None where the device does not number its readings: a reading is
    then identified by its frame and its place in it.
    age_s: seconds from the measurement to the transmission; None: the device does not know.
    """

    values: tuple[Value, ...]
    seq: int | None = None
    age_s: int | None = 0


class Boot(Struct, frozen=True, kw_only=True):
    """The device started.

    first_seq: the oldest reading it still has.  next_seq: the number of its next reading; both
    are None where it does not number its readings.  wiped: it lost all it had stored.
    """

    values: tuple[Value, ...]
    first_seq: int | None = None
    next_seq: int | None = None
    wiped: bool = False


class Applied(Struct, frozen=True, kw_only=True):
    """The result of a command, as the device reports it.

    token: of the command; None where the device has no tokens, then `name` and `values` identify
    it.  values: what the device set, by name.
    reason: why it was refused: one sentence that says who acts next.
    again: it was refused for a passing cause and is to be sent again.
    """

    token: int | None = None
    name: str = ""
    values: dict[str, Any]
    result: Literal["applied", "refused", "expired"] = "applied"
    reason: str = ""
    again: bool = False


class Status(Struct, frozen=True, kw_only=True):
    """Facts about the device itself, as its serial number or how it fares.

    sick: which of its sensors are sick and how, in words; empty: none is, or it does not say.
    """

    values: tuple[Value, ...]
    sick: str = ""


class Fault(Struct, frozen=True, kw_only=True):
    """Something is wrong with the device, as it reports itself.

    code: of `gateway.troubles`.  description: the device's own words.
    """

    code: str
    description: str


Report = Reading | Boot | Applied | Status | Fault
"""What a frame of a device can contain."""


class UplinkExample(Struct, frozen=True):
    """A frame and what it means. data: hexadecimal, with or without blanks."""

    fport: int
    data: str
    reports: tuple[Report, ...]


class DownlinkExample(Struct, frozen=True):
    """A command and its frame. data: hexadecimal, with or without blanks."""

    command: Command
    fport: int
    data: str


class Field(Struct, frozen=True, kw_only=True):
    """A field of a command: a whole number. meaning: with its unit, empty where it is known."""

    name: str
    low: int
    high: int
    needed: bool = False
    meaning: str = ""

    def __str__(self) -> str:
        """As the caller writes it: `level=0..100`, in brackets where it may be left out."""
        text = f"{self.name}={self.low}..{self.high}"
        return text if self.needed else f"[{text}]"


class Decoder(Protocol):
    """A file of this folder; the module's docstring describes the parts."""

    UPLINKS: tuple[UplinkExample, ...]
    DOWNLINKS: tuple[DownlinkExample, ...]

    @property
    def TAKES(self) -> Mapping[str, Sequence[Field]]:  # noqa: N802 - a constant of the module
        """The fields of each command."""
        ...

    @property
    def decode(self) -> Callable[[Device, Uplink], list[Report]]:
        """The reports of a frame."""
        ...

    @property
    def encode(self) -> Callable[[Device, Command], tuple[int, bytes]] | None:
        """(FPort, bytes) of a command."""
        ...


more: dict[str, Callable[[str], Decoder]] = {}
"""What finds decoders that are no file here, by the prefix of their names, as `js` of `js:bin`.

The composition root fills it in.
"""


def decoder(name: str) -> Decoder:
    """The decoder of this name. Raises Refused, naming those there are."""
    prefix, colon, rest = name.partition(":")
    return more[prefix](rest) if colon and prefix in more else _of_file(name)


@cache
def _of_file(name: str) -> Decoder:
    found: Decoder = registry.find(sys.modules[__name__], name, "decoder")
    return found


@cache
def taken() -> dict[str, list[str]]:
    """{decoder: its commands with their fields, as `dim level=0..100 [ramp=0..254]`}."""
    found = {name: decoder(name).TAKES for name in registry.names(sys.modules[__name__])}
    return {
        name: [" ".join([command, *map(str, fields)]) for command, fields in takes.items()]
        for name, takes in found.items()
    }


def named(command: Command, commands: Mapping[str, T]) -> T:
    """What `commands` has under the name of a command. Raises Refused, naming those there are."""
    if command.name not in commands:
        known = ", ".join(commands) or "none"
        raise Refused(f"there is no command {command.name!r}; there are {known}", "name")
    return commands[command.name]


def encode(device: Device, command: Command) -> tuple[int, bytes]:
    """(FPort, bytes) of a command for a device. Raises Refused."""
    how = decoder(device.decoder).encode
    if how is None:
        raise Refused(f"a device of the decoder {device.decoder!r} takes no commands", "name")
    return how(device, command)

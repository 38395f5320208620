"""A decoder made from a table, for frames made of channels: a prefix, then fields of fixed size.

    TABLE = Table(
        channels={"03 67": Channel((Number("temperature", "Cel", "<h", over=10),))},
        commands={"reboot": ("ff 10 ff",)},
        fport=85,
    )
    decode = TABLE.decode
    encode = TABLE.encode

A frame of one fixed layout is one channel with an empty prefix. Bytes are hexadecimal text.
"""

from collections.abc import Mapping
from typing import Any

from gateway.devices import Applied, Boot, Field, Reading, Report, Status
from gateway.devices._fields import Channel, Setting
from gateway.errors import Lost, Refused
from gateway.events import Value
from gateway.model import Command, Device
from gateway.notices import Uplink


class Table:
    """channels: by prefix.  commands: by name, their bytes and settings.  fport: of downlinks."""

    def __init__(
        self,
        channels: Mapping[str, Channel],
        commands: Mapping[str, tuple[str | Setting, ...]] | None = None,
        fport: int = 1,
    ) -> None:
        self.channels = {bytes.fromhex(prefix): one for prefix, one in channels.items()}
        self.commands = commands or {}
        self.fport = fport
        self.takes = {
            name: tuple(
                Field(name=one.name, low=one.low, high=one.high)
                for one in parts
                if isinstance(one, Setting)
            )
            for name, parts in self.commands.items()
        }

    def decode(self, _device: Device, uplink: Uplink) -> list[Report]:
        """See gateway.devices. A property that comes again begins another reading."""
        found: list[tuple[Channel, list[Value]]] = []
        data = uplink.data
        at = 0
        while at < len(data):
            prefix = next((one for one in self.channels if data.startswith(one, at)), None)
            if prefix is None:
                raise Lost(f"byte {at}: no channel begins with {data[at : at + 2].hex(' ')}")
            channel = self.channels[prefix]
            at += len(prefix)
            body = data[at : at + channel.size]
            if len(body) < channel.size:
                where = f"channel {prefix.hex(' ')}" if prefix else "the frame"
                raise Lost(f"{where}: {len(body)} bytes instead of {channel.size}")
            found.append((channel, channel.values(body)))
            at += channel.size
        return _reports(found)

    def encode(self, _device: Device, command: Command) -> tuple[int, bytes]:
        """See gateway.devices."""
        parts = self.commands.get(command.name)
        if parts is None:
            known = ", ".join(self.commands)
            raise Refused(f"there is no command {command.name!r}; there are {known}", "name")
        names = [one.name for one in parts if isinstance(one, Setting)]
        for name in sorted(command.values.keys() - set(names)):
            known = ", ".join(names) or "none"
            raise Refused(f"{command.name}: no field {name}; it has {known}", f"values.{name}")
        if names and not command.values:
            raise Refused(f"{command.name}: give one of {', '.join(names)}", "values")
        return self.fport, b"".join(_packed(one, command.values) for one in parts)


def _packed(part: str | Setting, values: Mapping[str, int]) -> bytes:
    if isinstance(part, str):
        return bytes.fromhex(part)
    return part.pack(values[part.name]) if part.name in values else b""


def _reports(found: list[tuple[Channel, list[Value]]]) -> list[Report]:
    """The channels of one frame as reports: start, facts, readings, answers to commands."""
    readings: list[list[Value]] = []
    facts: list[Value] = []
    applied: dict[str, dict[str, Any]] = {}
    for channel, values in found:
        if channel.kind == "applied":
            applied.setdefault(channel.command, {}).update((v.property, v.value) for v in values)
        elif channel.kind != "reading":
            facts += values
        elif readings and not _names(readings[-1]) & _names(values):
            readings[-1] += values
        elif values:
            readings.append(values)
    reports: list[Report] = []
    if any(channel.kind == "boot" for channel, _ in found):
        reports.append(Boot(values=tuple(facts)))
    elif facts:
        reports.append(Status(values=tuple(facts)))
    reports += [Reading(values=tuple(values)) for values in readings]
    return reports + [Applied(name=name, values=set_to) for name, set_to in applied.items()]


def _names(values: list[Value]) -> set[str]:
    return {one.property for one in values}

"""A decoder made from a table, for frames made of channels: a prefix, then fields of fixed size.

    TABLE = Table(
        channels={"03 67": Channel((Number("temperature", "Cel", "<h", over=10),))},
        commands={"reboot": ("ff 10 ff",)},
        fport=85,
    )
    decode = TABLE.decode
    encode = TABLE.encode

A frame of one fixed layout is one channel with an empty prefix. Bytes are hexadecimal text. What
a product sends on several ports is `by_port({1: TABLE, 2: OTHER})`.
"""

from collections.abc import Callable, Mapping

from gateway.devices import Field, Report, named
from gateway.devices._channels import Channel, Choice
from gateway.devices._parts import Part, reports
from gateway.devices._settings import Setting
from gateway.errors import Lost, Refused
from gateway.model import Command, Device
from gateway.notices import Uplink

Decode = Callable[[Device, Uplink], list[Report]]


class Table:
    """channels: by prefix.  commands: by name, their bytes and settings.  fport: of downlinks."""

    def __init__(
        self,
        channels: Mapping[str, Channel | Choice],
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
        found: list[Part] = []
        data = uplink.data
        at = 0
        while at < len(data):
            prefix = next((one for one in self.channels if data.startswith(one, at)), None)
            if prefix is None:
                raise Lost(f"byte {at}: no channel begins with {data[at : at + 2].hex(' ')}")
            at += len(prefix)
            where = f"channel {prefix.hex(' ')}" if prefix else "the frame"
            channel = _one(self.channels[prefix], data[at:], where)
            body = data[at : at + channel.size]
            if len(body) < channel.size:
                raise Lost(f"{where}: {len(body)} bytes instead of {channel.size}")
            found.append(Part(channel, channel.values(body), channel.at_s(body)))
            at += len(body)
            if not prefix and at < len(data):
                raise Lost(f"the frame: {len(data)} bytes instead of {channel.size}")
        return reports(found, uplink.at_ms)

    def encode(self, _device: Device, command: Command) -> tuple[int, bytes]:
        """See gateway.devices."""
        parts = named(command, self.commands)
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


def _one(behind: Channel | Choice, rest: bytes, where: str) -> Channel:
    try:
        return behind.of(rest)
    except Lost as error:
        raise Lost(f"{where}: {error}") from None


def by_port(tables: Mapping[int, Decode]) -> Decode:
    """A `decode` that gives a frame to that of its FPort. Raises Lost for another port."""
    known = ", ".join(map(str, tables))

    def decode(device: Device, uplink: Uplink) -> list[Report]:
        if uplink.fport not in tables:
            raise Lost(f"it sends nothing on FPort {uplink.fport}; it sends on {known}")
        return tables[uplink.fport](device, uplink)

    return decode

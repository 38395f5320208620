"""The server side of a link: what a network server gives, and what it takes.

One file or folder here is one kind, unless its name begins with `_` (see `gateway.registry`). A
kind holds `class Settings(Struct)`, the keys of `[network]` beside `kind`, and `class Network`,
made from them. `gateway/tests/contract/test_network.py` runs over all that can run alone.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol, Self

from gateway.model import Device
from gateway.notices import Downlink, Envelope, Notice, Receipt


class Network(Protocol):
    """A network server. An async context manager.

    Connected inside, and connected again after each loss.
    """

    def uplinks(self) -> AsyncIterator[Sequence[Envelope]]:
        """What came since the last time, at least one, in order of receipt; for ever.

        While the taker works, at most a bounded number of messages is held here; then reading
        stops.
        """
        ...

    def parse(self, envelope: Envelope) -> Notice | None:
        """What the message says.

        None when it is nothing of ours. Raises Lost when it cannot be read.
        """
        ...

    def pause(self) -> None:
        """Leave the broker, which keeps what is not acknowledged.

        For when nothing can be kept here.
        """
        ...

    def resume(self) -> None:
        """Come back after `pause`."""
        ...

    def most_bytes(self, device: Device, dr: int | None) -> int:
        """What one downlink to the device carries, bytes.

        dr: data rate index of its last uplink; None before the first.
        """
        ...

    async def send(self, downlink: Downlink) -> Receipt:
        """Put a frame into the server's queue for a device.

        Raises Refused (the server will never take it), Retry (it did not take it), or Unsure.
        """
        ...

    async def queued(self, dev_eui: str) -> dict[bytes, str]:
        """What waits in the server's queue for a device.

        {frame: queue_item_id}. Raises Retry, Refused.
        """
        ...

    async def register(self, device: Device, app_key: str) -> None:
        """Make the device known to the server with what it needs there.

        Doing it again changes nothing but the key.
        Raises Refused, Retry, ConfigError.
        """
        ...

    async def unregister(self, dev_eui: str) -> None:
        """Remove the device from the server.

        A device that is not there is no error. Raises Refused, Retry.
        """
        ...

    async def check(self) -> list[str]:
        """Try everything the settings name; returns a line for each thing that works.

        Raises ConfigError or Retry for the first that does not.
        """
        ...

    async def __aenter__(self) -> Self:
        """Begin to connect; does not wait for success. Raises ConfigError."""
        ...

    async def __aexit__(self, *exc: object) -> None:
        """Leave; what was not acknowledged stays with the broker."""
        ...

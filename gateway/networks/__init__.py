"""Network servers: uplinks from them, downlinks and device registrations to them.

One file or folder here is one kind, unless its name begins with `_` (see `gateway.registry`). A
kind holds `class Settings(Struct)`, the keys of `[network]` beside `kind`, and `class Network`,
made from them. `gateway/tests/contract/test_network.py` is the contract.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol, Self

from gateway.model import REPORT_S, Device
from gateway.notices import Downlink, Envelope, Notice, Receipt


class Network(Protocol):
    """An async context manager that connects on entry, and again after each loss."""

    def uplinks(self) -> AsyncIterator[Sequence[Envelope]]:
        """Batches of the messages received, at least one each, in order of receipt; never ends.

        While the caller works on a batch, a bounded number of messages is held here, then reading
        stops.
        """
        ...

    def parse(self, envelope: Envelope) -> Notice | None:
        """The notice in a message; None for one that concerns nothing here.

        Raises Lost when it cannot be parsed.
        """
        ...

    def pause(self) -> None:
        """Disconnect while nothing can be stored; the broker keeps what is not acknowledged."""
        ...

    def resume(self) -> None:
        """Connect again after `pause`."""
        ...

    def most_bytes(self, device: Device, dr: int | None) -> int:
        """Largest payload of one downlink to the device, bytes.

        dr: data rate index of its last uplink; None before the first.
        """
        ...

    async def send(self, downlink: Downlink) -> Receipt:
        """Enqueue a frame for a device.

        Raises Unknown (the server does not have the device), Refused (it will never be
        accepted), Retry (it was not accepted), or Unsure.
        """
        ...

    async def queued(self, dev_eui: str) -> dict[bytes, str]:
        """{frame: queue_item_id} of the server's queue for a device. Raises Unknown, Retry."""
        ...

    async def flush(self, dev_eui: str) -> None:
        """Remove every frame of a device from the server's queue. Raises Unknown, Retry.

        One that is being transmitted is transmitted nevertheless.
        """
        ...

    async def recall(self, dev_eui: str, queue_item_id: str) -> bool:
        """Have the notices about a queue item come again, as far as the server still has them.

        Returns whether there are any; False where the server does not answer.
        """
        ...

    async def absent(self, dev_euis: Sequence[str]) -> set[str]:
        """Which of these registered devices the server does not have, as somebody deleted them.

        Raises ConfigError, Refused, Retry where the server does not say.
        """
        ...

    async def region(self) -> str:
        """The region of its devices, as the LoRa Alliance writes it, like EU868.

        Raises ConfigError where the server lacks the configured one, Retry.
        """
        ...

    async def register(self, device: Device, app_key: str, report_s: int = REPORT_S) -> None:
        """Register the device with its key; a second call changes nothing but the key.

        report_s: how often a device of its kind reports, s.
        Raises Refused, Retry, ConfigError.
        """
        ...

    async def unregister(self, dev_eui: str) -> None:
        """Remove the device; an absent one is no error. Raises Refused, Retry."""
        ...

    async def check(self) -> list[str]:
        """Try everything the settings name; returns one line for each success.

        Raises ConfigError or Retry for the first failure.
        """
        ...

    def troubles(self) -> list[str]:
        """What is wrong with it now, one sentence each that says who acts next; while entered."""
        ...

    async def __aenter__(self) -> Self:
        """Start to connect, without waiting for success. Raises ConfigError."""
        ...

    async def __aexit__(self, *exc: object) -> None:
        """Disconnect; the broker keeps what was not acknowledged."""
        ...

"""The network server as one of several services at a store uses it."""

import contextlib
from collections.abc import AsyncIterator, Generator, Sequence
from typing import Self

from gateway.model import REPORT_S, Device
from gateway.networks import Network
from gateway.notices import Downlink, Envelope, Notice, Receipt


class Standing:
    """A Network that is not entered: it calls the server, and takes no messages in.

    Its troubles are those of the entered one while this service leads, else none.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._entered: Network | None = None

    @contextlib.contextmanager
    def led_by(self, entered: Network) -> Generator[None]:
        """While inside, this service leads with the network `entered`."""
        self._entered = entered
        try:
            yield
        finally:
            self._entered = None

    def troubles(self) -> list[str]:
        """See gateway.networks.Network."""
        return self._entered.troubles() if self._entered else []

    def uplinks(self) -> AsyncIterator[Sequence[Envelope]]:
        """See gateway.networks.Network."""
        return self._network.uplinks()

    def parse(self, envelope: Envelope) -> Notice | None:
        """See gateway.networks.Network."""
        return self._network.parse(envelope)

    def pause(self) -> None:
        """There is no connection to end."""

    def resume(self) -> None:
        """There is no connection to begin."""

    def most_bytes(self, device: Device, dr: int | None) -> int:
        """See gateway.networks.Network."""
        return self._network.most_bytes(device, dr)

    async def send(self, downlink: Downlink) -> Receipt:
        """See gateway.networks.Network."""
        return await self._network.send(downlink)

    async def queued(self, dev_eui: str) -> dict[bytes, str]:
        """See gateway.networks.Network."""
        return await self._network.queued(dev_eui)

    async def flush(self, dev_eui: str) -> None:
        """See gateway.networks.Network."""
        await self._network.flush(dev_eui)

    async def recall(self, dev_eui: str, queue_item_id: str) -> bool:
        """See gateway.networks.Network."""
        return await self._network.recall(dev_eui, queue_item_id)

    async def absent(self, dev_euis: Sequence[str]) -> set[str]:
        """See gateway.networks.Network."""
        return await self._network.absent(dev_euis)

    async def region(self) -> str:
        """See gateway.networks.Network."""
        return await self._network.region()

    async def register(self, device: Device, app_key: str, report_s: int = REPORT_S) -> None:
        """See gateway.networks.Network."""
        await self._network.register(device, app_key, report_s)

    async def unregister(self, dev_eui: str) -> None:
        """See gateway.networks.Network."""
        await self._network.unregister(dev_eui)

    async def check(self) -> list[str]:
        """See gateway.networks.Network."""
        return await self._network.check()

    async def __aenter__(self) -> Self:
        """Nothing is entered."""
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Nothing was entered."""

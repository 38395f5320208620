"""A network server in this process: for tests, and for a gateway without one.

As a broker does, it sends unacknowledged messages again after `reconnect`.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from itertools import count
from typing import Self

import msgspec
from msgspec import Struct

from gateway.errors import GatewayError, Lost, Unsure
from gateway.model import Device
from gateway.notices import Downlink, Envelope, Notice, Receipt
from gateway.regions import most_bytes

TOPIC = "virtual"


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """Keys of `[network]` with `kind = "virtual"`.

    region: gives the largest downlink at each data rate.  downlink_bytes: the largest downlink at
    any data rate; None: by the region.
    """

    region: str = "EU868"
    downlink_bytes: int | None = None


class Network:
    """See gateway.networks.Network.

    unacknowledged: [(number, body)].  acknowledged: numbers, in order.
    sent: every Downlink accepted.  queue: {queue_item_id: Downlink} not yet transmitted.
    failures: raised by the next calls of `send`, one each; with Unsure the frame is accepted
    nevertheless.  away: raised by every call.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        settings = settings or Settings()
        self.region, self.downlink_bytes = settings.region, settings.downlink_bytes
        self.unacknowledged: deque[tuple[int, bytes]] = deque()
        self.acknowledged: list[int] = []
        self.devices: dict[str, tuple[Device, str]] = {}
        self.sent: list[Downlink] = []
        self.queue: dict[str, Downlink] = {}
        self.failures: list[GatewayError] = []
        self.away: GatewayError | None = None
        self._number = count()
        self._connection = 0
        self._given = 0
        self._changed = asyncio.Event()
        self._here = asyncio.Event()
        self._here.set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.reconnect()

    def give(self, message: Notice | bytes) -> int:
        """Receive a notice, or bytes as they are. Returns the message's number."""
        number = next(self._number)
        body = message if isinstance(message, bytes) else msgspec.json.encode(message)
        self.unacknowledged.append((number, body))
        self._changed.set()
        return number

    def reconnect(self) -> None:
        """Lose the connection: unacknowledged messages are sent again."""
        self._connection += 1
        self._given = 0
        self._changed.set()

    async def uplinks(self) -> AsyncIterator[Sequence[Envelope]]:
        """See gateway.networks.Network."""
        while True:
            await self._changed.wait()
            await self._here.wait()
            self._changed.clear()
            new = list(self.unacknowledged)[self._given :]
            self._given += len(new)
            if new:
                yield [self._envelope(number, body) for number, body in new]

    def _envelope(self, number: int, body: bytes) -> Envelope:
        connection = self._connection

        def acknowledge() -> None:
            if connection == self._connection:
                self.unacknowledged.remove((number, body))
                self.acknowledged.append(number)
                self._given -= 1

        return Envelope(TOPIC, body, acknowledge)

    def parse(self, envelope: Envelope) -> Notice | None:
        """See gateway.networks.Network."""
        try:
            return msgspec.json.decode(envelope.body, type=Notice)
        except (ValueError, RecursionError) as error:
            raise Lost(f"the message cannot be read: {error}") from None

    def pause(self) -> None:
        """See gateway.networks.Network."""
        self.reconnect()
        self._here.clear()

    def resume(self) -> None:
        """See gateway.networks.Network."""
        self._here.set()

    def most_bytes(self, device: Device, dr: int | None) -> int:
        """See gateway.networks.Network."""
        return self.downlink_bytes or most_bytes(self.region, device.device_class, dr)

    async def send(self, downlink: Downlink) -> Receipt:
        """See gateway.networks.Network."""
        self._answer()
        if not self.failures:
            return Receipt(self.enqueue(downlink))
        failure = self.failures.pop(0)
        if isinstance(failure, Unsure):  # accepted, but the reply is lost
            self.enqueue(downlink)
        raise failure

    def enqueue(self, downlink: Downlink) -> str:
        """Accept a frame into the queue; returns its queue_item_id."""
        item = f"item-{len(self.sent)}"
        self.sent.append(downlink)
        self.queue[item] = downlink
        return item

    async def queued(self, dev_eui: str) -> dict[bytes, str]:
        """See gateway.networks.Network."""
        self._answer()
        return {one.data: item for item, one in self.queue.items() if one.dev_eui == dev_eui}

    async def register(self, device: Device, app_key: str) -> None:
        """See gateway.networks.Network."""
        self._answer()
        self.devices[device.dev_eui] = (device, app_key)

    async def unregister(self, dev_eui: str) -> None:
        """See gateway.networks.Network."""
        self._answer()
        self.devices.pop(dev_eui, None)

    async def check(self) -> list[str]:
        """See gateway.networks.Network."""
        self._answer()
        return ["the virtual network is here"]

    def _answer(self) -> None:
        if self.away:
            raise self.away

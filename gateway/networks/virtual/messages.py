"""The broker of the virtual network: keeps each message until it is acknowledged."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from itertools import count

import msgspec

from gateway.errors import Lost
from gateway.notices import Answered, Envelope, Notice, Transmitted, Trouble

TOPIC = "virtual"
KEPT = 10
"""Notices that the server keeps to give them again, as few as ChirpStack keeps of a device."""
_decode: Callable[[bytes], Notice] = msgspec.json.Decoder(Notice).decode


class Messages:
    """Messages in order; as a broker does, it sends unacknowledged ones again after `reconnect`.

    unacknowledged: [(number, body)].  acknowledged: numbers, in order.  history: the last notices,
    of all devices, also such as were never given.
    """

    def __init__(self) -> None:
        self.unacknowledged: deque[tuple[int, bytes]] = deque()
        self.acknowledged: list[int] = []
        self.history: deque[Notice] = deque(maxlen=KEPT)
        self._number = count()
        self._connection = 0
        self._given = 0
        self._changed = asyncio.Event()
        self._here = asyncio.Event()
        self._here.set()

    def give(self, message: Notice | bytes) -> int:
        """Receive a notice, or bytes as they are. Returns the message's number."""
        if not isinstance(message, bytes):
            self.history.append(message)
        number = next(self._number)
        body = message if isinstance(message, bytes) else msgspec.json.encode(message)
        self.unacknowledged.append((number, body))
        self._changed.set()
        return number

    def about(self, dev_eui: str, queue_item_id: str) -> list[Notice]:
        """The notices in `history` about a queue item of a device."""
        return [
            one
            for one in self.history
            if isinstance(one, Transmitted | Answered | Trouble)
            and (one.dev_eui, one.queue_item_id) == (dev_eui, queue_item_id)
        ]

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
            return _decode(envelope.body)
        except (ValueError, RecursionError) as error:
            raise Lost(f"the message cannot be read: {error}") from None

    def pause(self) -> None:
        """See gateway.networks.Network."""
        self.reconnect()
        self._here.clear()

    def resume(self) -> None:
        """See gateway.networks.Network."""
        self._here.set()

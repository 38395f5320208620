"""Messages that their server sends once: each is kept here until it is acknowledged.

An acknowledgement belongs to the connection on which its message was given, as at a broker that
sends again: after a reconnect it does nothing, and the message is given again.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Iterable
from functools import partial

import msgspec
from msgspec import Struct

from gateway.clock import parse_ms
from gateway.notices import Envelope

DONE_MOST = 10_000
"""Acknowledged messages that are known when they come again; later, `gateway.seen` knows them."""


class _Ids(Struct, frozen=True):
    device_id: str = ""


class _Up(Struct, frozen=True):
    f_cnt: int = 0
    session_key_id: str = ""


class _Message(Struct, frozen=True):
    received_at: str
    uplink_message: _Up
    end_device_ids: _Ids = _Ids()


_decode = msgspec.json.Decoder(_Message).decode


def identity(body: bytes) -> tuple[bytes, int]:
    """(what a message is known by, when it was received, ms since 1970; 0: unknown).

    An uplink has other fields where it was stored, but the same counter and instant.
    """
    try:
        message = _decode(body)
        at_ms = max(parse_ms(message.received_at.upper()), 0)
    except (ValueError, OverflowError, RecursionError):
        return hashlib.sha256(body).digest(), 0
    up = message.uplink_message
    device = message.end_device_ids.device_id
    return f"{device} {up.session_key_id} {up.f_cnt} {at_ms}".encode(), at_ms


class Held:
    """What was received and is not acknowledged, in order of receipt.

    newest_ms: when the newest uplink of all was received, ms since 1970; 0: there was none.
    """

    def __init__(self) -> None:
        self._held: dict[bytes, tuple[str, bytes]] = {}
        self._done: OrderedDict[bytes, None] = OrderedDict()
        self._connection = 0
        self._fewer = asyncio.Event()
        self.newest_ms = 0

    def __len__(self) -> int:
        return len(self._held)

    def renew(self) -> list[Envelope]:
        """A connection begins: what is not acknowledged, to be given again."""
        self._connection += 1
        return [self._envelope(key, *kept) for key, kept in self._held.items()]

    def take(self, messages: Iterable[tuple[str, bytes]]) -> list[Envelope]:
        """Keep messages, (topic, body) each; returns those that are new."""
        taken: list[Envelope] = []
        for topic, body in messages:
            key, at_ms = identity(body)
            if key in self._held or key in self._done:
                continue
            self._held[key] = (topic, body)
            self.newest_ms = max(self.newest_ms, at_ms)
            taken.append(self._envelope(key, topic, body))
        return taken

    async def below(self, most: int) -> None:
        """Wait until fewer than `most` are held."""
        while len(self._held) >= most:
            self._fewer.clear()
            await self._fewer.wait()

    def _envelope(self, key: bytes, topic: str, body: bytes) -> Envelope:
        return Envelope(topic, body, partial(self._acknowledge, key, self._connection))

    def _acknowledge(self, key: bytes, connection: int) -> None:
        if connection != self._connection or self._held.pop(key, None) is None:
            return
        self._fewer.set()
        self._done[key] = None
        if len(self._done) > DONE_MOST:
            self._done.popitem(last=False)

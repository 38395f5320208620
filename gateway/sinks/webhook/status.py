"""The HTTP status of a reply as soon as its line is there, whatever the rest of the reply does.

A backend that answered 2xx took the event. Its library may then send a header that is too long,
two lengths, or a body that breaks off or never ends: aiohttp raises for those, some of them before
it knows the status itself.
Source: RFC 9112, 4 (status line); RFC 9110, 15.2 (interim responses).
"""

import asyncio
import re
from contextlib import suppress
from contextvars import ContextVar
from functools import partial
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler

MOST_BYTES = 64 * 1024
"""Read for the status, which comes first; only interim responses can precede it."""
REST_S = 0.5
"""For what follows a 2xx status: it only decides whether the connection can be used again."""
_LINE = re.compile(rb"HTTP/1\.[01] ([1-9]\d\d)(?=[ \r\n])", re.ASCII)
_END = re.compile(rb"\r?\n\r?\n")


class Exchange:
    """One request and its reply. limit: of its time, shortened by a 2xx.

    status: the final one, 0 while none came.  after_s: by its Retry-After.
    """

    def __init__(self, limit: asyncio.Timeout) -> None:
        self._limit = limit
        self._begun = b""
        self.status = 0
        self.after_s: float | None = None

    def received(self, data: bytes) -> None:
        """Bytes of the reply came."""
        if self.status or len(self._begun) >= MOST_BYTES:
            return
        self._begun += data
        self.status = final_status(self._begun)
        if 200 <= self.status < 300:
            with suppress(RuntimeError):  # the time was over just now
                self._limit.reschedule(asyncio.get_running_loop().time() + REST_S)


exchange: ContextVar[Exchange] = ContextVar("exchange")
"""Of the request that the current task makes."""


class Protocol(ResponseHandler):
    """A connection whose bytes the exchange reads beside aiohttp's parser."""

    _exchange: Exchange | None = None

    def set_response_params(self, *args: Any, **named: Any) -> None:
        """A request begins on this connection."""
        self._exchange = exchange.get()
        super().set_response_params(*args, **named)

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        if self._exchange:
            self._exchange.received(data)
        super().data_received(data)


class Connector(aiohttp.TCPConnector):
    """Makes connections whose status line is read."""

    def __init__(self, **named: Any) -> None:
        super().__init__(**named)  # pyright: ignore[reportUnknownMemberType] - aiohttp's own type
        self._factory = partial(Protocol, loop=self._loop)


def final_status(begun: bytes) -> int:
    """The status of the first response that is not interim; 0: it is not there yet."""
    at = 0
    while line := _LINE.match(begun, at):
        status = int(line[1])
        if status >= 200:
            return status
        end = _END.search(begun, line.end())
        if end is None:
            return 0
        at = end.end()
    return 0

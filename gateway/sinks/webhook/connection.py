"""One connection to an endpoint: a request, its reply, and the next one."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

from gateway.sinks.webhook.incoming import Incoming

REST_S = 0.5
"""For what follows a 2xx status: it only decides whether the connection can be used again."""
IDLE_S = 15.0
"""How long a connection waits for its next request."""


class UnansweredError(ConnectionError):
    """The peer closed the connection before the first byte of a reply."""


class Connection(asyncio.Protocol):
    """Carries one exchange at a time.

    open: whether a request can be sent.  on_close: called once, at the end.
    idle_s: how long it waits for its next request.
    Every limit of time is in one timer, which is moved only when it fires too early: a timer for
    each exchange would cost as much as reading its reply.
    """

    def __init__(self, on_close: Callable[["Connection"], Any], *, idle_s: float = IDLE_S) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_close = on_close
        self._idle_s = idle_s
        self._incoming = Incoming()
        self._waiter: asyncio.Future[None] | None = None
        self._until = 0.0
        self._used = False
        self._timer: asyncio.TimerHandle | None = None
        self.open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is open."""
        self._transport = cast("asyncio.WriteTransport", transport)
        self.open = True

    async def exchange(
        self, request: bytes, deadline: float, idle: "list[Connection] | None" = None
    ) -> Incoming:
        """Send a request; returns its reply, which is valid until the next one.

        idle: gets the connection where it can be used again.  deadline: on the loop's clock.
        Raises TimeoutError when no status came until then,
        UnansweredError when the connection ended before a reply began, ConnectionError when it
        ended before a status came. Whatever ends an exchange early ends the connection.
        """
        incoming = self._incoming
        if self._used:
            incoming.expect()
        self._used = True
        waiter = self._waiter = self._loop.create_future()
        self._limit(deadline)
        self._transport.write(request)
        if incoming.ended:
            self._end(ConnectionError("its reply is not HTTP/1.1"))
        try:
            await waiter
        finally:
            self._waiter = None
            if incoming.reusable and self.open:
                self._limit(self._loop.time() + self._idle_s)
            else:
                self.close()
        if idle is not None and self.open:
            idle.append(self)
        return incoming

    def data_received(self, data: bytes) -> None:
        """Bytes came; what nobody asked for ends the connection."""
        incoming = self._incoming
        if not self._used:  # an overloaded server answers before it is asked
            incoming.feed(data)
            return
        if self._waiter is None or self._waiter.done():
            incoming.reusable = False
            self.close()
            return
        incoming.feed(data)
        if incoming.ended:
            self._end(ConnectionError("its reply is not HTTP/1.1"))
        elif incoming.succeeded:
            self._limit(min(self._until, self._loop.time() + REST_S))

    def connection_lost(self, exc: Exception | None) -> None:
        """It is closed."""
        self.open = False
        self._on_close(self)
        if self._timer:
            self._timer.cancel()
        if self._incoming.begun:
            self._end(ConnectionError("the connection ended before the reply had a status"))
        else:
            why = str(exc) if exc else "the connection was closed without a reply"
            self._end(UnansweredError(why))

    def close(self) -> None:
        """Close at once; what is being sent is cut off."""
        if self.open:
            self.open = False
            self._transport.abort()

    def _end(self, without_status: Exception) -> None:
        """The exchange is over, if one is under way."""
        if self._waiter is None or self._waiter.done():
            return
        if self._incoming.status:
            self._waiter.set_result(None)
        else:
            self._waiter.set_exception(without_status)

    def _limit(self, until: float) -> None:
        self._until = until
        if self._timer and self._timer.when() > until:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._timer = self._loop.call_at(until, self._due)

    def _due(self) -> None:
        self._timer = None
        if self._loop.time() < self._until:
            self._limit(self._until)
            return
        self._incoming.reusable = False
        self._end(TimeoutError())
        self.close()

"""Posts requests over HTTP/1.1 and keeps the connections for the next ones.

What it cannot do is what no webhook may: follow a redirect, use a proxy, keep a cookie, unpack a
reply. An address is looked at before anything is sent to it, and a connection that is used again
is still to that address.
"""

import asyncio
import ssl
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, NamedTuple

from aiohappyeyeballs import (
    start_connection,  # pyright: ignore[reportUnknownVariableType] - its own type
)

from gateway.sinks.webhook.addresses import public
from gateway.sinks.webhook.connection import IDLE_S, Connection, UnansweredError
from gateway.sinks.webhook.incoming import Incoming
from gateway.sinks.webhook.names import Names, Resolve, system

NEXT_ADDRESS_S = 0.25
"""After this, the next address of a name is tried beside the first. Source: RFC 8305, 8."""
CLOSE_S = 1.0
"""For the end of TLS, which nothing waits for."""


class Origin(NamedTuple):
    """Where to connect. host: a name in ASCII (IDNA), or an address without brackets.

    trust: name of the context of TLS; empty is the usual one.
    """

    tls: bool
    host: str
    port: int
    trust: str = ""


class Poster:
    """Connects, exchanges, and keeps idle connections by the key that its caller gives.

    timeout_s: of a whole attempt, from the look-up of the name to the last byte of the reply.
    idle_s: see Connection.  trusts: contexts of TLS by name.
    """

    def __init__(
        self,
        *,
        timeout_s: float,
        allow_private: bool,
        resolve: Resolve | None = None,
        idle_s: float = IDLE_S,
        trusts: Mapping[str, ssl.SSLContext] | None = None,
    ) -> None:
        self._timeout_s = timeout_s
        self._allow_private = allow_private
        self._names = Names(resolve or system)
        self._idle_s = idle_s
        self._trusts = trusts or {}
        self._open: set[Connection] = set()

    async def post(
        self, origin: Origin, idle: list[Connection], request: Callable[[], bytes]
    ) -> Incoming:
        """One attempt; returns the reply, to be read before anything is awaited.

        idle: connections to this origin; one is taken from its end, and put back.
        request: gives the bytes when they are about to be sent.
        A server may close an idle connection at the moment it is used again. Then, if no byte of a
        reply came, the request is sent once more on a new connection (RFC 9112, 9.3.1).
        Raises OSError, TimeoutError and ssl.SSLError among them.
        """
        deadline = asyncio.get_running_loop().time() + self._timeout_s
        while idle:
            connection = idle.pop()
            if not connection.open:
                continue
            try:
                return await connection.exchange(request(), deadline, idle)
            except UnansweredError:
                break
        async with asyncio.timeout_at(deadline):
            connection = await self._connect(origin)
        return await connection.exchange(request(), deadline, idle)

    async def close(self) -> None:
        """Close every connection."""
        self._names.close()
        for connection in tuple(self._open):
            connection.close()
        await asyncio.sleep(0)  # asyncio closes the sockets in the next round of its loop

    async def _connect(self, origin: Origin) -> Connection:
        found = await self._names.addresses(origin.host, origin.port)
        allowed = found if self._allow_private else public(found)
        if not allowed:
            raise OSError("the name has no address")
        try:
            sock = await start_connection(allowed, happy_eyeballs_delay=NEXT_ADDRESS_S)
        except OSError:
            self._names.forget(origin.host, origin.port)
            raise
        loop = asyncio.get_running_loop()
        secured: dict[str, Any] = {}
        if origin.tls:  # the certificates are not read, 30 ms, for an endpoint that has none
            secured = {
                "ssl": self._trusts[origin.trust] if origin.trust else self._tls,
                "server_hostname": origin.host.rstrip("."),
                "ssl_shutdown_timeout": CLOSE_S,
            }
        _, connection = await loop.create_connection(
            lambda: Connection(self._open.discard, idle_s=self._idle_s), sock=sock, **secured
        )
        self._open.add(connection)
        return connection

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Certificates are verified against the machine's, or those that SSL_CERT_FILE names."""
        context = ssl.create_default_context()
        context.set_alpn_protocols(["http/1.1"])
        return context

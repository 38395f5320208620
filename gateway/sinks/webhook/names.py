"""The addresses of host names."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from ipaddress import ip_address

from gateway.sinks.webhook.addresses import AddrInfo

Resolve = Callable[[str, int], Awaitable[list[AddrInfo]]]
"""Asks for the addresses of a host name and a port. Raises OSError."""
KNOWN_S = 10.0
"""How long an answer is used. A backend without keep-alive would ask for it at each event."""


async def system(host: str, port: int) -> list[AddrInfo]:
    """Ask the machine's resolver, in a thread."""
    found = await asyncio.get_running_loop().getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
    )
    return [*found]


class Names:
    """Answers of a resolver, each kept for KNOWN_S; who asks meanwhile shares one question."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._known: dict[tuple[str, int], tuple[float, list[AddrInfo]]] = {}
        self._asked: dict[tuple[str, int], asyncio.Task[list[AddrInfo]]] = {}

    async def addresses(self, host: str, port: int) -> list[AddrInfo]:
        """The addresses of a name, or of a literal one, which asks nobody. Raises OSError."""
        try:
            literal = ip_address(host.partition("%")[0])
        except ValueError:
            return await self._named(host, port)
        if literal.version == 4:
            return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", (host, port))]
        return await self._named(host, port) if "%" in host else [_six(host, port)]

    def forget(self, host: str, port: int) -> None:
        """None of a name's addresses could be reached: ask again."""
        self._known.pop((host, port), None)

    def close(self) -> None:
        """Leave the questions under way."""
        for task in self._asked.values():
            task.cancel()

    async def _named(self, host: str, port: int) -> list[AddrInfo]:
        key = (host, port)
        now = asyncio.get_running_loop().time()
        until, found = self._known.get(key, (0.0, []))
        if now < until:
            return found
        task = self._asked.get(key)
        if task is None:
            task = self._asked[key] = asyncio.ensure_future(self._ask(key))
            task.add_done_callback(_looked_at)
        return await asyncio.shield(task)

    async def _ask(self, key: tuple[str, int]) -> list[AddrInfo]:
        loop = asyncio.get_running_loop()
        try:
            found = await self._resolve(*key)
        finally:
            del self._asked[key]
        now = loop.time()
        self._known = {one: kept for one, kept in self._known.items() if now < kept[0]}
        self._known[key] = (now + KNOWN_S, found)
        return found


def _six(host: str, port: int) -> AddrInfo:
    return (socket.AF_INET6, socket.SOCK_STREAM, 0, "", (host, port, 0, 0))


def _looked_at(task: asyncio.Task[list[AddrInfo]]) -> None:
    """The caller may be gone, then nobody else looks at the error."""
    if not task.cancelled():
        task.exception()

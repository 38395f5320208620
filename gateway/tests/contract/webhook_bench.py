"""A peer over raw sockets, and how the sink `webhook` sends to it."""

import asyncio
import contextlib
import socket

from gateway.tests.contract.test_webhook import delivery, endpoint, open_sink, raw_server

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
CUT = None
"""Instead of a reply: the peer closes."""


class Peer:
    """Answers the requests of all connections in turn with `replies`, the last one for ever.

    A reply of several pieces comes with a pause of the loop between them; CUT closes.
    heads: of each request.  connections: their number.
    """

    def __init__(self, *replies):
        self._replies = list(replies)
        self.heads = []
        self.connections = 0
        self.url = ""

    async def talk(self, reader, writer):
        self.connections += 1
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                size = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
                await reader.readexactly(size)
                self.heads.append(head)
                reply = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
                for piece in reply if isinstance(reply, tuple) else (reply,):
                    if piece is CUT:
                        writer.close()
                        return
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(0.02)
        writer.close()


@contextlib.asynccontextmanager
async def scene(*replies, timeout_s=5.0, **around):
    """A peer, and how one event is sent to it."""
    peer = Peer(*replies)
    async with (
        raw_server(peer.talk) as url,
        open_sink(lambda: 0, timeout_s, allow_private=True, **around) as sink,
    ):

        async def send(to=url):
            await sink.deliver(endpoint(to), [delivery()])

        peer.url = url
        yield peer, send


class Resolving:
    """A resolver that answers every name with these addresses. asked: for which names."""

    def __init__(self, *addresses):
        self._addresses = addresses
        self.asked = []

    async def __call__(self, host, port):
        self.asked.append(host)
        kind = {True: socket.AF_INET6, False: socket.AF_INET}
        return [
            (kind[":" in one], socket.SOCK_STREAM, 0, "", (one, port)) for one in self._addresses
        ]

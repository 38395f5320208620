"""A TCP proxy that can swallow what one side says, or let a connection go silent."""

import asyncio
import contextlib


class Proxy:
    """Forwards to a port of the loopback. swallowed: bytes of the client that went nowhere.

    heard: gets what a client says, before it is forwarded.
    """

    def __init__(self, port, heard=None):
        self._to = port
        self._heard = heard
        self._pumps = []
        self._muted = False
        self._silent = 0
        self.connections = 0
        self.swallowed = 0

    @contextlib.asynccontextmanager
    async def listening(self):
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for one in self._pumps:
                one.cancel()
            await asyncio.gather(*self._pumps, return_exceptions=True)

    def mute(self):
        """From now on what the clients of the present connections say is swallowed."""
        self._muted = True
        self._silent = self.connections

    def silence(self):
        """Nothing passes the present connections any more; both sides stay open."""
        self._frozen = True
        self._muted = False
        self._silent = self.connections

    _frozen = False

    async def _serve(self, reader, writer):
        self.connections += 1
        number = self.connections
        with contextlib.suppress(OSError):
            to_reader, to_writer = await asyncio.open_connection("127.0.0.1", self._to)
            up = asyncio.ensure_future(self._pump(reader, to_writer, number, client=True))
            down = asyncio.ensure_future(self._pump(to_reader, writer, number, client=False))
            self._pumps += [up, down]

    async def _pump(self, reader, writer, number, *, client):
        try:
            while data := await reader.read(65536):
                if client and self._heard:
                    self._heard(data)
                if number <= self._silent and self._frozen:
                    await asyncio.Event().wait()
                if number <= self._silent and self._muted and client:
                    self.swallowed += len(data)
                    continue
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

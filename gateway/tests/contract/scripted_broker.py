"""A broker that is a script of bytes, for one subscriber. Source: MQTT 5.0, section 3."""

import asyncio
import contextlib

from gateway.networks import _packets
from gateway.networks._broker import Broker

CONNACK = bytes.fromhex("2003000000")
PINGRESP = bytes.fromhex("d000")


def publish(identifier, body=b"body", qos=1, topic="a/b"):
    mid = identifier.to_bytes(2, "big") if qos else b""
    return _packets._packet(0x30 | qos << 1, _packets._text(topic) + mid + b"\x00" + body)


class Scripted:
    """A broker that lets a subscriber in and then does what the test says."""

    def __init__(self, connack=CONNACK, codes=b"\x01"):
        self.connack, self.codes = connack, codes
        self.got = asyncio.Queue()
        self.connect = b""

    @contextlib.asynccontextmanager
    async def listening(self):
        self.here = asyncio.Event()
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            yield Broker(url=f"mqtt://127.0.0.1:{port}", client_id="us", topic="a/+")
            self.writer.transport.abort()
            with contextlib.suppress(OSError):
                await self.writer.wait_closed()
            await asyncio.sleep(0)

    async def _serve(self, reader, writer):
        self.reader, self.writer = reader, writer
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            self.connect = await self._packet()
            writer.write(self.connack)
            subscribe = await self._packet()
            mid = subscribe[2:4]
            writer.write(bytes([0x90, 3 + len(self.codes)]) + mid + b"\x00" + self.codes)
            self.here.set()
            while True:
                self.got.put_nowait(await self._packet())

    async def _packet(self):
        head = await self.reader.readexactly(2)
        assert head[1] < 128
        return head + await self.reader.readexactly(head[1])

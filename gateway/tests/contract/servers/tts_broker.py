"""The Things Stack's MQTT server, emulated: 3.1.1 alone, QoS 0, no session, one application.

Source: The Things Stack's documentation, integrations, MQTT server; its applicationserver/io/mqtt
and TheThingsIndustries/mystique.
"""

import asyncio
import contextlib
import json

from gateway.networks import _packets
from gateway.tests.contract.servers.tts_stack import APPLICATION, KEY

UID = f"{APPLICATION}@ttn"


def text(data, at):
    """(the text there, where the next field begins)."""
    end = at + 2 + int.from_bytes(data[at : at + 2], "big")
    return data[at + 2 : end].decode(), end


class TtsBroker:
    """stack: whose queues downlinks go into.  clients: those with a subscription."""

    def __init__(self, stack):
        self.stack = stack
        self.clients = set()
        self.refused = []

    @contextlib.asynccontextmanager
    async def serving(self):
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield self
            self.drop()

    def drop(self):
        for writer in self.clients:
            writer.transport.abort()
        self.clients.clear()

    def publish(self, device_id, kind, message):
        """To who is here now; nothing is kept for who is not."""
        topic = f"v3/{UID}/devices/{device_id}/{kind}"
        for writer in self.clients:
            writer.write(_packets.publish(topic, json.dumps(message).encode(), version=4))

    async def _serve(self, reader, writer):
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            code = self._connect((await packet(reader))[1])
            writer.write(bytes([0x20, 2, 0, code]))
            while not code:
                kind, body = await packet(reader)
                self._take(kind, body, writer)
        self.clients.discard(writer)
        writer.close()

    def _connect(self, body):
        """The return code."""
        name, at = text(body, 0)
        if name != "MQTT" or body[at] not in {3, 4}:
            return 1
        _, at = text(body, at + 4)
        user, at = text(body, at)
        return 0 if (user, text(body, at)[0]) == (UID, KEY) else 5

    def _take(self, kind, body, writer):
        match kind:
            case 0x82:
                topic, at = text(body, 2)
                ours = topic.split("/")[:2] == ["v3", UID]
                writer.write(bytes([0x90, 3]) + body[:2] + bytes([body[at] if ours else 0x80]))
                if ours:
                    self.clients.add(writer)
            case 0x30:
                topic, at = text(body, 0)
                self._deliver(topic.split("/"), json.loads(body[at:]))
            case 0xC0:
                writer.write(bytes([0xD0, 0]))
            case 0xE0:
                raise asyncio.IncompleteReadError(b"", 1)
            case _:
                raise AssertionError(f"a packet {kind:#x}, which it does not take")

    def _deliver(self, topic, message):
        """A downlink. What is wrong with it is in the server's log alone."""
        _, uid, _, device_id, _, how = topic
        if uid != UID or how not in {"push", "replace"}:
            raise AssertionError(f"a message to {topic}")
        if device_id not in self.stack.registries["as"]:
            self.refused.append(device_id)
            return
        self.stack.enqueue(device_id, how, message["downlinks"])
        ids = {"device_id": device_id, "application_ids": {"application_id": APPLICATION}}
        for one in message["downlinks"]:
            queued = {
                "end_device_ids": ids | {"dev_eui": device_id.removeprefix("eui-").upper()},
                "correlation_ids": ["as:downlink:01", *one["correlation_ids"]],
                "downlink_queued": one,
            }
            self.publish(device_id, "down/queued", queued)


async def packet(reader):
    """(first byte, what follows the length)."""
    first = (await reader.readexactly(1))[0]
    size = shift = 0
    more = 0x80
    while more & 0x80:
        more = (await reader.readexactly(1))[0]
        size |= (more & 0x7F) << shift
        shift += 7
    return first, await reader.readexactly(size)

"""The least that an acknowledgement after the commit and a signed POST cost: the roofline.

    python -m tools.bench.load.ack_after_commit MQTT_PORT URL SECRET FOLDER

A reader of MQTT 3.1.1 and a writer of HTTP that can do nothing else, one row an uplink in SQLite
(WAL, synchronous FULL), one commit for what has arrived meanwhile, one POST each, in order for a
device. What it leaves out is the gateway's work: codecs, identity, queues, retries, API.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import sqlite3
import sys
import time
from collections import deque
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import msgspec

from gateway import loop
from gateway.logs import configure
from tools.bench.load.generator import connect, packet, text

CONNECTIONS = 8
"""As many as the gateway's `delivery.parallel`."""


class Body(msgspec.Struct):
    """What of an uplink becomes the event."""

    deduplicationId: str  # noqa: N815 - ChirpStack's name
    deviceInfo: dict[str, object]  # noqa: N815 - ChirpStack's name
    fCnt: int  # noqa: N815 - ChirpStack's name
    data: str


DECODE = msgspec.json.Decoder(Body).decode
ENCODE = msgspec.json.Encoder().encode


class Post(asyncio.Protocol):
    """One connection to the backend, one request at a time."""

    def __init__(self, line: "Line") -> None:
        self._line = line

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is free."""
        self._transport = cast("asyncio.Transport", transport)
        self._line.free.append(self)

    def send(self, request: bytes) -> None:
        """Send one request."""
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """The answer, which is short: the connection is free for the next."""
        if not data.startswith(b"HTTP/1.1 204"):
            raise ValueError(data)
        self._line.free.append(self)
        self._line.go()


class Line:
    """Events that wait for a connection. One connection a device keeps its order."""

    def __init__(self, url: str, secret: str) -> None:
        parts = urlsplit(url)
        self.host = parts.hostname or ""
        self.port = parts.port or 80
        self.free: deque[Post] = deque()
        self._key = base64.b64decode(secret.removeprefix("whsec_"))
        self._waiting: deque[tuple[str, bytes]] = deque()
        self._head = f"POST {parts.path} HTTP/1.1\r\nhost: {parts.netloc}\r\n"

    def add(self, event_id: str, body: bytes) -> None:
        """Queue one event."""
        self._waiting.append((event_id, body))

    def go(self) -> None:
        """Send what can be sent."""
        while self._waiting and self.free:
            event_id, body = self._waiting.popleft()
            now = int(time.time())
            of = hmac.new(self._key, f"{event_id}.{now}.".encode() + body, hashlib.sha256)
            signature = base64.b64encode(of.digest()).decode()
            head = (
                f"{self._head}content-type: application/cloudevents+json\r\n"
                f"content-length: {len(body)}\r\nwebhook-id: {event_id}\r\n"
                f"webhook-timestamp: {now}\r\nwebhook-signature: v1,{signature}\r\n\r\n"
            )
            self.free.popleft().send(head.encode() + body)


class Reader(asyncio.Protocol):
    """PUBLISH packets to rows, to a commit, to PUBACKs and POSTs."""

    def __init__(self, line: Line, database: sqlite3.Connection) -> None:
        self._line = line
        self._database = database
        self._rest = b""
        self._rows: list[tuple[str, bytes]] = []
        self._acks = bytearray()
        self._sequence = 0
        self._busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connect and subscribe."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(
            connect("roofline") + packet(0x82, b"\x00\x01" + text("#") + b"\x01")
        )

    def data_received(self, data: bytes) -> None:
        """Take whole packets; what comes during a commit shares the next."""
        data = self._rest + data if self._rest else data
        at = 0
        size = len(data)
        while at + 4 <= size:
            length, start = _length(data, at + 1)
            if start + length > size:
                break
            if data[at] >> 4 == 3:
                self._take(data, start, start + length)
            elif data[at] >> 4 == 9:
                print(json.dumps({"listening": True}), flush=True)
            at = start + length
        self._rest = data[at:]
        if self._rows and not self._busy:
            self._busy = True
            asyncio.get_running_loop().call_soon(self._commit)

    def _take(self, data: bytes, at: int, end: int) -> None:
        body = at + 4 + (data[at] << 8 | data[at + 1])
        self._acks += b"\x40\x02" + data[body - 2 : body]
        uplink = DECODE(data[body:end])
        self._sequence += 1
        eui = uplink.deviceInfo["devEui"]
        event = {
            "specversion": "1.0",
            "id": uplink.deduplicationId,
            "source": "roofline",
            "type": "lamplighter.reading.v1",
            "subject": eui,
            "sequence": f"{self._sequence:020d}",
            "data": {"dev_eui": eui, "seq": uplink.fCnt, "frame": uplink.data},
        }
        self._rows.append((uplink.deduplicationId, ENCODE(event)))

    def _commit(self) -> None:
        rows, self._rows = self._rows, []
        acks, self._acks = bytes(self._acks), bytearray()
        with self._database:
            self._database.executemany("INSERT INTO event VALUES (?, ?)", rows)
        self._transport.write(acks)
        for row in rows:
            self._line.add(*row)
        self._line.go()
        self._busy = False


def _length(data: bytes, at: int) -> tuple[int, int]:
    """(remaining length, where what it counts begins). Source: MQTT 3.1.1, 2.2.3."""
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        at += 1
        shift += 7
        if not data[at - 1] & 0x80:
            return value, at


async def main() -> None:
    """Run until it is ended."""
    port, url, secret, folder = sys.argv[1:5]
    database = sqlite3.connect(Path(folder) / "roofline.db")
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("CREATE TABLE event (id TEXT PRIMARY KEY, body BLOB) WITHOUT ROWID")
    line = Line(url, secret)
    here = asyncio.get_running_loop()
    for _ in range(CONNECTIONS):
        await here.create_connection(lambda: Post(line), line.host, line.port)
    await here.create_connection(lambda: Reader(line, database), "127.0.0.1", int(port))
    await asyncio.Event().wait()


if __name__ == "__main__":
    configure("warning", "human")
    loop.run(main())

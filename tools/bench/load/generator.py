"""Publishes uplinks at QoS 1, all at once or each at its time; a process of its own.

    python -m tools.bench.load.generator HOST PORT

Speaks JSON lines: {"devices", "first", "count", "rate"} makes the packets, {"go": true} sends
them. A rate is an open loop: a message is due at its time, whatever became of those before it.
"""

import contextlib
import json
import socket
import sys
import time

from tools.bench.load import uplinks

CHUNK = 128
"""Packets in one write."""
IN_FLIGHT = 1024
"""Packets not yet acknowledged by the broker, so that its own replies do not pile up."""
PUBACK_BYTES = 4
"""Source: MQTT 3.1.1, 3.4: no reason codes yet, so each has the same length."""
IDS = 65535


class Publisher:
    """One MQTT 3.1.1 connection, blocking. name: its client id."""

    def __init__(self, host: str, port: int, name: str = "generator") -> None:
        self._socket = socket.create_connection((host, port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(connect(name))
        if self._socket.recv(4) != b"\x20\x02\x00\x00":
            raise ConnectionError("the broker does not let the generator in")
        self._sent = 0
        self._acknowledged_bytes = 0

    def burst(self, packets: list[bytes]) -> None:
        """Send as fast as the broker takes them; returns when it has acknowledged all."""
        for at in range(0, len(packets), CHUNK):
            self._send(packets[at : at + CHUNK])
            while self._in_flight > IN_FLIGHT:
                self._receive()
        while self._in_flight:
            self._receive()

    def paced(self, packets: list[bytes], rate: float, began: float) -> None:
        """Send each when it is due: packet n at began + n / rate, on the monotonic clock."""
        at = 0
        while at < len(packets):
            now = time.monotonic()
            due = min(int((now - began) * rate) + 1, len(packets))
            if due > at:
                self._send(packets[at:due])
                at = due
            with contextlib.suppress(BlockingIOError):
                self._receive(socket.MSG_DONTWAIT)
            time.sleep(max(began + at / rate - time.monotonic(), 0))
        while self._in_flight:
            self._receive()

    def close(self) -> None:
        """End the connection."""
        self._socket.close()

    @property
    def _in_flight(self) -> int:
        return self._sent - self._acknowledged_bytes // PUBACK_BYTES

    def _send(self, packets: list[bytes]) -> None:
        self._socket.sendall(b"".join(packets))
        self._sent += len(packets)

    def _receive(self, flags: int = 0) -> None:
        got = len(self._socket.recv(65536, flags))
        if not got:
            raise ConnectionError("the broker closed the generator's connection")
        self._acknowledged_bytes += got


def text(words: str) -> bytes:
    """A string of a packet, with its length before it."""
    return len(words).to_bytes(2, "big") + words.encode()


def connect(client_id: str) -> bytes:
    """A CONNECT for a new session without a keepalive."""
    return packet(0x10, b"\x00\x04MQTT\x04\x02\x00\x00" + text(client_id))


def packet(first: int, rest: bytes) -> bytes:
    """A control packet. Source: MQTT 3.1.1, 2.2.3, remaining length."""
    length = bytearray()
    size = len(rest)
    while True:
        size, digit = size >> 7, size & 0x7F
        length.append(digit | 0x80 * (size > 0))
        if not size:
            return bytes([first, *length]) + rest


def publish(identifier: int, topic: str, body: bytes) -> bytes:
    """A PUBLISH at QoS 1. identifier: 1..65535."""
    return packet(0x32, text(topic) + identifier.to_bytes(2, "big") + body)


def main() -> None:
    """Answer commands until stdin ends."""
    publisher = Publisher(sys.argv[1], int(sys.argv[2]))
    packets: list[bytes] = []
    rate = 0.0
    for line in sys.stdin:
        asked = json.loads(line)
        if "go" not in asked:
            made = uplinks.messages(asked["devices"], asked["first"], asked["count"])
            packets = [publish(n % IDS + 1, *one) for n, one in enumerate(made)]
            rate = asked["rate"]
            print(json.dumps({"made": len(packets)}), flush=True)
            continue
        began = time.monotonic()
        if rate:
            publisher.paced(packets, rate, began)
        else:
            publisher.burst(packets)
        print(json.dumps({"began": began, "ended": time.monotonic()}), flush=True)


if __name__ == "__main__":
    main()

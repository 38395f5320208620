"""Messages to and from the gateway over a modem's session with the broker."""

import binascii
import json
import struct

from micropython import const

_BLOB = "cellular"  # the first message number not yet reserved
_AHEAD = const(64)  # numbers reserved by a write to flash
_ACK_MS = const(20000)
_KEPT = const(8)  # ids of commands that may come again


class Messages:
    """`sent` counts what the gateway stored. signal: (RSRP dBm, SINR dB) of the last look."""

    def __init__(self, node, modem, bearer, pause):
        self._node = node
        self.modem = modem
        self._bearer = bearer
        self._pause = pause
        self.sent = 0
        self.signal = (None, None)
        self._got = []  # ids of commands that came, for the gateway to know
        self._known = []
        self._acked = None
        self._more = 0
        self._fcnt = self._limit = struct.unpack("<I", node.store.load(_BLOB) or bytes(4))[0]

    async def send(self, fport: int, data: bytes) -> bool:
        """Publish a frame until the gateway has stored it, twice at most. Raises ModemError.

        The second time it is the same message, which the gateway knows by its number.
        """
        body = self._message(fport, data)
        got = len(self._got)
        self._acked = None
        for _ in range(2):
            await self.modem.publish(body)
            if await self._acknowledged():
                del self._got[:got]
                self.sent += 1
                self._node.log("link", "port %d, %d bytes, number %d, stored" % (
                    fport, len(data), self._fcnt - 1
                ))  # fmt: skip
                return True
        return False

    def _message(self, fport, data):
        if self._fcnt >= self._limit:
            self._limit = self._fcnt + _AHEAD
            self._node.store.save(_BLOB, struct.pack("<I", self._limit))
        message = {
            "dev_eui": self._node.config["dev_eui"], "fcnt": self._fcnt, "fport": fport,
            "data": binascii.b2a_base64(data).strip().decode(), "bearer": self._bearer,
            "answer": True, "rssi_dbm": self.signal[0], "snr_db": self.signal[1],
        }  # fmt: skip
        if self._got:
            message["got"] = self._got
        self._fcnt += 1
        return json.dumps(message).encode()

    async def _acknowledged(self):
        """Wait for the gateway's word that it stored the message, and the commands after it."""
        waited = 0
        while waited < _ACK_MS and not self.modem.lost:
            self.hear()
            if self._acked == self._fcnt - 1 and self._more <= 0:
                break
            await self._pause(50)
            waited += 50
        return self._acked == self._fcnt - 1

    def hear(self) -> None:
        """Take what came down."""
        self.modem.poll()
        while self.modem.messages:
            words = self.modem.messages.pop(0).split()
            try:
                self._take(words)
            except (ValueError, IndexError):
                self._node.log("link", "a message of the gateway cannot be read")

    def _take(self, words):
        if words[0] == b"ack":
            self._acked = int(words[1])
            self._more = int(words[2])
            self._node.heard()
        elif words[0] == b"cmd":
            name = words[1].decode()
            data = binascii.a2b_base64(words[3])
            self._more -= 1
            if name not in self._known:
                self._known = self._known[1 - _KEPT :] + [name]
                self._node.received(int(words[2]), data)
            if name not in self._got:
                self._got.append(name)

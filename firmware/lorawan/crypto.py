"""AES as LoRaWAN uses it. `aes(key, mode, iv)` is MicroPython's `cryptolib.aes`, or its like.

A cipher object costs as much as four blocks, and a call per block doubles the time: CMAC goes
through one CBC call, the key stream through one ECB call on a kept object.
"""

import struct

ECB = 1
CBC = 2

try:
    from cryptolib import aes  # type: ignore[import-not-found]
except ImportError:
    from lorawan.aes_cpython import aes  # noqa: F401 - others take it from here

_ZERO = bytes(16)


def _xor(a, b) -> bytes:
    """Bytes of equal length, one long integer each: a loop costs 20 us a byte on the device."""
    mixed = int.from_bytes(a, "little") ^ int.from_bytes(b, "little")
    return mixed.to_bytes(len(a), "little")


class Key:
    """One 128-bit key with what is derived from it: its ECB cipher and its CMAC subkeys."""

    def __init__(self, aes, key: bytes):
        self.key = key
        self._aes = aes
        self.ecb = aes(key, ECB)
        one = self._double(int.from_bytes(self.ecb.encrypt(_ZERO), "big"))
        self._one = one.to_bytes(16, "big")
        self._two = self._double(one).to_bytes(16, "big")

    @staticmethod
    def _double(value):
        value <<= 1
        return value ^ (1 << 128 | 0x87) if value >> 128 else value

    def cmac(self, message: bytes) -> bytes:
        """AES-CMAC of a message, 16 bytes. Source: RFC 4493, 2.4."""
        whole = message and not len(message) & 15
        if not whole:
            message += b"\x80" + _ZERO[: 15 - (len(message) & 15)]
        last = _xor(message[-16:], self._one if whole else self._two)
        return self._aes(self.key, CBC, _ZERO).encrypt(message[:-16] + last)[-16:]

    def mic(self, down: int, addr: bytes, fcnt: int, message: bytes) -> bytes:
        """The 4 bytes that prove a data frame. addr: 4 bytes as on air. fcnt: all 32 bits."""
        head = struct.pack("<B4xB4sIBB", 0x49, down, addr, fcnt, 0, len(message))
        return self.cmac(head + message)[:4]

    def crypt(self, down: int, addr: bytes, fcnt: int, data: bytes) -> bytes:
        """Encrypt or decrypt an FRMPayload."""
        if not data:
            return b""
        stream = b"".join(
            [
                struct.pack("<B4xB4sIBB", 1, down, addr, fcnt, 0, block + 1)
                for block in range((len(data) + 15) // 16)
            ]
        )
        return _xor(data, self.ecb.encrypt(stream)[: len(data)])

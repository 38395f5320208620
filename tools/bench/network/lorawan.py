"""LoRaWAN 1.0.x frames and cryptography, the bench's own: no code of a device is in it.

Identifiers (DevEUI, JoinEUI, DevAddr, NetID) are lower-case hex in display order (big-endian); on
air they are little-endian. Counters are the full 32 bits; on air travel the lower 16.
Source: TS001-1.0.4, chapters 4 (data frames), 6.2 (activation).
"""

from dataclasses import dataclass, replace
from enum import IntEnum
from hmac import compare_digest
from typing import Self

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from cryptography.hazmat.primitives.cmac import CMAC

MIC_BYTES = 4
UP, DOWN = 0, 1


class FrameError(ValueError):
    """The bytes are no LoRaWAN 1.0.x frame of the asked kind; whoever sent them acts next."""


class MType(IntEnum):
    """Message type, bits 7..5 of the MHDR."""

    JOIN_REQUEST = 0
    JOIN_ACCEPT = 1
    UNCONFIRMED_UP = 2
    UNCONFIRMED_DOWN = 3
    CONFIRMED_UP = 4
    CONFIRMED_DOWN = 5
    REJOIN_REQUEST = 6
    PROPRIETARY = 7


def mtype(phy: bytes) -> MType:
    """Message type of a frame. Raises FrameError for one that is empty or of another major."""
    if not phy or phy[0] & 0x03:
        raise FrameError("empty, or of another major version than LoRaWAN R1")
    return MType(phy[0] >> 5)


def aes_encrypt(key: bytes, blocks: bytes) -> bytes:
    """AES-128 ECB over whole blocks."""
    encryptor = Cipher(AES(key), ECB()).encryptor()  # noqa: S305 - LoRaWAN is built on ECB
    return encryptor.update(blocks) + encryptor.finalize()


def aes_decrypt(key: bytes, blocks: bytes) -> bytes:
    """The inverse of `aes_encrypt`."""
    decryptor = Cipher(AES(key), ECB()).decryptor()  # noqa: S305 - LoRaWAN is built on ECB
    return decryptor.update(blocks) + decryptor.finalize()


def cmac(key: bytes, message: bytes) -> bytes:
    """AES-CMAC, 16 bytes. Source: RFC 4493."""
    code = CMAC(AES(key))
    code.update(message)
    return code.finalize()


def session_keys(
    app_key: bytes, join_nonce: int, net_id: str, dev_nonce: int
) -> tuple[bytes, bytes]:
    """NwkSKey and AppSKey of a 1.0.x session. Source: TS001-1.0.4, 6.2.6."""
    seed = join_nonce.to_bytes(3, "little") + _wire(net_id) + dev_nonce.to_bytes(2, "little")
    nwk, app = (aes_encrypt(app_key, bytes([n]) + seed + bytes(7)) for n in (1, 2))
    return nwk, app


@dataclass(frozen=True)
class JoinRequest:
    """A join-request. dev_nonce: 0..65535."""

    join_eui: str
    dev_eui: str
    dev_nonce: int
    mic: bytes = b""

    @classmethod
    def parse(cls, phy: bytes) -> Self:
        """Read 23 bytes. Raises FrameError for another size or type."""
        if len(phy) != 23 or mtype(phy) is not MType.JOIN_REQUEST:
            raise FrameError("no join-request of 23 bytes")
        nonce = int.from_bytes(phy[17:19], "little")
        return cls(_text(phy[1:9]), _text(phy[9:17]), nonce, phy[19:])

    def _signed(self) -> bytes:
        nonce = self.dev_nonce.to_bytes(2, "little")
        return b"\x00" + _wire(self.join_eui) + _wire(self.dev_eui) + nonce

    def valid(self, app_key: bytes) -> bool:
        """Whether the MIC was made with this key."""
        return compare_digest(cmac(app_key, self._signed())[:MIC_BYTES], self.mic)

    def encode(self, app_key: bytes) -> bytes:
        """The frame on air, signed."""
        signed = self._signed()
        return signed + cmac(app_key, signed)[:MIC_BYTES]


@dataclass(frozen=True)
class JoinAccept:
    """A join-accept. rx_delay_s: 0 and 1 both mean 1 s.  cf_list: up to five frequencies in Hz."""

    join_nonce: int
    net_id: str
    dev_addr: str
    rx1_dr_offset: int = 0
    rx2_dr: int = 0
    rx_delay_s: int = 1
    cf_list: tuple[int, ...] = ()

    def encode(self, app_key: bytes) -> bytes:
        """The frame on air: signed, then *decrypted*, so that a node only has to encrypt."""
        settings = bytes([self.rx1_dr_offset << 4 | self.rx2_dr, self.rx_delay_s])
        body = self.join_nonce.to_bytes(3, "little") + _wire(self.net_id)
        body += _wire(self.dev_addr) + settings
        if self.cf_list:
            channels = [hz // 100 for hz in self.cf_list] + [0] * (5 - len(self.cf_list))
            body += b"".join(c.to_bytes(3, "little") for c in channels) + b"\x00"
        head = bytes([MType.JOIN_ACCEPT << 5])
        return head + aes_decrypt(app_key, body + cmac(app_key, head + body)[:MIC_BYTES])

    @classmethod
    def decode(cls, phy: bytes, app_key: bytes) -> Self:
        """Read it as a node does. Raises FrameError for a wrong size, type or MIC."""
        if len(phy) not in {17, 33} or mtype(phy) is not MType.JOIN_ACCEPT:
            raise FrameError("no join-accept of 17 or 33 bytes")
        clear = aes_encrypt(app_key, phy[1:])
        body, mic = clear[:-MIC_BYTES], clear[-MIC_BYTES:]
        if not compare_digest(cmac(app_key, phy[:1] + body)[:MIC_BYTES], mic):
            raise FrameError("the MIC of the join-accept does not fit the key")
        found = (
            int.from_bytes(body[i : i + 3], "little") * 100 for i in range(12, len(body) - 1, 3)
        )
        return cls(
            int.from_bytes(body[:3], "little"), _text(body[3:6]), _text(body[6:10]),
            body[10] >> 4 & 7, body[10] & 15, body[11] & 15, tuple(hz for hz in found if hz),
        )  # fmt: skip


@dataclass(frozen=True)
class DataFrame:
    """A data frame, either way. payload: encrypted, as on air; use `encode` and `plaintext`.

    bit6: ADRACKReq of an uplink, reserved in a downlink.  bit4: FPending of a downlink, class B of
    an uplink.  f_cnt: the lower 16 bits after `parse`, all 32 in what `encode` takes.
    """

    mtype: MType
    dev_addr: str
    f_cnt: int
    f_port: int | None = None
    payload: bytes = b""
    f_opts: bytes = b""
    adr: bool = False
    bit6: bool = False
    ack: bool = False
    bit4: bool = False
    raw: bytes = b""

    @property
    def confirmed(self) -> bool:
        """Whether it asks for an acknowledgement."""
        return self.mtype in {MType.CONFIRMED_UP, MType.CONFIRMED_DOWN}

    @property
    def direction(self) -> int:
        """UP or DOWN."""
        return UP if self.mtype in {MType.UNCONFIRMED_UP, MType.CONFIRMED_UP} else DOWN

    @classmethod
    def parse(cls, phy: bytes) -> Self:
        """Read a frame without its keys. Raises FrameError for a wrong type or a cut frame."""
        kind = mtype(phy)
        if kind not in {2, 3, 4, 5}:
            raise FrameError("no data frame")
        control = phy[5] if len(phy) >= 12 else 0
        end = 8 + (control & 15)
        rest = phy[end:-MIC_BYTES]
        if len(phy) < end + MIC_BYTES or (rest[:1] == b"\x00" and control & 15):
            raise FrameError("a cut data frame, or one with FOpts beside FPort 0")
        return cls(
            kind, _text(phy[1:5]), int.from_bytes(phy[6:8], "little"), rest[0] if rest else None,
            rest[1:], phy[8:end], bool(control & 0x80), bool(control & 0x40),
            bool(control & 0x20), bool(control & 0x10), phy,
        )  # fmt: skip

    def valid(self, nwk_s_key: bytes, f_cnt: int) -> bool:
        """Whether the MIC of the parsed frame fits this key and full counter."""
        return compare_digest(
            self._mic(nwk_s_key, f_cnt, self.raw[:-MIC_BYTES]), self.raw[-MIC_BYTES:]
        )

    def plaintext(self, key: bytes, f_cnt: int) -> bytes:
        """FRMPayload in clear. key: AppSKey, or NwkSKey for FPort 0."""
        return self._crypt(key, f_cnt, self.payload)

    def encode(self, nwk_s_key: bytes, app_s_key: bytes) -> bytes:
        """The frame on air, of a frame whose payload is in clear and whose f_cnt has 32 bits.

        Raises FrameError for FOpts of more than 15 bytes, or FOpts beside FPort 0.
        """
        if len(self.f_opts) > 15 or (self.f_opts and self.f_port == 0):
            raise FrameError("FOpts take 15 bytes, and none beside FPort 0")
        flags = self.adr << 7 | self.bit6 << 6 | self.ack << 5 | self.bit4 << 4
        head = bytes([self.mtype << 5]) + _wire(self.dev_addr)
        head += bytes([flags | len(self.f_opts)]) + (self.f_cnt & 0xFFFF).to_bytes(2, "little")
        head += self.f_opts
        if self.f_port is not None:
            key = app_s_key if self.f_port else nwk_s_key
            head += bytes([self.f_port]) + self._crypt(key, self.f_cnt, self.payload)
        return head + self._mic(nwk_s_key, self.f_cnt, head)

    def _block(self, first: int, f_cnt: int, last: int) -> bytes:
        counter = f_cnt.to_bytes(4, "little")
        return (
            bytes([first, 0, 0, 0, 0, self.direction])
            + _wire(self.dev_addr) + counter + bytes([0, last])
        )  # fmt: skip

    def _mic(self, nwk_s_key: bytes, f_cnt: int, signed: bytes) -> bytes:
        return cmac(nwk_s_key, self._block(0x49, f_cnt, len(signed)) + signed)[:MIC_BYTES]

    def _crypt(self, key: bytes, f_cnt: int, data: bytes) -> bytes:
        count = -(-len(data) // 16)
        stream = b"".join(self._block(1, f_cnt, i + 1) for i in range(count))
        stream = aes_encrypt(key, stream) if stream else b""
        return bytes(a ^ b for a, b in zip(data, stream, strict=False))

    def clear(self, nwk_s_key: bytes, app_s_key: bytes, f_cnt: int) -> Self:
        """The parsed frame with its payload in clear and its full counter."""
        key = nwk_s_key if self.f_port == 0 else app_s_key
        return replace(self, f_cnt=f_cnt, payload=self.plaintext(key, f_cnt))


def full_f_cnt(expected: int, received16: int) -> int:
    """The 32-bit counter that a 16-bit one means when `expected` comes next.

    One behind the expected is taken for a repeated frame; anything else for a jump ahead.
    """
    if received16 == (expected - 1) & 0xFFFF and expected:
        return expected - 1
    return expected + ((received16 - expected) & 0xFFFF)


def _wire(text: str) -> bytes:
    return bytes.fromhex(text)[::-1]


def _text(wire: bytes) -> str:
    return wire[::-1].hex()

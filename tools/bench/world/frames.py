"""What Python and the world's process exchange: frames of the air, and bytes."""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class RxPacket:
    """A frame as one radio gateway received it. `time_us` is its end; `code_rate` like "4/5"."""

    gateway_id: str
    time_us: int
    frequency_hz: int
    sf: int
    bandwidth_hz: int
    code_rate: str
    rssi_dbm: float
    snr_db: float
    channel: int
    crc_ok: bool
    payload: bytes


@dataclass(frozen=True, slots=True)
class TxPacket:
    """A frame for a radio gateway to send at `time_us`, or at once when that is None."""

    time_us: int | None
    frequency_hz: int
    sf: int
    bandwidth_hz: int
    power_dbm: float
    payload: bytes
    inverted: bool = True


def received(frame: dict[str, Any]) -> RxPacket:
    """A frame from the process's JSON. Its end is rounded up to a microsecond."""
    return RxPacket(
        gateway_id=frame["gateway_id"],
        time_us=-(-int(frame["end_ns"]) // 1000),
        frequency_hz=frame["frequency_hz"],
        sf=frame["sf"],
        bandwidth_hz=frame["bandwidth_hz"],
        code_rate=frame["code_rate"],
        rssi_dbm=frame["rssi_dbm"],
        snr_db=frame["snr_db"],
        channel=frame["channel"],
        crc_ok=frame["crc_ok"],
        payload=base64.b64decode(frame["payload"]),
    )


def packed(data: bytes) -> str:
    """Bytes as they are exchanged: zlib, then base64."""
    return base64.b64encode(zlib.compress(data, 1)).decode()


def unpacked(text: str) -> bytes:
    """The reverse of `packed`."""
    return zlib.decompress(base64.b64decode(text))

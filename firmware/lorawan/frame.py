"""Frames as they are on air. Source: LoRaWAN TS001-1.0.4, chapters 4 and 6.2."""

import struct

from lorawan import const

_HALF_MIN = const(3)  # symbols of half a window
_HALF_MAX = const(124)  # an SX126x counts to 248, 13.4.9
_MHDR = const(0xE3)  # message type and major version; the bits between are RFU: ignored

UP = 0
DOWN = 1
ADR = 0x80
ADR_ACK_REQ = 0x40
ACK = 0x20
PENDING = 0x10


def low_rate(sf: int, bw_hz: int) -> bool:
    """Low data rate optimisation: on when a symbol takes 16 ms or more.

    Source: SX1261/2 datasheet rev 2.1, 6.1.1.4.
    """
    return (1 << sf) * 1000 >= 16 * bw_hz


def time_on_air_us(sf: int, bw_hz: int, size: int, crc: bool = True) -> int:
    """Time a frame occupies the channel.

    sf: 7..12.  bw_hz: 125_000 | 250_000 | 500_000.  size: PHYPayload bytes.
    crc: uplinks have one, downlinks have none.
    Returns microseconds; explicit header, coding rate 4/5, 8-symbol preamble.
    Source: SX1261/2 datasheet rev 2.1, 6.1.4.
    """
    slow = 2 if low_rate(sf, bw_hz) else 0
    bits = 8 * size - 4 * sf + (44 if crc else 28)
    symbols = 8 + max(-(-bits // (4 * (sf - slow))), 0) * 5
    quarter_us = (1 << sf) * 250000 // bw_hz
    return (symbols * 4 + 49) * quarter_us


def window(symbol_us: int, error_us: int) -> tuple:
    """(symbols, offset in us from the nominal start) of a receive window.

    Six symbols of a preamble are enough, begun up to `error_us` early or late; the window never
    opens after the nominal start and ends before the next one. Symbols are even, for an SX126x
    counts pairs of them: its middle would be half a symbol late.
    Source: TS001-1.0.4, 3.3; LoRaMac's window formula.
    """
    half = max(min(2 - -error_us // symbol_us, 450000 // symbol_us, _HALF_MAX), _HALF_MIN)
    return 2 * half, min((4 - half) * symbol_us, 0)


def uplink(
    session, fctrl: int, fopts: bytes, fport: "int | None", data: bytes, confirmed
) -> bytes:
    """A data frame with the session's FCntUp."""
    fcnt = session.fcnt_up
    addr = session.addr
    body = struct.pack(
        "<B4sBH", 0x80 if confirmed else 0x40, addr, fctrl | len(fopts), fcnt & 0xFFFF
    )
    body += fopts
    if fport is not None:
        key = session.app if fport else session.nwk
        body += bytes([fport]) + key.crypt(UP, addr, fcnt, data)
    return body + session.nwk.mic(UP, addr, fcnt, body)


def downlink(session, data: bytes) -> "tuple | None":
    """(fcnt, fctrl, fopts, fport | None, payload, confirmed), or None if not a new one to us.

    Refuses wrong types, lengths, addresses, codes and counters that are not above the last.
    """
    if len(data) < 12 or data[0] & _MHDR not in (0x60, 0xA0) or data[1:5] != session.addr:
        return None
    fctrl = data[5]
    start = 8 + (fctrl & 15)
    if start > len(data) - 4:
        return None
    fcnt = next_counter(session.fcnt_down, data[6] | data[7] << 8)
    if session.nwk.mic(DOWN, session.addr, fcnt, data[:-4]) != data[-4:]:
        return None
    fport = None
    payload = b""
    if start < len(data) - 4:
        fport = data[start]
        if not fport and fctrl & 15:
            return None
        key = session.app if fport else session.nwk
        payload = key.crypt(DOWN, session.addr, fcnt, data[start + 1 : -4])
    return fcnt, fctrl, data[8:start], fport, payload, data[0] & _MHDR == 0xA0


def next_counter(last: int, low: int) -> int:
    """The 32-bit counter above `last` (-1: none yet) that has these low 16 bits."""
    fcnt = low if last < 0 else (last & ~0xFFFF) | low
    return fcnt if fcnt > last else fcnt + 0x10000

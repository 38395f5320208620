"""Join-Request, Join-Accept, and the session that begins with it. Loaded and unloaded with `join`.

Source: LoRaWAN TS001-1.0.4, chapter 6.2.
"""

import struct

from lorawan import plan as plans


def request(key, join_eui: bytes, dev_eui: bytes, dev_nonce: int) -> bytes:
    """A Join-Request. key: the AppKey. EUIs in the order they are printed."""
    flipped = bytes(reversed(dev_eui + join_eui))
    body = b"\x00" + flipped + struct.pack("<H", dev_nonce)
    return body + key.cmac(body)[:4]


def accept_fields(key, data: bytes) -> "bytes | None":
    """A Join-Accept's fields from JoinNonce to CFList, or None if it is none or not for us.

    The RFU bits of MHDR are ignored.
    """
    if len(data) not in (17, 33) or data[0] & 0xE3 != 0x20:
        return None
    clear = data[:1] + key.ecb.encrypt(data[1:])
    return clear[1:-4] if key.cmac(clear[:-4])[:4] == clear[-4:] else None


def session_keys(key, fields: bytes, dev_nonce: int) -> tuple:
    """(NwkSKey, AppSKey) from a Join-Accept's fields."""
    tail = fields[:6] + struct.pack("<H", dev_nonce) + bytes(7)
    return key.ecb.encrypt(b"\x01" + tail), key.ecb.encrypt(b"\x02" + tail)


def begin(session, fields: bytes, dev_nonce: int, dr: int) -> None:
    """Set a session's counters and parameters from a Join-Accept's fields.

    dr: data rate of the Join-Request, kept where the channels allow it.
    """
    plan = session.plan
    region = plan.region
    setup = plans.setup(plan)
    setup.begin(plan, fields[12:])
    session.fcnt_up = 0
    session.reserved = 0
    session.unanswered = 0
    session.fcnt_down = -1
    session.tag = dev_nonce
    session.addr = fields[6:10]
    session.rx1_offset = min(fields[10] >> 4 & 7, len(region.RX1_OFFSETS) - 1)
    session.rx2_dr = fields[10] & 15
    if not setup.receives(plan, session.rx2_dr):
        session.rx2_dr = region.RX2_DR
    session.rx2_freq = region.RX2_FREQ
    session.rx_delay_s = fields[11] & 15 or 1
    session.dr = dr if plan.usable(dr) else plan.lowest_dr
    session.power = 0
    session.repeats = 1
    session.duty = 0

"""MAC commands of the network, and ADR's back-off without answers, applied to the session.

Loaded when a downlink brings some and unloaded after: they are rare, and bytecode occupies heap.
Source: TS001-1.0.4, 4.3.1.1 and chapter 5.
"""

from lorawan.duty import band
from lorawan.plan import limits, setup

_SIZES = b"\xff\xff\2\4\1\4\0\5\1\1\4\xff\xff\5"
"""Bytes after each command identifier a network sends; 255, longer than a frame: not of 1.0.4."""

_EIRP_DBM = b"\x08\x0a\x0c\x0d\x0e\x10\x12\x14\x15\x18\x1a\x1b\x1d\x1e\x21\x24"
"""MaxEIRP of TxParamSetupReq. Source: TS001-1.0.4, 5.9."""

GPS_EPOCH_S = 315964800
LEAP_S = 18
"""Unix time is GPS time + the epoch - the leap seconds. Source: IERS Bulletin C, 2017 on."""


def split(stream: bytes) -> list:
    """[(cid, fields)] up to the first unknown or cut command."""
    found = []
    at = 0
    while at < len(stream):
        cid = stream[at]
        if cid >= len(_SIZES) or at + _SIZES[cid] >= len(stream):
            break
        found.append((cid, stream[at + 1 : at + 1 + _SIZES[cid]]))
        at += 1 + _SIZES[cid]
    return found


def apply(mac, stream: bytes, snr: int) -> bool:
    """Apply a downlink's commands in order. True when the session changed.

    mac: has `session`, `plan`, `answers`, `windows.tx_end_us`, `battery()`, `link`, `on_time`.
    snr: dB of the frame that brought them.
    """
    changed = False
    block = []
    for cid, fields in split(stream):
        if cid == 0x03:
            block.append(fields)
            continue
        changed = _link_adr(mac, block) or changed
        block = []
        changed = _one(mac, cid, fields, snr) or changed
    changed = _link_adr(mac, block) or changed
    if changed:
        _repair(mac.session, mac.plan)
    return changed


def _link_adr(mac, block: list) -> bool:
    """Apply a contiguous block, whole or not at all. True when the session changed.

    block: the fields of each LinkADRReq. Every request gets the same answer.
    """
    if not block:
        return False
    session = mac.session
    plan = mac.plan
    masked = setup(plan).masked
    mask = plan.mask
    for fields in block:
        control = fields[3] >> 4 & 7
        if mask is not None:
            mask = masked(plan, mask, control, fields[1] | fields[2] << 8)
    last = block[-1]
    dr = last[0] >> 4
    power = last[0] & 15
    repeats = last[3] & 15
    dr = session.dr if dr == 15 else dr
    power = session.power if power == 15 else power
    good = bool(mask) | _reaches(plan, mask or plan.mask, dr) << 1
    good |= (power <= plan.region.POWER_MAX) << 2
    for _ in block:
        mac.answers.add(0x03, good)
    if good != 7:
        return False
    plan.mask = mask
    session.dr = dr
    session.power = power
    session.repeats = repeats or 1
    return True


def _reaches(plan, mask, dr):
    """Does an enabled channel of `mask` allow the data rate?"""
    before = plan.mask
    plan.mask = mask
    found = plan.usable(dr)
    plan.mask = before
    return bool(found)


def back_off(session) -> None:
    """ADR without an answer: more power, then slower, then the region's channels.

    Called at 96 uplinks without a class A downlink, and every 32 from there.
    Source: TS001-1.0.4, 4.3.1.1.
    """
    plan = session.plan
    if session.power:
        session.power = 0
    elif session.dr and plan.usable(session.dr - 1):
        session.dr -= 1
    else:
        session.repeats = 1
        setup(plan).enable_own(plan)


def _repair(session, plan):
    """The commands may have left no channel for the data rate."""
    if plan.usable(session.dr):
        return
    session.dr = max(min(session.dr, plan.region.CHANNEL_DR[1]), plan.lowest_dr)
    if not plan.usable(session.dr):
        setup(plan).enable_own(plan)


def _one(mac, cid, fields, snr):
    session = mac.session
    answers = mac.answers
    if cid == 0x02:
        mac.link = fields[0], fields[1]
    elif cid == 0x04:
        session.duty = fields[0] & 15
        answers.add(cid)
        return True
    elif cid == 0x06:
        answers.add(cid, mac.battery(), max(-32, min(31, snr)) & 63)
    elif cid == 0x08:
        session.rx_delay_s = fields[0] & 15 or 1
        answers.add(cid)
        return True
    elif cid == 0x0D:
        unix_s = int.from_bytes(fields[:4], "little") + GPS_EPOCH_S - LEAP_S
        mac.on_time(unix_s * 1000000 + fields[4] * 1000000 // 256, mac.windows.tx_end_us)
    else:
        return _CHANGES[cid](mac, fields)
    return False


def _frequency(fields):
    """Of three bytes, in 100 Hz."""
    return int.from_bytes(fields, "little") * 100


def _rx_param(mac, fields):
    session = mac.session
    plan = mac.plan
    offset = fields[0] >> 4 & 7
    dr = fields[0] & 15
    freq = _frequency(fields[1:])
    good = (
        (band(plan.region.BANDS, freq) >= 0)
        | setup(plan).receives(plan, dr) << 1
        | (offset < len(plan.region.RX1_OFFSETS)) << 2
    )
    mac.answers.add(0x05, good)
    if good != 7:
        return False
    session.rx1_offset = offset
    session.rx2_dr = dr
    session.rx2_freq = freq
    return True


def _new_channel(mac, fields):
    plan = mac.plan
    define = setup(plan).new_channel
    if not define:
        return False
    rates = fields[4]
    good = define(plan, fields[0], _frequency(fields[1:4]), rates & 15, rates >> 4)
    mac.answers.add(0x07, good)
    return good == 3


def _tx_param(mac, fields):
    plan = mac.plan
    if plan.region.DWELL is None:
        return False
    limits.limit(plan, _EIRP_DBM[fields[0] & 15], fields[0] >> 4 & 3)
    mac.answers.add(0x09)
    return True


def _dl_channel(mac, fields):
    plan = mac.plan
    move = setup(plan).dl_channel
    if not move:
        return False
    good = move(plan, fields[0], _frequency(fields[1:]))
    mac.answers.add(0x0A, good)
    return good == 3


_CHANGES = {0x05: _rx_param, 0x07: _new_channel, 0x09: _tx_param, 0x0A: _dl_channel}

"""MAC commands of the network, applied to the session. Source: TS001-1.0.4, chapter 5.

Loaded when a downlink brings some and unloaded after: they are rare, and bytecode is heap.
"""

_SIZES = (0, 0, 2, 4, 1, 4, 0, 5, 1, 1, 4, 0, 0, 5)
"""Bytes after each command identifier a network sends; 0, 1, 11 and 12 are not of 1.0.4."""


def split(stream: bytes) -> list:
    """[(cid, fields)] up to the first unknown or cut command."""
    found = []
    at = 0
    while at < len(stream):
        cid = stream[at]
        if not 2 <= cid < len(_SIZES) or cid in (11, 12) or at + _SIZES[cid] >= len(stream):
            break
        found.append((cid, stream[at + 1 : at + 1 + _SIZES[cid]]))
        at += 1 + _SIZES[cid]
    return found


def apply(mac, stream: bytes, snr: int) -> bool:
    """Apply a downlink's commands in order. True when the session changed.

    mac: has `session`, `region`, `answers`, `battery()`, `on_link`, `on_gps` (see mac.py).
    snr: dB of the frame that brought them.
    """
    changed = False
    block = []
    for cid, fields in split(stream):
        if cid == 0x03:
            block.append(fields)
            continue
        changed |= _link_adr(mac, block)
        block = []
        changed |= _one(mac, cid, fields, snr)
    changed |= _link_adr(mac, block)
    session = mac.session
    if changed and not session.usable(session.dr):  # its last channel was taken away
        session.first_channels()
        session.dr = min(session.dr, mac.region.CHANNEL_DR[1])
    return changed


def _one(mac, cid, fields, snr):
    session = mac.session
    answers = mac.answers
    if cid == 0x02:
        mac.on_link(fields[0], fields[1])
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
        mac.on_gps(int.from_bytes(fields[:4], "little"), fields[4])
    else:
        change = {0x05: _rx_param, 0x07: _new_channel, 0x0A: _dl_channel}.get(cid)
        return bool(change) and change(session, mac.region, answers, fields)
    return False


def _frequency(fields):
    """Three bytes, in 100 Hz."""
    return (fields[0] | fields[1] << 8 | fields[2] << 16) * 100


def _allowed(region, freq):
    return region.band(freq) >= 0


def _rx_param(session, region, answers, fields):
    offset, dr, freq = fields[0] >> 4 & 7, fields[0] & 15, _frequency(fields[1:])
    good = (
        _allowed(region, freq)
        | (dr < len(region.DATARATES)) << 1
        | (offset <= region.RX1_OFFSET_MAX) << 2
    )
    answers.add(0x05, good)
    if good == 7:
        session.rx1_offset, session.rx2_dr, session.rx2_freq = offset, dr, freq
    return good == 7


def _new_channel(session, region, answers, fields):
    at, freq = fields[0], _frequency(fields[1:4])
    low, high = fields[4] & 15, fields[4] >> 4
    new = len(region.CHANNELS) <= at < region.CHANNELS_MAX
    good = (new and (not freq or _allowed(region, freq))) | (
        new and low <= high < len(region.DATARATES)
    ) << 1
    answers.add(0x07, good)
    if good != 3:
        return False
    channels = session.channels
    while len(channels) <= at:
        channels.append([0, 0, 0])
    channels[at] = [freq, freq, fields[4]]
    session.mask = session.mask | 1 << at if freq else session.mask & ~(1 << at)
    return True


def _dl_channel(session, region, answers, fields):
    at, freq = fields[0], _frequency(fields[1:])
    known = at < len(session.channels) and session.channels[at][0] > 0
    good = _allowed(region, freq) | known << 1
    answers.add(0x0A, good)
    if good == 3:
        session.channels[at][1] = freq
    return good == 3


def _link_adr(mac, block):
    """A contiguous block is applied whole or not at all; every request gets the same answer."""
    if not block:
        return False
    session, region = mac.session, mac.region
    defined = sum([1 << at for at, channel in enumerate(session.channels) if channel[0]])
    mask = session.mask
    for fields in block:
        control = fields[3] >> 4 & 7
        if mask is not None:
            mask = region.apply_mask(mask, control, fields[1] | fields[2] << 8, defined)
    last = block[-1]
    dr, power, repeats = last[0] >> 4, last[0] & 15, last[3] & 15
    dr = session.dr if dr == 15 else dr
    power = session.power if power == 15 else power
    good = bool(mask) | _reaches(session, region, mask or session.mask, dr) << 1
    good |= (power <= region.POWER_MAX) << 2
    for _ in block:
        mac.answers.add(0x03, good)
    if good != 7:
        return False
    session.mask, session.dr, session.power, session.repeats = mask, dr, power, repeats or 1
    return True


def _reaches(session, region, mask, dr):
    """Does an enabled channel of `mask` allow the data rate?"""
    if dr >= len(region.DATARATES):
        return False
    before, session.mask = session.mask, mask
    found = session.usable(dr)
    session.mask = before
    return bool(found)


def back_off(session) -> None:
    """ADR without an answer: more power, then slower, then the region's channels.

    Called at 96 uplinks without a class A downlink, and every 32 from there.
    Source: TS001-1.0.4, 4.3.1.1.
    """
    if session.power:
        session.power = 0
    elif session.dr and session.usable(session.dr - 1):
        session.dr -= 1
    else:
        session.repeats = 1
        session.first_channels()

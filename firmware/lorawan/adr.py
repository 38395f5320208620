"""Adaptive data rate on the device: LinkADRReq, and the back-off without answers.

Source: TS001-1.0.4, 4.3.1.1 and 5.3.
"""

from lorawan.plan import setup


def link_adr(mac, block: list) -> bool:
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

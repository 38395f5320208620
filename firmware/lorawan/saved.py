"""A session's keys and parameters as a blob: loaded at a start, saved when they change.

The head; then (layout 1) region, EIRP limit and dwell, channel mask, each with its length where it
varies, and the plan's own part. Layout 0 had no region, since there was one, a mask of 16 bits and
a count of channels: files written then are still read.
"""

import struct

from lorawan.plan import limits, setup
from lorawan.session import FRAMES

_HEAD = "<4sH4s16s16sBBBBIBBB"  # ... RX1 offset, RX2 DR, delay, layout << 4 | MaxDutyCycle ...
_LAYOUT = 1
_OLD = "<HB"  # layout 0: mask, number of channels
_OLD_REGION = b"eu868"


def _region(plan):
    """The name of the region's file."""
    return plan.region.__name__.rsplit(".", 1)[-1].encode()


def save(session) -> None:
    """On flash when it returns, if it can be written: else see `session.kept`."""
    if session.fcnt_up and not session.kept:
        return
    plan = session.plan
    head = struct.pack(
        _HEAD, session.identity, session.tag, session.addr, session.nwk.key, session.app.key,
        session.rx1_offset, session.rx2_dr, session.rx_delay_s, session.duty | _LAYOUT << 4,
        session.rx2_freq, session.dr, session.power, session.repeats,
    )  # fmt: skip
    region = _region(plan)
    size = 1
    while plan.mask >> 8 * size:
        size += 1
    tail = bytes((len(region),)) + region + bytes((plan.eirp_dbm, plan.dwell, size))
    tail += plan.mask.to_bytes(size, "little") + setup(plan).pack(plan)
    session.kept = True
    try:
        session.store.save("session", head + tail)
    except OSError:
        session.kept = bool(session.fcnt_up)


def load(session) -> bool:
    """Resume the saved session. False where there is none for this identity and region."""
    blob = session.store.load("session")
    if not blob or blob[:4] != session.identity:
        return False
    size = struct.calcsize(_HEAD)
    fields = struct.unpack(_HEAD, blob[:size])
    layout = fields[8] >> 4
    if not (_channels if layout == _LAYOUT else _old_channels)(session.plan, blob[size:]):
        return False
    (
        _, session.tag, session.addr, nwk, app,
        session.rx1_offset, session.rx2_dr, session.rx_delay_s, duty, session.rx2_freq,
        session.dr, session.power, session.repeats,
    ) = fields  # fmt: skip
    session.duty = duty & 15
    session.set_keys(nwk, app)
    _counters(session)
    return True


def _channels(plan, blob):
    """Take what follows the head. False when it is another region's."""
    at = 1 + blob[0]
    if blob[1:at] != _region(plan):
        return False
    limits.limit(plan, blob[at], blob[at + 1])
    end = at + 3 + blob[at + 2]
    plan.mask = int.from_bytes(blob[at + 3 : end], "little")
    setup(plan).unpack(plan, blob[end:])
    return True


def _old_channels(plan, blob):
    """The same of layout 0."""
    if _region(plan) != _OLD_REGION:
        return False
    size = struct.calcsize(_OLD)
    plan.mask = struct.unpack(_OLD, blob[:size])[0]
    setup(plan).unpack(plan, blob[size:])
    return True


def _counters(session):
    frames = session.store.load("frames")
    if not frames:
        return
    tag, reserved, down = struct.unpack(FRAMES, frames)
    if tag == session.tag:
        session.fcnt_up = reserved
        session.reserved = reserved
        session.fcnt_down = down

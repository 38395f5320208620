"""A session's keys and parameters as a blob: loaded at a start, saved when they change."""

import struct

from lorawan.session import FRAMES

_HEAD = "<4sH4s16s16sBBBBIBBBHB"
_CHANNEL = "<IIB"


def save(session) -> None:
    """On flash when it returns."""
    head = struct.pack(
        _HEAD, session.identity, session.tag, session.addr, session.nwk.key, session.app.key,
        session.rx1_offset, session.rx2_dr, session.rx_delay_s, session.duty, session.rx2_freq,
        session.dr, session.power, session.repeats, session.mask, len(session.channels),
    )  # fmt: skip
    rows = [struct.pack(_CHANNEL, *channel) for channel in session.channels]
    session.store.save("session", head + b"".join(rows))


def forget(session) -> None:
    """A new join begins: after a power cut the old session must not come back."""
    if session.store.load("session"):
        session.store.save("session", b"")


def load(session) -> bool:
    """Take up the saved session. False where there is none, or it is another identity's."""
    blob = session.store.load("session")
    if not blob or blob[:4] != session.identity:
        return False
    size = struct.calcsize(_HEAD)
    (
        _, session.tag, session.addr, nwk, app,
        session.rx1_offset, session.rx2_dr, session.rx_delay_s, session.duty, session.rx2_freq,
        session.dr, session.power, session.repeats, session.mask, count,
    ) = struct.unpack(_HEAD, blob[:size])  # fmt: skip
    session.set_keys(nwk, app)
    step = struct.calcsize(_CHANNEL)
    session.channels = [
        list(struct.unpack(_CHANNEL, blob[at : at + step]))
        for at in range(size, size + count * step, step)
    ]
    frames = session.store.load("frames")
    if frames:
        tag, reserved, down = struct.unpack(FRAMES, frames)
        if tag == session.tag:
            session.fcnt_up = session.reserved = reserved
            session.fcnt_down = down
    return True

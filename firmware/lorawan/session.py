"""What a joined device must remember and answer: keys, counters, and what the network set.

Two blobs, each saved before the radio transmits. `session`: keys and parameters, saved when they
change. `frames`: counters; FCntUp is reserved `MARGIN` ahead, so that one save serves as many
uplinks and a power cut skips at most as many counters, never repeats one. A session is identified
by the DevNonce of its Join-Request (`tag`): counters of another session are not used.

Flash: one save of `frames` per 32 uplinks and one per downlink taken. A bin that reports every
600 s and asks for an acknowledgement each fourth time makes 40 saves a day; rewriting a small
file costs the stock file system about 0.06 erases (measured on the emulated board), so 2.4 of
them a day, over all its sectors.
"""

import struct

from lorawan import const
from lorawan.crypto import Key

MARGIN = 32

FRAMES = "<HIi"  # DevNonce of the session, FCntUp reserved, FCntDown last
_ONCE_MAX = const(36)  # bytes

STICKY = (0x05, 0x08, 0x0A)
"""Answers repeated in every uplink until a class A downlink."""


class Answers:
    """What the next uplinks must say: `once`, `sticky` {cid: bytes}, and requests in `asks`.

    waiting: something was added since the last uplink.
    """

    def __init__(self):
        self.waiting = False
        self.once = b""
        self.sticky = {}
        self.asks = {}

    def add(self, cid: int, *values: int) -> None:
        """Answer one command. A flood is cut: more would not fit the slowest data rate."""
        answer = bytes((cid,) + values)
        self.waiting = True
        if cid in STICKY:
            self.sticky[cid] = answer
        elif len(self.once) < _ONCE_MAX:
            self.once += answer

    def sent(self) -> None:
        """An uplink carries them: only the sticky ones stay."""
        self.waiting = False
        self.once = b""
        self.asks = {}

    def riders(self) -> bytes:
        """What the next uplink carries."""
        if not self.asks and not self.sticky:
            return self.once
        kept = list(self.asks.values()) + [self.sticky[cid] for cid in sorted(self.sticky)]
        return self.once + b"".join(kept)


class Session:
    """One OTAA session. plan: the channels that it uses; identity: 4 bytes, of EUIs and key."""

    tag: int
    addr: bytes
    dr: int
    power: int
    repeats: int
    duty: int
    rx1_offset: int
    rx2_dr: int
    rx2_freq: int
    rx_delay_s: int
    fcnt_up = 0
    reserved = 0
    fcnt_down = -1
    unanswered = 0

    def __init__(self, plan, aes, store, identity):
        self.plan = plan
        self._aes = aes
        self.store = store
        self.identity = identity

    def set_keys(self, nwk: bytes, app: bytes) -> None:
        """NwkSKey and AppSKey."""
        self.nwk = Key(self._aes, nwk)
        self.app = Key(self._aes, app)

    def _save_frames(self):
        self.store.save("frames", struct.pack(FRAMES, self.tag, self.reserved, self.fcnt_down))

    def reserve(self) -> None:
        """Make sure that `fcnt_up` may be sent: after a power cut a greater one comes next."""
        if self.fcnt_up >= self.reserved:
            self.reserved = self.fcnt_up + MARGIN
            self._save_frames()

    def heard(self, fcnt: int) -> None:
        """A downlink was taken: its counter is on flash before anything acts on it."""
        self.fcnt_down = fcnt
        self._save_frames()

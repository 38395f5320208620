"""What a joined device must remember and answer: keys, counters, and what the network set.

Two blobs, each saved before the radio moves. `session`: keys and parameters, saved when they
change. `frames`: counters; FCntUp is reserved `MARGIN` ahead, so that one save serves as many
uplinks and a power cut skips at most as many counters, never repeats one. A session is known by
the DevNonce it came from (`tag`): counters of another are not used.
"""

import struct

from lorawan.crypto import Key

MARGIN = 32

_FRAMES = "<HIi"  # DevNonce of the session, FCntUp reserved, FCntDown last
_SESSION = "<4sH4s16s16sBBBBIBBBHB"
_SESSION_SIZE = struct.calcsize(_SESSION)
_CHANNEL = "<IIB"


_ONCE_MAX = 36  # bytes

STICKY = (0x05, 0x08, 0x0A)
"""Answers repeated in every uplink until a class A downlink."""


class Answers:
    """What the next uplinks must say: `once`, `sticky` {cid: bytes}, and what is asked."""

    def __init__(self):
        self.once = b""
        self.sticky = {}
        self.asks = {}

    def add(self, cid: int, *values: int) -> None:
        """Answer one command. A flood is cut: more would not fit the slowest data rate."""
        answer = bytes((cid,) + values)
        if cid in STICKY:
            self.sticky[cid] = answer
        elif len(self.once) < _ONCE_MAX:
            self.once += answer

    def sent(self) -> None:
        """They are on their way; the sticky ones stay."""
        self.once = b""
        self.asks = {}

    def riders(self) -> bytes:
        """What the next uplink carries."""
        if not self.asks and not self.sticky:
            return self.once
        kept = list(self.asks.values()) + [self.sticky[cid] for cid in sorted(self.sticky)]
        return self.once + b"".join(kept)


class Session:
    """One OTAA session.

    Channels are [uplink Hz, downlink Hz, low DR | high DR << 4]; 0 Hz: none.
    """

    def __init__(self, region, aes, store, identity):
        self._region = region
        self._aes = aes
        self._store = store
        self._identity = identity
        self.fcnt_up = self.reserved = 0
        self.fcnt_down = -1
        self.unanswered = 0

    def set_keys(self, nwk: bytes, app: bytes) -> None:
        """NwkSKey and AppSKey."""
        self.nwk = Key(self._aes, nwk)
        self.app = Key(self._aes, app)

    def defined(self) -> int:
        """Mask of the channels that have a frequency."""
        mask = 0
        for at, channel in enumerate(self.channels):
            if channel[0]:
                mask |= 1 << at
        return mask

    def save(self) -> None:
        """Keys and parameters; on flash when it returns."""
        head = struct.pack(
            _SESSION, self._identity, self.tag, self.addr, self.nwk.key, self.app.key,
            self.rx1_offset, self.rx2_dr, self.rx_delay_s, self.duty, self.rx2_freq,
            self.dr, self.power, self.repeats, self.mask, len(self.channels),
        )  # fmt: skip
        rows = [struct.pack(_CHANNEL, *channel) for channel in self.channels]
        self._store.save("session", head + b"".join(rows))

    def forget(self) -> None:
        """A new join begins: after a power cut the old session must not come back."""
        if self._store.load("session"):
            self._store.save("session", b"")

    def load(self) -> bool:
        """Take up the saved session. False where there is none, or it is another identity's."""
        blob = self._store.load("session")
        if not blob or blob[:4] != self._identity:
            return False
        (
            _, self.tag, self.addr, nwk, app,
            self.rx1_offset, self.rx2_dr, self.rx_delay_s, self.duty, self.rx2_freq,
            self.dr, self.power, self.repeats, self.mask, count,
        ) = struct.unpack(_SESSION, blob[:_SESSION_SIZE])  # fmt: skip
        self.set_keys(nwk, app)
        size = struct.calcsize(_CHANNEL)
        self.channels = [
            list(struct.unpack(_CHANNEL, blob[at : at + size]))
            for at in range(_SESSION_SIZE, _SESSION_SIZE + count * size, size)
        ]
        frames = self._store.load("frames")
        if frames:
            tag, reserved, down = struct.unpack(_FRAMES, frames)
            if tag == self.tag:
                self.fcnt_up = self.reserved = reserved
                self.fcnt_down = down
        return True

    def _save_frames(self):
        self._store.save("frames", struct.pack(_FRAMES, self.tag, self.reserved, self.fcnt_down))

    def reserve(self) -> None:
        """Make sure that `fcnt_up` may be sent: after a power cut a greater one comes next."""
        if self.fcnt_up >= self.reserved:
            self.reserved = self.fcnt_up + MARGIN
            self._save_frames()

    def heard(self, fcnt: int) -> None:
        """A downlink was taken: its counter is on flash before anybody acts on it."""
        self.fcnt_down = fcnt
        self._save_frames()

    def first_channels(self) -> None:
        """Enable the region's own channels."""
        self.mask |= (1 << len(self._region.CHANNELS)) - 1

    def usable(self, dr: int) -> list:
        """Indices of the enabled channels that allow a data rate."""
        found = []
        for at, channel in enumerate(self.channels):
            if self.mask >> at & 1 and channel[2] & 15 <= dr <= channel[2] >> 4:
                found.append(at)
        return found

    def back_off(self) -> bool:
        """ADR without an answer: more power, then slower, then the region's channels.

        Called before each new uplink. True when something changed.
        Source: TS001-1.0.4, 4.3.1.1.
        """
        over = self.unanswered - 96
        if over < 0 or over % 32:
            return False
        if self.power:
            self.power = 0
        elif self.dr and self.usable(self.dr - 1):
            self.dr -= 1
        else:
            self.repeats = 1
            self.first_channels()
        return True

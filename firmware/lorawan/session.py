"""What a device must remember: nonces, keys, counters, and what the network set.

Three blobs, each saved before the radio moves. `join`: DevNonce, JoinNonce and the air spent on
joining, saved before every Join-Request. `session`: keys and parameters, saved when they change.
`frames`: counters; FCntUp is reserved `MARGIN` ahead, so that one save serves as many uplinks and
a power cut skips at most as many counters, never repeats one. A session is known by the DevNonce
it came from: counters of another are not used.
"""

import struct

from lorawan.crypto import Key

MARGIN = 32

_JOIN = "<HiHII"  # DevNonce next, JoinNonce last, attempts, spent ms, elapsed s
_FRAMES = "<HIi"  # DevNonce of the session, FCntUp reserved, FCntDown last
_SESSION = "<4sH4s16s16sBBBBIBBBHB"
_SESSION_SIZE = struct.calcsize(_SESSION)
_CHANNEL = "<IIB"


def join_window(elapsed_s: int) -> tuple:
    """(end in s since the first attempt, ms of air until then). Source: TS001-1.0.4, 7."""
    if elapsed_s < 3600:
        return 3600, 36000
    if elapsed_s < 39600:
        return 39600, 36000
    return 39600 + ((elapsed_s - 39600) // 86400 + 1) * 86400, 8700


class Nonces:
    """DevNonce, JoinNonce and the join back-off, over every session and restart."""

    def __init__(self, store, clock):
        self._store = store
        self._clock = clock
        blob = store.load("join")
        fields = struct.unpack(_JOIN, blob) if blob else (0, -1, 0, 0, 0)
        self.dev_nonce, self.join_nonce, self.attempts, self._spent_ms, self._saved_s = fields
        self._zero_us = clock.us() - self._saved_s * 1000000 if self.attempts else None

    def _elapsed_s(self):
        """Since the first attempt; time without power does not count."""
        return 0 if self._zero_us is None else (self._clock.us() - self._zero_us) // 1000000

    def wait_us(self, air_ms: int, wait_us: int) -> int:
        """`wait_us`, or longer where the air allowed for joining is spent by then."""
        elapsed_s = self._elapsed_s()
        end_s, allowed_ms = join_window(elapsed_s + wait_us // 1000000)
        if join_window(self._saved_s)[0] == end_s and self._spent_ms + air_ms > allowed_ms:
            return (end_s - elapsed_s) * 1000000
        return wait_us

    def attempt(self, air_ms: int) -> int:
        """The DevNonce to use now; on flash as used, with its air, when it returns."""
        if self._zero_us is None:
            self._zero_us = self._clock.us()
        elapsed_s = self._elapsed_s()
        if join_window(elapsed_s)[0] != join_window(self._saved_s)[0]:
            self._spent_ms = 0
        self._saved_s = elapsed_s
        self._spent_ms += air_ms
        self.attempts = (self.attempts + 1) & 0xFFFF
        self.dev_nonce += 1
        self._save()
        return self.dev_nonce - 1

    def accepted(self, join_nonce: int) -> None:
        """The network let us in; this JoinNonce is refused from now on."""
        self.join_nonce = join_nonce
        self.attempts = self._spent_ms = self._saved_s = 0
        self._zero_us = None
        self._save()

    def _save(self):
        fields = self.dev_nonce, self.join_nonce, self.attempts, self._spent_ms, self._saved_s
        self._store.save("join", struct.pack(_JOIN, *fields))


class Session:
    """One OTAA session.

    Channels are [uplink Hz, downlink Hz, low DR | high DR << 4]; 0 Hz: none.
    """

    def __init__(self, region, aes, store, identity):
        self._region = region
        self._aes = aes
        self._store = store
        self._identity = identity
        self.fcnt_up = self._reserved = 0
        self.fcnt_down = -1
        self.unanswered = 0

    def start(self, fields, keys, dev_nonce, dr) -> None:
        """Begin anew from a Join-Accept's fields; on flash when it returns."""
        region = self._region
        self.fcnt_up = self._reserved = self.unanswered = 0
        self.fcnt_down = -1
        self.addr = fields[6:10]
        self._tag = dev_nonce
        self._set_keys(*keys)
        self.rx1_offset = min(fields[10] >> 4 & 7, region.RX1_OFFSET_MAX)
        self.rx2_dr = fields[10] & 15
        if self.rx2_dr >= len(region.DATARATES):
            self.rx2_dr = region.RX2_DR
        self.rx2_freq = region.RX2_FREQ
        self.rx_delay_s = fields[11] & 15 or 1
        self.dr = dr
        self.power = 0
        self.repeats = 1
        self.duty = 0
        self.channels = [[freq, freq, region.CHANNEL_DR[1] << 4] for freq in region.CHANNELS]
        if len(fields) > 12 and fields[27] == 0:
            for at in range(12, 27, 3):
                freq = (fields[at] | fields[at + 1] << 8 | fields[at + 2] << 16) * 100
                freq = freq if region.band(freq) >= 0 else 0
                self.channels.append([freq, freq, region.CHANNEL_DR[1] << 4])
        self.mask = self.defined()
        self.save()

    def _set_keys(self, nwk, app):
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
            _SESSION, self._identity, self._tag, self.addr, self.nwk.key, self.app.key,
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
            _, self._tag, self.addr, nwk, app,
            self.rx1_offset, self.rx2_dr, self.rx_delay_s, self.duty, self.rx2_freq,
            self.dr, self.power, self.repeats, self.mask, count,
        ) = struct.unpack(_SESSION, blob[:_SESSION_SIZE])  # fmt: skip
        self._set_keys(nwk, app)
        size = struct.calcsize(_CHANNEL)
        self.channels = [
            list(struct.unpack(_CHANNEL, blob[at : at + size]))
            for at in range(_SESSION_SIZE, _SESSION_SIZE + count * size, size)
        ]
        frames = self._store.load("frames")
        if frames:
            tag, reserved, down = struct.unpack(_FRAMES, frames)
            if tag == self._tag:
                self.fcnt_up = self._reserved = reserved
                self.fcnt_down = down
        return True

    def _save_frames(self):
        self._store.save("frames", struct.pack(_FRAMES, self._tag, self._reserved, self.fcnt_down))

    def reserve(self) -> None:
        """Make sure that `fcnt_up` may be sent: after a power cut a greater one comes next."""
        if self.fcnt_up >= self._reserved:
            self._reserved = self.fcnt_up + MARGIN
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

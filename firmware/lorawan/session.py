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
_MOST = const(242)  # bytes that the fastest data rate takes

_STICKY = b"\x05\x08\x09\x0a"  # TS001-1.0.4, 5.4, 5.6, 5.7, 5.8
_SIZES = b"\0\0\1\2\1\2\3\2\1\1\2\0\0\1"  # of an answer or request, by its identifier


def _each(stream):
    """The answers and requests in a stream."""
    while stream:
        size = _SIZES[stream[0]]
        yield stream[:size]
        stream = stream[size:]


class Answers:
    """MAC commands for the next uplinks: answers in the order of the requests, then `asks`.

    sticky: answers that were sent, and are repeated in each uplink until a class A downlink.
    fresh: answers not sent yet.  asks: {identifier: own request}.  waiting: something was added
    since the last uplink.  Source: TS001-1.0.4, chapter 5.
    """

    def __init__(self):
        self.waiting = False
        self.sticky = b""
        self.fresh = b""
        self.asks = {}

    def add(self, cid: int, *values: int) -> None:
        """Answer one command. What no data rate could carry is dropped."""
        self.waiting = True
        if len(self.sticky) + len(self.fresh) < _MOST:
            self.fresh += bytes((cid,) + values)

    def sent(self) -> None:
        """An uplink carries them: only the sticky answers stay."""
        self.waiting = False
        self.asks = {}
        for one in _each(self.fresh):
            if one[0] in _STICKY:
                self.sticky += one
        self.fresh = b""

    def riders(self, room: int = 51) -> bytes:
        """What the next uplink carries: whole commands, as many as fit `room` bytes."""
        stream = b""
        for one in _each(self.sticky + self.fresh + b"".join(self.asks.values())):
            if len(stream) + len(one) > room:
                break
            stream += one
        return stream


class Session:
    """One OTAA session. plan: the channels that it uses; identity: 4 bytes, of EUIs and key.

    kept: is it on flash? One that could not be saved when it began ends with the next restart, and
    its counters are never saved: on flash is another session, whose counters stay where they are.
    """

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
    kept = True

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
        if self.kept:
            self.store.save("frames", struct.pack(FRAMES, self.tag, self.reserved, self.fcnt_down))

    def reserve(self) -> None:
        """Make sure that `fcnt_up` may be sent: after a power cut a greater one comes next.

        Raises OSError where that cannot be saved: then the session must not be used.
        """
        if self.fcnt_up >= self.reserved:
            self.reserved = self.fcnt_up + MARGIN
            try:
                self._save_frames()
            except OSError:
                self.reserved = self.fcnt_up
                raise

    def heard(self, fcnt: int) -> None:
        """A downlink was taken: its counter is on flash before anything acts on it.

        Where flash fails it is obeyed all the same.
        """
        self.fcnt_down = fcnt
        try:
            self._save_frames()
        except OSError:
            pass

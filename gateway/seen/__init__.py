"""What is known of a device's messages: distinguishes new from repeated, missing from delayed.

One row a device, read and written in the transaction that keeps the message. The network server
delivers again what was not acknowledged and keeps no order between events, so identity is ours: a
frame is (device, session, FCnt), a reading (device, its own number) or its frame and place,
everything else has the server's id.
"""

import msgspec
from msgspec import Struct

from gateway.seen.flood import Flood
from gateway.seen.frames import Frames
from gateway.seen.gaps import Gaps
from gateway.seen.signals import Signals
from gateway.seen.troubles import Troubles

_encode = msgspec.json.Encoder().encode
_frames = msgspec.json.Decoder(Frames).decode
_signals = msgspec.json.Decoder(Signals).decode
_gaps = msgspec.json.Decoder(Gaps).decode
_flood = msgspec.json.Decoder(Flood).decode
_troubles = msgspec.json.Decoder(Troubles).decode


def _joined(*parts: Struct) -> bytes:
    """The fields of several objects as those of one, without its braces."""
    return b",".join([_encode(one)[1:-1] for one in parts])


_NO_FLOOD = Flood()
_QUIET = _joined(Signals(), _NO_FLOOD, Troubles())
"""What almost every device has of them, encoded once."""


class Seen:
    """The parts of one device's row, kept as one flat JSON object.

    Their fields have different names, and each part skips those of the others.
    """

    def __init__(
        self,
        frames: Frames,
        signals: Signals,
        gaps: Gaps,
        flood: Flood | None = None,
        troubles: Troubles | None = None,
    ) -> None:
        self.frames = frames
        self.signals = signals
        self.gaps = gaps
        self.flood = flood or Flood()
        self.troubles = troubles or Troubles()
        self._sure_ms: int | None = None

    @classmethod
    def load(cls, body: bytes) -> "Seen":
        """From the store's bytes; empty bytes are a device never seen."""
        body = body or b"{}"
        return cls(_frames(body), _signals(body), _gaps(body), _flood(body), _troubles(body))

    def bound(self, now_ms: int) -> None:
        """Forget that anything was later than now: an instant that was came from a wrong clock.

        While the clock goes on nothing here is later than it; only at first, and where it was set
        back, is there something to look at.
        """
        before_ms, self._sure_ms = self._sure_ms, now_ms
        if before_ms is not None and now_ms >= before_ms:
            return
        self.frames.bound(now_ms)
        self.gaps.bound(now_ms)
        self.flood.bound(now_ms)

    def dump(self) -> bytes:
        """For the store."""
        rest = _QUIET
        if self.signals.early or self.troubles.troubles or self.flood != _NO_FLOOD:
            rest = _joined(self.signals, self.flood, self.troubles)
        return b"{%b,%b}" % (_joined(self.frames, self.gaps), rest)


class Decoded:
    """Rows that were decoded lately, by device: a row with the same bytes says the same.

    So one is never wrong, whoever wrote the row meanwhile, and whether or not what was dumped here
    was committed. Whoever loads one owns it, until it is dumped.
    """

    MOST = 1000
    """Devices; a row has some 10 kB when it is decoded."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[bytes, Seen]] = {}

    def load(self, dev_eui: str, body: bytes) -> Seen:
        """The row of a device, from the store's bytes."""
        kept = self._seen.pop(dev_eui, None)
        return kept[1] if kept and kept[0] == body else Seen.load(body)

    def dump(self, dev_eui: str, seen: Seen) -> bytes:
        """For the store."""
        body = seen.dump()
        if len(self._seen) >= self.MOST:
            del self._seen[next(iter(self._seen))]
        self._seen[dev_eui] = (body, seen)
        return body

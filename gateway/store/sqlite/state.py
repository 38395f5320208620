"""What changes with every reading of a device, as the writer has it in memory: one row."""

from collections.abc import Iterable

import msgspec

from gateway.model import Latest
from gateway.store.sql import Row

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, Latest]).decode


class State:
    """A device's row; what of it changed is written with the group, once however often it did.

    sequence: of its last event.  seen: see gateway.store.View.  latest: its newest values, a JSON
    object by property.
    """

    __slots__ = ("_latest", "_text", "seen", "sequence")

    def __init__(self, sequence: int = 0, latest: str = "{}", seen: bytes = b"") -> None:
        self.sequence = sequence
        self.seen = seen
        self._text = latest
        self._latest: dict[str, Latest] | None = None

    def put(self, values: Iterable[Latest], now: str) -> None:
        """Replace the newest value of properties; as `gateway.store.Transaction.put_latest`."""
        latest = self._latest
        if latest is None:
            latest = self._latest = _decode(self._text)
        for new in values:
            kept = latest.get(new.property)
            if kept is None or new.observed_at >= kept.observed_at or kept.observed_at > now:
                latest[new.property] = new
                self._text = ""

    def row(self, dev_eui: str) -> Row:
        """The values of `put_state`."""
        if not self._text:
            self._text = _encode(self._latest).decode()
        return dev_eui, self.sequence, self._text, self.seen

"""What changes with every reading of a device, as the writer has it in memory: one row."""

import msgspec
from msgspec import Raw, Struct

from gateway.store.sql import Row

_encode = msgspec.json.Encoder().encode


class _Observed(Struct):
    observed_at: str


_parts = msgspec.json.Decoder(dict[str, Raw]).decode
_observed = msgspec.json.Decoder(_Observed).decode


class State:
    """A device's row; a value of it that changes is written with the group.

    sequence: of its last event.  seen: see gateway.store.View.  latest: its newest values, a JSON
    object by property.
    """

    __slots__ = ("_latest", "_text", "seen", "sequence")

    def __init__(self, sequence: int = 0, latest: str = "{}", seen: bytes = b"") -> None:
        self.sequence = sequence
        self.seen = seen
        self._text = latest
        self._latest: dict[str, tuple[str, bytes]] | None = None

    def put(self, known: str, observed_at: str, body: bytes, now: str) -> None:
        """Replace the newest value of a property; as `gateway.store.Transaction.put_latest`."""
        if self._latest is None:
            parts = _parts(self._text.encode())
            self._latest = {
                name: (_observed(one).observed_at, bytes(one)) for name, one in parts.items()
            }
        kept = self._latest.get(known)
        if kept is None or observed_at >= kept[0] or kept[0] > now:
            self._latest[known] = (observed_at, body)
            self._text = ""

    def row(self, dev_eui: str) -> Row:
        """The values of `put_state`."""
        if self._latest is not None and not self._text:
            newest = {name: Raw(body) for name, (_, body) in self._latest.items()}
            self._text = _encode(newest).decode()
        return dev_eui, self.sequence, self._text, self.seen

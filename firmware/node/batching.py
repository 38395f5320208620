"""Many readings in one frame: the outbox of profiles that sleep, loaded with them.

How a batch is made, `wire.batch`, is loaded for each.
"""

from micropython import const
from unload import unload
from wire import codec

from node.outbox import Outbox
from node.record import READING_SIZE

_MOST = const(32)  # wire.batch.MOST
_PACK_MS = const(400)  # loading the code and packing 32 readings hold the CPU about half as long


class Batching(Outbox):
    """Holds readings back until `batch` wait, or one is urgent; what waits goes together."""

    def __init__(self, node):
        super().__init__(node.journal, node.config, node.clock, node.gap)
        self._node = node

    def empty(self) -> bool:
        """Is there nothing to send yet?"""
        if self._reports or self._journal.idle():
            return not self._reports
        return not self.hurry and self._journal.waiting() < self._config["batch"]

    async def next(self, room: int, asks: "bool | None" = None) -> "tuple | None":
        """As `Outbox.next`. Where readings were held back, each frame wants its answer."""
        held = self._config["batch"] > 1
        if held and asks is None and self._config["confirm_every"]:
            asks = True
        if self._reports or asks is False:
            return await super().next(room, asks)
        found = self._journal.batch(_MOST)
        single = max(1, (room - 1) // READING_SIZE - 1)  # as many as a frame takes without
        if len(found) < 2 or not (held or len(found) > single):
            return await super().next(room, asks)
        await self._gap(_PACK_MS)
        data = self._pack(found, room)
        if not data:
            return await super().next(room, asks)
        self._sending = bool(asks or self._config["confirm_every"])
        return data[0], data[1], self._sending

    def _pack(self, found, room):
        """(port, bytes) of the oldest that fit; None: they are of another profile, or apart."""
        from wire import batch

        try:
            fport, rows = codec.entry(self._node.profile.payload)
            now_s, unix = self._clock.uptime_s(), self._clock.unix()
            ages_s = [one.age_s(self._config.boots, now_s, unix) for one in found]
            count = 0
            if found[0].fport == fport:
                count = min(batch.together(ages_s), _consecutive(found))
            kept = None if self._config["batch_whole"] else (rows[2][0],)
            while count > 1:
                records = [one.data for one in found[:count]]
                data = batch.pack(rows, records, ages_s[:count], kept)
                if len(data) <= room:
                    self._batch = found[:count]
                    return fport + batch.FPORT, data
                count = count * room // len(data)
            return None
        finally:
            batch = None
            unload("wire.batch")

    def done(self, acked: "bool | None") -> None:
        """As `Outbox.done`; what is urgent stays so until it is sent, and answered if it asked."""
        super().done(acked)
        if self._journal.idle():
            self.hurry = False


def _consecutive(found):
    """How many of the first have numbers without a gap."""
    for at in range(1, len(found)):
        if found[at].seq != found[at - 1].seq + 1 & 0xFFFF:
            return at
    return len(found)

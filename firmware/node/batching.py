"""Many readings in one frame: the outbox of profiles that sleep, loaded with them.

How a batch is made, `wire.batch`, is loaded while readings wait for one.
"""

from micropython import const
from unload import unload
from wire import codec

from node.history import History
from node.outbox import Outbox

_LEAST = const(10)  # bytes of a reading that ends early
_MOST = const(32)  # wire.batch.MOST
_URGENT = const(15)  # and one more
_PACK_MS = const(400)  # loading the code and packing 32 readings hold the CPU about half as long


class Batching(Outbox):
    """Holds readings back until `batch` wait, or one is urgent; what waits goes together."""

    def __init__(self, node):
        super().__init__(node.journal, node.config, node.clock, node.gap)
        self._node = node
        self._urgent = []  # not answered yet; they wait in the journal too
        self._first = 0  # of these, how many the frame of `next` has, and nothing else

    def added(self, one, urgent: bool) -> None:
        """As `Outbox.added`; where many wait, urgent ones go before them."""
        if urgent:
            self._urgent = self._urgent[-_URGENT:] + [one]

    def empty(self) -> bool:
        """Is there nothing to send yet?"""
        if self._reports or self._journal.idle():
            return not self._reports
        asked = self._urgent or self._journal.wanted
        return not asked and self._journal.waiting() < self._config["batch"]

    async def next(self, room: int, asks: "bool | None" = None) -> "tuple | None":
        """As `Outbox.next`. Where readings were held back, each frame wants its answer."""
        held = self._config["batch"] > 1
        confirmed = bool(self._config["confirm_every"]) if asks is None else asks
        if held and confirmed:
            asks = True
        self._first = 0
        if self._reports:
            return await super().next(room, asks)
        longest = max([len(one.data) for one in self._urgent] or [_LEAST])
        fit = max(1, (room - 1) // longest)
        single = max(1, fit - 1)  # as many as a frame takes without
        silent = asks is False
        found = [] if silent else self._journal.batch(_MOST)
        again = []
        repeat = self._config["repeat"]
        if repeat and (found or silent):
            again = self._journal.before(found, repeat + silent)
            if silent:  # the newest, whether or not they were sent
                again, found = again[:-1], again[-1:]
        made = None
        if self._urgent and (not found if silent else len(found) > single):
            first = self._urgent[-fit:]
            self._first = len(first)
            self._batch = []
            made = first[0].fport, codec.frame(self._records(first))
        elif len(again + found) > (1 if held or repeat else single):
            await self._gap(_PACK_MS)
            made = self._pack(again, found, room)
        if not made:
            return await super().next(room, asks)
        self._sending = confirmed or silent
        return made[0], made[1], confirmed

    def _pack(self, again, found, room):
        """(port, bytes) of the oldest that fit, and of those before them; None: none do.

        Nor where they are of another profile, or apart.
        """
        from wire import batch

        found = again + found
        fport, rows = codec.entry(self._node.profile.payload)
        now_s, unix = self._clock.uptime_s(), self._clock.unix()
        ages_s = []
        for one in found:
            if one.fport != fport or one.seq != found[0].seq + len(ages_s) & 0xFFFF:
                break
            ages_s.append(one.age_s(self._config.boots, now_s, unix))
        count = batch.together(ages_s)
        old = len(again)
        kept = None if self._config["batch_whole"] else (rows[2][0],)
        while count > max(1, old):
            records = [one.data for one in found[:count]]
            data = batch.pack(rows, records, ages_s[:count], kept)
            if len(data) <= room:
                self._batch = found[old:count]
                return fport + batch.FPORT, data
            less = count - count * room // len(data)
            drop = min(old, less)
            old -= drop
            count -= less
            found, ages_s = found[drop:], ages_s[drop:]
        return None

    def done(self, acked: "bool | None") -> None:
        """As `Outbox.done`; what is urgent stays so until it is sent, and answered if it asked."""
        super().done(acked)
        if self._journal.idle():
            self._urgent = []
            unload("wire.batch")
        elif self._first and acked is not None and (acked or not self._sending):
            self._urgent = self._urgent[: -self._first]


def attach(node) -> None:
    """Let a node keep what was sent, and send readings together where the settings say so."""
    node.journal = History(node.store, node.journal.folder)
    node.outbox = Batching(node)

"""What waits to be sent, as frames: reports first, then the journal's readings.

Reports (start, applied commands) are repeated until acknowledged. Of the frames with readings
every n-th asks for an acknowledgement (`confirm_every`); without one, all since the last go again.
"""

from micropython import const
from unload import unload
from wire import codec

_LEAST = const(10)  # bytes of a reading that ends early
_LOAD_MS = const(150)  # loading the table from flash holds the CPU about half as long


def _size(readings):
    """Bytes of a frame of these: one says how long a record is, and all are as the longest."""
    return 1 + max([len(one.data) for one in readings]) * len(readings)


class Outbox:
    """A link takes `next`, sends it, and calls `done`.

    gap: async, waits until the CPU may be held for so many ms.
    """

    def __init__(self, journal, config, clock, gap):
        self._journal = journal
        self._config = config
        self._clock = clock
        self._gap = gap
        self._reports = []
        self._unacked = 0  # frames with readings since the last that was acknowledged
        self._batch = []  # the readings of the frame that `next` gave
        self._sending = None  # does the frame wait for an answer? None: it is a report

    def report(self, name: str, values: dict) -> None:
        """Queue a payload that goes before readings, until acknowledged."""
        self._reports.append((name, values))

    def added(self, one, urgent: bool) -> None:
        """The journal has one more; urgent: it does not wait for others."""

    def empty(self) -> bool:
        """Is there nothing to send?"""
        return not self._reports and self._journal.idle()

    async def next(self, room: int, asks: "bool | None" = None) -> "tuple | None":
        """(port, bytes, is it confirmed?) of the next frame; None when nothing waits.

        room: bytes that the frame may have, at least those of one reading and one more.
        asks: whether the link wants it confirmed, None: as the settings say. False: the network
        is silent, and the readings wait again until it answers.
        """
        self._batch = []
        if self._reports:
            self._sending = None
            fport, data = await self._report()
            return fport, data, asks is not False
        self._batch = batch = self._journal.batch(max(1, room // _LEAST - 1))
        while len(batch) > 1 and _size(batch) > room:
            batch.pop()
        if not batch:
            self._sending = True
            return None
        every = self._config["confirm_every"]
        confirmed = bool(every) and self._unacked + 1 >= every if asks is None else asks
        self._sending = confirmed or asks is False
        # those before too, so that a lost frame leaves no hole; a slow data rate takes none
        found = self._journal.before(batch, self._config["repeat"]) + batch
        while len(found) > len(batch) and _size(found) > room:
            found.pop(0)
        return batch[0].fport, codec.frame(self._records(found)), confirmed

    async def _report(self):
        """Port and bytes of the first report; the table is loaded to make them."""
        name, values = self._reports[0]
        if type(name) is str:
            await self._gap(_LOAD_MS)
            self._reports[0] = codec.entry(name)[0], codec.frame([codec.pack(name, values)])
            unload("wire.table")
            unload("wire.words")
        return self._reports[0]

    def _records(self, found):
        """Readings with their age, newest first."""
        clock, boots = self._clock, self._config.boots
        now_s, unix = clock.uptime_s(), clock.unix()
        records = []
        for one in found:
            age_s = one.age_s(boots, now_s, unix)
            records.insert(0, one.data if age_s == 0 else codec.set_age(one.data, age_s))
        return records

    def done(self, acked: "bool | None") -> None:
        """The frame of `next` was transmitted. acked: the network has it, and all before it.

        None: nothing was transmitted. Then, and if the link ends `next` with an error instead of
        this call, the readings wait as before: only what left the antenna counts as sent.
        """
        if acked is None:
            return
        asked = self._sending
        if self._batch:
            self._unacked += 1
            self._journal.sent(self._batch)
            self._batch = []
        if asked is None:
            if acked:
                self._reports.pop(0)
            return
        if acked or not (asked or self._config["confirm_every"]):
            self._journal.acked()
        if acked:
            self._unacked = 0
        elif asked:
            self._journal.lost()

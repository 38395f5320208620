"""Downlinks handed to a radio gateway and not acknowledged by it yet."""

from dataclasses import dataclass, field

from chirpstack_api import gw

from tools.bench.network.durations import Durations, us
from tools.bench.network.outbox import Outbox
from tools.bench.network.registry import QueueItem
from tools.bench.network.timers import Timers


@dataclass
class Sent:
    """A downlink on its way.

    carries: for each window, whether the queue item is in its frame. dev_eui: "" for a
    join-accept, which moves no counter.
    """

    frame: gw.DownlinkFrame
    dev_eui: str
    item: QueueItem | None = None
    carries: list[bool] = field(default_factory=list[bool])
    f_cnt: int = 0


class InFlight:
    """Sends downlinks and keeps each until its time is up (`Durations.frame_ttl_s`)."""

    def __init__(self, timers: Timers, outbox: Outbox, durations: Durations) -> None:
        self._timers = timers
        self._outbox = outbox
        self._ttl_us = us(durations.frame_ttl_s)
        self._sent: dict[int, Sent] = {}

    def send(self, sent: Sent, now_us: int) -> None:
        """Hands a downlink out."""
        downlink_id = sent.frame.downlink_id
        self._sent[downlink_id] = sent
        self._timers.at(now_us + self._ttl_us, lambda _: self._sent.pop(downlink_id, None))
        self._outbox.transmit(sent.frame)

    def find(self, downlink_id: int) -> Sent | None:
        """The downlink of this id, unless its time is up."""
        return self._sent.get(downlink_id)

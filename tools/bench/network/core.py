"""The network server as plain objects: time is passed in, what it wants to say is handed back.

Every time is Unix time in whole microseconds (`now_us`). Frames and acknowledgements go in by
`uplink`, `statistics` and `acknowledged`; `advance(now_us)` does everything that is due until then
and returns events and downlinks in order. Nothing here waits, listens or publishes, so the same
object serves virtual time (a test calls `advance`) and the wall clock (`service.py` does).
"""

import heapq
import itertools
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from uuid import UUID

from chirpstack_api import gw, integration
from google.protobuf.message import Message

from tools.bench.network import downlink, join, region, uplink
from tools.bench.network.durations import Durations, us
from tools.bench.network.events import Event, timestamp
from tools.bench.network.lorawan import FrameError, MType, mtype
from tools.bench.network.queue import ready
from tools.bench.network.registry import Device, Registry

log = logging.getLogger("bench.network")


@dataclass
class Reception:
    """One uplink as all known gateways heard it. heard_us: when the first copy came in."""

    id: str
    phy: bytes
    tx_info: gw.UplinkTxInfo
    heard_us: int
    data_rate: int
    copies: list[gw.UplinkRxInfo] = field(default_factory=list)
    closed: bool = False


class Core:
    """The server. random: everything drawn comes from it, so that a seed repeats a run.

    adr: tell devices that ask for it (ADR bit) which data rate and power to use.
    """

    def __init__(
        self,
        registry: Registry,
        durations: Durations | None = None,
        random: Random | None = None,
        *,
        adr: bool = False,
    ) -> None:
        self.registry, self.adr = registry, adr
        self.durations = durations or Durations()
        self.random = random or Random()  # noqa: S311 - identifiers of a bench
        self.sent: dict[int, downlink.Sent] = {}
        self._collecting: dict[bytes, Reception] = {}
        self._timers: list[tuple[int, int, Callable[[int], object]]] = []
        self._order = itertools.count()
        self._outputs: list[Event | gw.DownlinkFrame] = []
        self._ticking = False

    # What comes in

    def uplink(self, frame: gw.UplinkFrame, now_us: int) -> None:
        """Take one gateway's copy of a frame; copies of the same frame become one event."""
        key = frame.tx_info.SerializeToString(deterministic=True) + b"|" + frame.phy_payload
        reception = self._collecting.get(key)
        if reception is None:
            try:
                rate = region.data_rate(frame.tx_info)
            except ValueError as error:
                log.warning("uplink dropped: %s", error)
                return
            reception = Reception(self.uuid(), frame.phy_payload, frame.tx_info, now_us, rate)
            self._collecting[key] = reception
            wait = us(self.durations.deduplication_s)
            self.at(now_us + wait, lambda due: self._collected(reception, due))
            self.at(now_us + max(2 * wait, 200_000), lambda _: self._collecting.pop(key, None))
        if not reception.closed:
            copy = gw.UplinkRxInfo()
            copy.CopyFrom(frame.rx_info)
            copy.ns_time.CopyFrom(timestamp(now_us))
            reception.copies.append(copy)

    def statistics(self, stats: gw.GatewayStats, now_us: int) -> None:
        """A gateway says that it lives."""
        gateway = self.registry.radio_gateways.get(stats.gateway_id)
        if gateway:
            gateway.last_seen_us = now_us

    def acknowledged(self, ack: gw.DownlinkTxAck, now_us: int) -> None:
        """A gateway says what became of a downlink: the only thing that moves a queue on."""
        downlink.acknowledged(self, ack, now_us)

    def enqueued(self, now_us: int) -> None:
        """A queue has grown: make sure that the class-C scheduler runs, on its steady beat."""
        if not self._ticking:
            self._ticking = True
            beat = us(self.durations.scheduler_interval_s)
            self.at((now_us // beat + 1) * beat, self._tick)

    # Time

    @property
    def next_due_us(self) -> int | None:
        """When `advance` has something to do next; None when only a new frame can make work."""
        return self._timers[0][0] if self._timers else None

    def at(self, due_us: int, call: Callable[[int], object]) -> None:
        """Call back with the due time, once `advance` reaches it."""
        heapq.heappush(self._timers, (due_us, next(self._order), call))

    def advance(self, now_us: int) -> list[Event | gw.DownlinkFrame]:
        """Do all that is due up to `now_us`, in order; returns what is to be published."""
        while self._timers and self._timers[0][0] <= now_us:
            due, _, call = heapq.heappop(self._timers)
            call(due)
        outputs, self._outputs = self._outputs, []
        return outputs

    def _tick(self, now_us: int) -> None:
        waiting = [d for d in self.registry.devices.values() if d.queue]
        for device in waiting:
            if device.run_after_us < now_us and ready(device.queue, now_us):
                downlink.schedule(self, device, now_us)
        self._ticking = bool(waiting)
        if waiting:
            self.at(now_us + us(self.durations.scheduler_interval_s), self._tick)

    def _collected(self, reception: Reception, now_us: int) -> None:
        reception.closed = True
        known = [c for c in reception.copies if c.gateway_id in self.registry.radio_gateways]
        if not known:
            log.warning("uplink dropped: none of its gateways is registered")
            return
        reception.copies = known
        for copy in known:
            if not copy.HasField("location"):
                copy.location.CopyFrom(
                    self.registry.radio_gateways[copy.gateway_id].message.location
                )
        try:
            self._dispatch(reception, now_us)
        except FrameError as error:
            log.warning("uplink dropped: %s", error)

    def _dispatch(self, reception: Reception, now_us: int) -> None:
        kind = mtype(reception.phy)
        if kind is MType.JOIN_REQUEST:
            join.handle(self, reception, now_us)
        elif kind in {MType.UNCONFIRMED_UP, MType.CONFIRMED_UP}:
            uplink.handle(self, reception, now_us)
        else:
            raise FrameError(f"a {kind.name} is not for a 1.0.x network server")

    # What goes out

    def uuid(self) -> str:
        """A new random identifier."""
        return str(UUID(int=self.random.getrandbits(128), version=4))

    def emit(self, kind: str, device: Device, message: Message) -> None:
        """Hand an event to whoever calls `advance`."""
        self._outputs.append(Event(device.message.application_id, device.dev_eui, kind, message))

    def report(
        self,
        device: Device,
        now_us: int,
        code: str,
        description: str,
        *,
        level: str = "ERROR",
        **context: str,
    ) -> None:
        """Emit a `log` event. code, level: names of ChirpStack's LogCode and LogLevel."""
        event = integration.LogEvent(
            time=timestamp(now_us),
            device_info=self.registry.info(device),
            level=level,
            code=code,
            description=description,
            context=context,
        )
        self.emit("log", device, event)

    def send(self, sent: downlink.Sent, now_us: int) -> None:
        """Hand out a downlink and remember it until the gateway has spoken, or its time is up."""
        frame = sent.frame
        self.sent[frame.downlink_id] = sent
        self.at(
            now_us + us(self.durations.frame_ttl_s),
            lambda _: self.sent.pop(frame.downlink_id, None),
        )
        self._outputs.append(frame)

    def event_time_us(self, reception: Reception) -> int:
        """When an uplink was received: by the first gateway's clock if it can be believed."""
        copy = reception.copies[0]
        if copy.HasField("gw_time"):
            said = copy.gw_time.seconds * 1_000_000 + copy.gw_time.nanos // 1000
            drift = abs(said - reception.heard_us)
            if drift <= us(self.durations.rx_timestamp_max_drift_s):
                return said
        return reception.heard_us

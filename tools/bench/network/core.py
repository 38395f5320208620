"""The network server as plain objects: time is passed in, outputs are handed back.

Every time is Unix time in whole microseconds (`now_us`). Frames and acknowledgements go in by
`uplink`, `statistics` and `acknowledged`; `advance(now_us)` does everything that is due until then
and returns events and downlinks in order. Nothing here sleeps or does I/O, so the same
object serves virtual time (a test calls `advance`) and the wall clock (`service.py` does).
"""

import logging
from random import Random
from uuid import UUID

from chirpstack_api import gw

from tools.bench.network.downlink import Downlinks
from tools.bench.network.durations import Durations, us
from tools.bench.network.events import timestamp
from tools.bench.network.in_flight import InFlight
from tools.bench.network.join import Joins
from tools.bench.network.lorawan import FrameError, MType, mtype
from tools.bench.network.outbox import Outbox, Output
from tools.bench.network.queue import ready
from tools.bench.network.reception import Reception
from tools.bench.network.region import Region, load
from tools.bench.network.registry import Registry
from tools.bench.network.setup import Key
from tools.bench.network.timers import Timers
from tools.bench.network.tx_ack import TxAcks
from tools.bench.network.uplink import Uplinks

log = logging.getLogger("bench.network")


class Core:
    """The server. random: everything drawn comes from it, so that a seed repeats a run.

    adr: set data rate and power of devices that ask for it (ADR bit). registry: tenants, devices,
    radio gateways. outbox: what the next `advance` returns. wanted: MAC commands that every device
    gets until it answered them, as `setup.requests` has them.
    """

    def __init__(
        self,
        registry: Registry,
        durations: Durations | None = None,
        random: Random | None = None,
        *,
        adr: bool = True,
        region: Region | None = None,
        wanted: dict[Key, bytes] | None = None,
    ) -> None:
        self.registry = registry
        self.region = region or load()
        self.durations = durations or Durations()
        self.wanted = {} if wanted is None else wanted
        self.random = random or Random()  # noqa: S311 - identifiers of a bench
        self.outbox = Outbox(registry)
        self._timers = Timers()
        in_flight = InFlight(self._timers, self.outbox, self.durations)
        self._downlinks = Downlinks(
            registry,
            self.outbox,
            in_flight,
            self.durations,
            self.random,
            region=self.region,
            adr=adr,
            wanted=self.wanted,
        )
        self._uplinks = Uplinks(
            registry,
            self.outbox,
            self._timers,
            self._downlinks,
            self.durations,
            region=self.region,
        )
        self._joins = Joins(registry, self.outbox, in_flight, self.random, self.region)
        self._tx_acks = TxAcks(registry, self.outbox, in_flight)
        self._collecting: dict[bytes, Reception] = {}
        self._ticking = False

    # What comes in

    def uplink(self, frame: gw.UplinkFrame, now_us: int) -> None:
        """Take one radio gateway's copy of a frame; copies of the same frame become one event."""
        key = frame.tx_info.SerializeToString(deterministic=True) + b"|" + frame.phy_payload
        reception = self._collecting.get(key)
        if reception is None:
            try:
                rate = self.region.data_rate(frame.tx_info)
            except ValueError as error:
                log.warning("uplink dropped: %s", error)
                return
            reception = self._collect(key, frame, rate, now_us)
        if not reception.closed:
            copy = gw.UplinkRxInfo()
            copy.CopyFrom(frame.rx_info)
            copy.ns_time.CopyFrom(timestamp(now_us))
            reception.copies.append(copy)

    def _collect(
        self, key: bytes, frame: gw.UplinkFrame, data_rate: int, now_us: int
    ) -> Reception:
        """Begin to collect copies; a late copy is dropped for as long again, as in ChirpStack."""
        reception = Reception(
            self.uuid(), frame.phy_payload, frame.tx_info, now_us, data_rate,
            us(self.durations.rx_timestamp_max_drift_s),
        )  # fmt: skip
        self._collecting[key] = reception
        wait_us = us(self.durations.deduplication_s)
        lock_us = max(2 * wait_us, 200_000)
        self._timers.at(now_us + wait_us, lambda due_us: self._collected(reception, due_us))
        self._timers.at(now_us + lock_us, lambda _: self._collecting.pop(key, None))
        return reception

    def statistics(self, stats: gw.GatewayStats, now_us: int) -> None:
        """Take a radio gateway's statistics: it is online."""
        radio_gateway = self.registry.radio_gateways.get(stats.gateway_id)
        if radio_gateway:
            radio_gateway.last_seen_us = now_us

    def acknowledged(self, ack: gw.DownlinkTxAck, now_us: int) -> None:
        """Take a radio gateway's acknowledgement of a downlink."""
        self._tx_acks.acknowledged(ack, now_us)

    def enqueued(self, now_us: int) -> None:
        """A queue has grown: make sure that the class-C scheduler runs, on its steady beat."""
        if not self._ticking:
            self._ticking = True
            beat_us = us(self.durations.scheduler_interval_s)
            self._timers.at((now_us // beat_us + 1) * beat_us, self._tick)

    # Time

    @property
    def next_due_us(self) -> int | None:
        """When `advance` has something to do next; None when only a new frame can make work."""
        return self._timers.next_due_us

    def advance(self, now_us: int) -> list[Output]:
        """Do all that is due up to `now_us`, in order; returns what is to be published."""
        self._timers.advance(now_us)
        return self.outbox.take()

    def _tick(self, now_us: int) -> None:
        waiting = [device for device in self.registry.devices.values() if device.queue]
        for device in waiting:
            if device.run_after_us < now_us and ready(device.queue, now_us):
                self._downlinks.schedule(device, now_us)
        self._ticking = bool(waiting)
        if waiting:
            self._timers.at(now_us + us(self.durations.scheduler_interval_s), self._tick)

    def _collected(self, reception: Reception, now_us: int) -> None:
        reception.closed = True
        radio_gateways = self.registry.radio_gateways
        reception.copies = [c for c in reception.copies if c.gateway_id in radio_gateways]
        if not reception.copies:
            log.warning("uplink dropped: none of its radio gateways is registered")
            return
        for copy in reception.copies:
            if not copy.HasField("location"):
                copy.location.CopyFrom(radio_gateways[copy.gateway_id].message.location)
        try:
            self._dispatch(reception, now_us)
        except FrameError as error:
            log.warning("uplink dropped: %s", error)

    def _dispatch(self, reception: Reception, now_us: int) -> None:
        kind = mtype(reception.phy)
        if kind is MType.JOIN_REQUEST:
            self._joins.handle(reception, now_us)
        elif kind in {MType.UNCONFIRMED_UP, MType.CONFIRMED_UP}:
            self._uplinks.handle(reception, now_us)
        else:
            raise FrameError(f"a {kind.name} is not for a 1.0.x network server")

    # Identifiers

    def uuid(self) -> str:
        """A new random identifier."""
        return str(UUID(int=self.random.getrandbits(128), version=4))

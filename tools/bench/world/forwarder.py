"""A radio gateway's packet forwarder: frames of the air to ChirpStack's MQTT topics and back.

Everything is protobuf, as ChirpStack's own MQTT forwarder writes it:
`<prefix>/gateway/<id>/event/{up,stats,ack}` out, `<prefix>/gateway/<id>/command/down` in. The
concentrator's counter of microseconds, 32 bits, is the world's time; it travels as `context`.
The conversions are plain functions, so that virtual time uses them too. Everything on the air is
*emulated*. Source: chirpstack-mqtt-forwarder and chirpstack-concentratord 4.x.
"""

import asyncio
import contextlib
import itertools
import ssl
import time
from collections.abc import Callable, Coroutine
from typing import Protocol, Self, cast

from chirpstack_api import gw
from google.protobuf.message import Message

from tools.bench.network.broker import BrokerLink
from tools.bench.network.events import timestamp
from tools.bench.network.region import DEFAULT
from tools.bench.world.frames import RxPacket, TxPacket

COUNTER = 1 << 32
STATS_S = 30.0
"""Interval of a radio gateway's statistics. Source: ChirpStack's default `stats_interval`."""


def uplink_frame(
    heard: RxPacket, *, uplink_id: int = 0, gw_time_us: int | None = None
) -> gw.UplinkFrame:
    """A received frame as the network server gets it.

    gw_time_us: the end of the frame on the radio gateway's clock, Unix time; None without one.
    """
    rx_info = gw.UplinkRxInfo(
        gateway_id=heard.gateway_id,
        uplink_id=uplink_id,
        rssi=round(heard.rssi_dbm),
        snr=heard.snr_db,
        channel=heard.channel,
        context=(heard.time_us % COUNTER).to_bytes(4, "big"),
        crc_status=gw.CRCStatus.CRC_OK if heard.crc_ok else gw.CRCStatus.BAD_CRC,
    )
    if gw_time_us is not None:
        rx_info.gw_time.CopyFrom(timestamp(gw_time_us))
    lora = gw.LoraModulationInfo(
        bandwidth=heard.bandwidth_hz,
        spreading_factor=heard.sf,
        code_rate="CR_" + heard.code_rate.replace("/", "_"),
    )
    tx_info = gw.UplinkTxInfo(frequency=heard.frequency_hz, modulation=gw.Modulation(lora=lora))
    return gw.UplinkFrame(phy_payload=heard.payload, tx_info=tx_info, rx_info=rx_info)


def downlink(item: gw.DownlinkFrameItem, now_us: int) -> TxPacket:
    """What a radio gateway is to send, and when: its counter at the uplink plus the delay.

    now_us: world time, which decides which turn of the 32-bit counter is meant.
    """
    info = item.tx_info
    lora = info.modulation.lora
    time_us = None
    if info.timing.HasField("delay"):
        delay = info.timing.delay.delay
        at = int.from_bytes(info.context, "big") + delay.seconds * 1_000_000 + delay.nanos // 1000
        ahead = (at - now_us) % COUNTER
        time_us = now_us + (ahead if ahead < COUNTER // 2 else ahead - COUNTER)
    return TxPacket(
        time_us=time_us,
        frequency_hz=info.frequency,
        sf=lora.spreading_factor,
        bandwidth_hz=lora.bandwidth,
        power_dbm=info.power,
        payload=item.phy_payload,
        inverted=lora.polarization_inversion,
    )


def tx_ack(frame: gw.DownlinkFrame, statuses: list[gw.TxAckStatus]) -> gw.DownlinkTxAck:
    """The radio gateway's acknowledgement of a downlink, one status for each of its items."""
    return gw.DownlinkTxAck(
        gateway_id=frame.gateway_id,
        downlink_id=frame.downlink_id,
        items=[gw.DownlinkTxAckItem(status=status) for status in statuses],
    )


class World(Protocol):
    """What a forwarder uses of a `Simulation`."""

    now_us: int

    def on_received(self, listener: Callable[[RxPacket], None], /) -> None:
        """Call back at the end of each frame at a radio gateway."""

    async def transmit(self, gateway_id: str, downlink: TxPacket) -> str:
        """Ask a radio gateway to send; returns a name of `gw.TxAckStatus`."""
        ...


class Forwarder:
    """One radio gateway of a paced world, connected to a broker. An async context manager.

    prefix: ChirpStack's topic prefix of the region, "" for none.  received, sent: frames
    forwarded and transmissions accepted, so far. lose_acks: fault: the radio gateway sends and
    acknowledges nothing.  user, tls: of the broker.  Raises BrokerAbsentError when no broker
    answers.
    """

    def __init__(
        self,
        simulation: World,
        host: str,
        port: int,
        gateway_id: str,
        prefix: str = DEFAULT,
        *,
        user: tuple[str, str] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.simulation = simulation
        self.gateway_id = gateway_id
        self.received = self.sent = 0
        self.lose_acks = False
        self._address = (host, port)
        self._user = user
        self._tls = tls
        self._topic = f"{prefix}/gateway/{gateway_id}" if prefix else f"gateway/{gateway_id}"
        self._numbers = itertools.count(1)
        self._tasks: set[asyncio.Task[None]] = set()
        self._listening = False

    async def __aenter__(self) -> Self:
        self._link = BrokerLink(
            *self._address,
            [f"{self._topic}/command/down"],
            self._command,
            keep_while_away=False,
            user=self._user,
            tls=self._tls,
        )
        await self._link.connect()
        self._listening = True
        self.simulation.on_received(self._uplink)
        self._start(self._statistics())
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._listening = False
        for task in self._tasks:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._link.close()

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _publish(self, event: str, message: Message) -> None:
        self._link.publish(f"{self._topic}/event/{event}", message.SerializeToString(), 0)

    def _uplink(self, heard: RxPacket) -> None:
        """Forward one frame; what failed its CRC is dropped, as forwarders do by default."""
        if not self._listening or heard.gateway_id != self.gateway_id or not heard.crc_ok:
            return
        self.received += 1
        ago_us = self.simulation.now_us - heard.time_us
        frame = uplink_frame(
            heard, uplink_id=next(self._numbers), gw_time_us=time.time_ns() // 1000 - ago_us
        )
        self._publish("up", frame)

    def _command(self, _topic: str, payload: bytes) -> None:
        if self._listening:
            self._start(self._transmit(gw.DownlinkFrame.FromString(payload)))

    async def _transmit(self, frame: gw.DownlinkFrame) -> None:
        """Try the windows in order until one is accepted; acknowledge with the status of each."""
        statuses = [gw.TxAckStatus.IGNORED for _ in frame.items]
        for at, item in enumerate(frame.items):
            statuses[at] = await self._send(item)
            if statuses[at] == gw.TxAckStatus.OK:
                self.sent += 1
                break
        if not self.lose_acks:
            self._publish("ack", tx_ack(frame, statuses))

    async def _send(self, item: gw.DownlinkFrameItem) -> gw.TxAckStatus:
        if item.tx_info.timing.HasField("gps_epoch"):
            return gw.TxAckStatus.GPS_UNLOCKED
        wanted = downlink(item, self.simulation.now_us)
        status = await self.simulation.transmit(self.gateway_id, wanted)
        return cast("gw.TxAckStatus", gw.TxAckStatus.Value(status))

    async def _statistics(self) -> None:
        while True:
            now_us = time.time_ns() // 1000
            stats = gw.GatewayStats(
                gateway_id=self.gateway_id,
                time=timestamp(now_us),
                rx_packets_received=self.received,
                rx_packets_received_ok=self.received,
                tx_packets_received=self.sent,
                tx_packets_emitted=self.sent,
            )
            self._publish("stats", stats)
            await asyncio.sleep(STATS_S)

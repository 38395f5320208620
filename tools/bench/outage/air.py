"""The channel, one radio gateway, and the bench's network server behind it, in virtual time.

A frame arrives when its SNR reaches the floor of its spreading factor, the gateway does not send
at the same time, and no other frame of the same channel and spreading factor within 6 dB overlaps
it. The gateway keeps its duty cycle over a sliding hour and refuses what would exceed it, as
ChirpStack's concentratord does, and programs one transmission at a time.
Source of 6 dB: Semtech AN1200.22, co-channel rejection.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from random import Random
from typing import Protocol

from chirpstack_api import api, gw
from lorawan.frame import time_on_air_us

from tools.bench.network.adr import ALGORITHM
from tools.bench.network.core import Core
from tools.bench.network.durations import Durations
from tools.bench.network.events import Event
from tools.bench.network.mac import REQUIRED_SNR_DB
from tools.bench.network.registry import RadioGateway, Registry, Stored
from tools.bench.outage.loop import now_us
from tools.bench.outage.watch import BANDS, HOUR_US
from tools.bench.world.forwarder import downlink, tx_ack, uplink_frame
from tools.bench.world.frames import RxPacket, TxPacket

START_US = 1_795_428_000_000_000
"""Unix time of the loop's zero."""
GATEWAY = "00000000000000a1"
CAPTURE_DB = 6.0
GUARD_US = 45_000
"""Between two programmed transmissions. Source: concentratord's jit queue, 40 ms and margins."""
NODE_DBM = 16
"""EIRP of a node at which its `snr_db` holds."""


@dataclass
class Frame:
    """One transmission. snr_db: at the gateway, for an uplink."""

    start_us: int
    end_us: int
    frequency_hz: int
    sf: int
    bandwidth_hz: int
    phy: bytes
    snr_db: float = 0.0
    hit: bool = False


class Listener(Protocol):
    """A node, as the air sees it."""

    dev_eui: str

    def overhear(self, frame: Frame, power_dbm: float) -> None:
        """A downlink is on the air from now on."""


class Air:
    """The outside of all nodes. reached: False while the network is away.

    sent: downlinks of the gateway so far; refused: those for which it had no air, or was late.
    events: what the server says, as (us, DevEUI, kind).  uplinks: (us, FPort, bytes) of each.
    """

    def __init__(self, seed: int = 1, *, adr: bool = True) -> None:
        registry = Registry()
        registry.tenants["t"] = Stored(api.Tenant(id="t", name="t"), 0, 0)
        registry.applications["a"] = Stored(api.Application(id="a", tenant_id="t"), 0, 0)
        for name, class_c in (("bin", False), ("lamp", True)):
            profile = api.DeviceProfile(
                id=name, tenant_id="t", supports_otaa=True, supports_class_c=class_c,
                adr_algorithm_id=ALGORITHM,
            )  # fmt: skip
            registry.profiles[name] = Stored(profile, 0, 0)
        registry.radio_gateways[GATEWAY] = RadioGateway(api.Gateway(gateway_id=GATEWAY), 0, 0)
        self.core = Core(registry, Durations(), Random(seed), adr=adr)  # noqa: S311 - a bench
        self.reached = True
        self.sent = 0
        self.refused = 0
        self.events: list[tuple[int, str, str]] = []
        self.uplinks: list[tuple[int, int, bytes]] = []
        self.nodes: list[Listener] = []
        self._ups: list[Frame] = []
        self._own: list[Frame] = []
        self._spent: dict[int, list[tuple[int, int]]] = defaultdict(list)
        self._timer: asyncio.TimerHandle | None = None

    # The network server

    def add(self, node: Listener, app_key: str, profile: str) -> None:
        """Register a device and let its radio hear."""
        registry = self.core.registry
        message = api.Device(dev_eui=node.dev_eui, application_id="a", device_profile_id=profile)
        registry.add_device(message, 0)
        keys = api.DeviceKeys(dev_eui=node.dev_eui, nwk_key=app_key)
        registry.device(node.dev_eui).keys = Stored(keys, 0, 0)
        self.nodes.append(node)

    def forget_sessions(self) -> None:
        """The server loses every session; DevNonces and keys stay."""
        for device in self.core.registry.devices.values():
            device.session = None

    def unix_us(self) -> int:
        """The server's clock."""
        return START_US + now_us()

    def pump(self) -> None:
        """Publish what is due, and come again when the next thing is; for a command too."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        now = now_us()
        for output in self.core.advance(START_US + now):
            if isinstance(output, Event):
                self.events.append((now, output.dev_eui, output.kind))
                if output.kind == "up":
                    self.uplinks.append((now, output.message.f_port, output.message.data))
            else:
                self._answer(output)
        due_us = self.core.next_due_us
        if due_us is not None:
            wait_s = max(due_us - START_US - now_us(), 0) / 1_000_000
            self._timer = asyncio.get_running_loop().call_later(wait_s, self.pump)

    # Uplinks

    def begin(self, frame: Frame) -> None:
        """A node begins to send."""
        for other in self._ups:
            if (other.frequency_hz, other.sf) == (frame.frequency_hz, frame.sf):
                ahead_db = frame.snr_db - other.snr_db
                frame.hit |= ahead_db < CAPTURE_DB
                other.hit |= -ahead_db < CAPTURE_DB
        self._ups.append(frame)

    def end(self, frame: Frame) -> None:
        """Its frame is over: does the gateway have it?"""
        self._ups.remove(frame)
        deaf = any(
            own.start_us < frame.end_us and own.end_us > frame.start_us for own in self._own
        )
        if not self.reached or frame.hit or deaf or frame.snr_db < REQUIRED_SNR_DB[frame.sf]:
            return
        packet = RxPacket(
            gateway_id=GATEWAY, time_us=frame.end_us, frequency_hz=frame.frequency_hz, sf=frame.sf,
            bandwidth_hz=frame.bandwidth_hz, code_rate="4/5", rssi_dbm=frame.snr_db - 117,
            snr_db=min(frame.snr_db, 14), channel=0, crc_ok=True, payload=frame.phy,
        )  # fmt: skip
        self.core.uplink(uplink_frame(packet), START_US + now_us())
        self.pump()

    # Downlinks

    def _answer(self, command: gw.DownlinkFrame) -> None:
        statuses: list[gw.TxAckStatus] = []
        for item in command.items:
            packet = downlink(item, now_us())
            statuses.append(self._transmit(packet))
            if statuses[-1] == gw.TxAckStatus.OK:
                break
        self.sent += statuses[-1] == gw.TxAckStatus.OK
        self.refused += statuses[-1] != gw.TxAckStatus.OK
        self.core.acknowledged(tx_ack(command, statuses), START_US + now_us())
        asyncio.get_running_loop().call_soon(self.pump)

    def _transmit(self, packet: TxPacket) -> gw.TxAckStatus:
        now = now_us()
        self._own = [own for own in self._own if own.end_us > now - 10_000_000]
        start_us = now + 80_000 if packet.time_us is None else packet.time_us
        air_us = time_on_air_us(packet.sf, packet.bandwidth_hz, len(packet.payload), False)
        frame = Frame(
            start_us, start_us + air_us, packet.frequency_hz, packet.sf, packet.bandwidth_hz,
            packet.payload,
        )  # fmt: skip
        if start_us < now + GUARD_US:
            return gw.TxAckStatus.TOO_LATE
        if any(
            own.start_us < frame.end_us + GUARD_US and own.end_us + GUARD_US > start_us
            for own in self._own
        ):
            return gw.TxAckStatus.COLLISION_PACKET
        if not self._allowed(frame):
            return gw.TxAckStatus.DUTY_CYCLE_OVERFLOW
        self._own.append(frame)
        for node in self.nodes:
            node.overhear(frame, packet.power_dbm)
        return gw.TxAckStatus.OK

    def _allowed(self, frame: Frame) -> bool:
        """Whether the gateway's hour has this air left; it is spent then."""
        at = next(n for n, (low, high, _) in enumerate(BANDS) if low <= frame.frequency_hz < high)
        spent = self._spent[at]
        while spent and spent[0][0] <= frame.end_us - HOUR_US:
            del spent[0]
        air_us = frame.end_us - frame.start_us
        if sum(air for _, air in spent) + air_us > BANDS[at][2] * HOUR_US:
            return False
        spent.append((frame.end_us, air_us))
        return True

    def spent_share(self) -> float:
        """The fullest sub-band's share of the gateway's present hour, 1: all of it."""
        now = now_us()
        return max(
            (
                sum(air for end, air in spent if end > now - HOUR_US) / (BANDS[at][2] * HOUR_US)
                for at, spent in self._spent.items()
            ),
            default=0.0,
        )

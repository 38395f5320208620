"""Over-the-air activation of LoRaWAN 1.0.x devices.

Source: ChirpStack 4.20.0, uplink/join.rs: the order of checks, what is logged and what is silent.
"""

import logging
from random import Random

from chirpstack_api import integration

from tools.bench.network.compose import class_a_frame
from tools.bench.network.events import timestamp
from tools.bench.network.in_flight import InFlight, Sent
from tools.bench.network.lorawan import JoinAccept, JoinRequest, session_keys
from tools.bench.network.outbox import Outbox
from tools.bench.network.reception import Reception
from tools.bench.network.region import JOIN_DELAY_S, NET_ID, RX1_DELAY_S, Region
from tools.bench.network.registry import Device, LastUplink, Registry, Session
from tools.bench.network.setup import Setup

log = logging.getLogger("bench.network")


class Joins:
    """Answers join-requests. random: gives DevAddrs and downlink ids."""

    def __init__(
        self,
        registry: Registry,
        outbox: Outbox,
        in_flight: InFlight,
        random: Random,
        region: Region,
    ) -> None:
        self._registry = registry
        self._outbox = outbox
        self._in_flight = in_flight
        self._random = random
        self._region = region

    def handle(self, reception: Reception, now_us: int) -> None:
        """Answer a join-request, or report why not; an unknown device gets nothing."""
        request = JoinRequest.parse(reception.phy)
        device = self._registry.devices.get(request.dev_eui)
        if device is None or device.message.is_disabled or device.keys is None:
            log.warning(
                "join-request of %s dropped: unknown, disabled or no keys", request.dev_eui
            )
            return
        if not self._registry.profile_of(device).supports_otaa:
            log.warning("join-request of %s dropped: OTAA is disabled", request.dev_eui)
            return
        app_key = bytes.fromhex(device.keys.message.nwk_key)
        why = _refusal(device, request, app_key)
        if why:
            code, text = why
            self._outbox.report(device, now_us, code, text, deduplication_id=reception.id)
            return
        device.dev_nonces.add((request.join_eui, request.dev_nonce))
        self._activate(device, reception, request, app_key, now_us=now_us)

    def _activate(
        self,
        device: Device,
        reception: Reception,
        request: JoinRequest,
        app_key: bytes,
        *,
        now_us: int,
    ) -> None:
        dev_addr = f"{self._random.getrandbits(25):08x}"
        accept = JoinAccept(
            device.join_nonce, NET_ID, dev_addr, 0, self._region.rx2[1], RX1_DELAY_S,
            self._region.extra_channels_hz,
        )  # fmt: skip
        keys = session_keys(app_key, device.join_nonce, NET_ID, request.dev_nonce)
        device.join_nonce += 1
        device.session = Session(dev_addr, *keys)
        device.message.join_eui = request.join_eui
        frequency_hz = reception.tx_info.frequency
        device.last_uplink = LastUplink(reception.copies, frequency_hz, reception.data_rate)
        profile = self._registry.profile_of(device)
        if profile.flush_queue_on_activate:
            device.queue.clear()
        info = self._registry.info(device)  # the event still names the class of before
        device.set_class(supports_class_c=profile.supports_class_c)
        downlink_id = self._random.getrandbits(32)
        frame = class_a_frame(self._region, device.last_uplink, Setup(), downlink_id, JOIN_DELAY_S)
        for item in frame.items:
            item.phy_payload = accept.encode(app_key)
        self._in_flight.send(Sent(frame, ""), now_us)
        event = integration.JoinEvent(
            deduplication_id=reception.id,
            time=timestamp(reception.time_us),
            device_info=info,
            dev_addr=dev_addr,
            region_config_id=self._region.id,
        )
        self._outbox.emit("join", device, event)


def _refusal(device: Device, request: JoinRequest, app_key: bytes) -> tuple[str, str] | None:
    """Code and text of the `log` event for a request that is not answered."""
    if not request.valid(app_key):
        return "UPLINK_MIC", "MIC of join-request is invalid, make sure keys are correct"
    if (request.join_eui, request.dev_nonce) in device.dev_nonces:
        return "OTAA", "DevNonce has already been used"
    return None

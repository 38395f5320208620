"""Over-the-air activation of LoRaWAN 1.0.x devices.

Source: ChirpStack 4.20.0, uplink/join.rs: the order of checks, what is logged and what is silent.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from chirpstack_api import common, integration

from tools.bench.network import downlink, region
from tools.bench.network.events import timestamp
from tools.bench.network.lorawan import JoinAccept, JoinRequest, session_keys
from tools.bench.network.registry import Device, LastUplink, Session

if TYPE_CHECKING:
    from tools.bench.network.core import Core, Reception

log = logging.getLogger("bench.network")


def handle(core: Core, reception: Reception, now_us: int) -> None:
    """Answer a join-request, or say in a `log` event why not; strangers get no answer at all."""
    request = JoinRequest.parse(reception.phy)
    device = core.registry.devices.get(request.dev_eui)
    if device is None or device.message.is_disabled or device.keys is None:
        log.warning("join-request of %s dropped: unknown, disabled or no keys", request.dev_eui)
        return
    profile = core.registry.profile_of(device)
    if not profile.supports_otaa:
        log.warning("join-request of %s dropped: OTAA is disabled", request.dev_eui)
        return
    app_key = bytes.fromhex(device.keys.message.nwk_key)
    if not request.valid(app_key):
        core.report(
            device, now_us, "UPLINK_MIC",
            "MIC of join-request is invalid, make sure keys are correct",
            deduplication_id=reception.id,
        )  # fmt: skip
        return
    used = (request.join_eui, request.dev_nonce)
    if used in device.dev_nonces:
        core.report(
            device, now_us, "OTAA", "DevNonce has already been used", deduplication_id=reception.id
        )
        return
    device.dev_nonces.add(used)
    _activate(core, device, reception, request, now_us=now_us)


def _activate(
    core: Core, device: Device, reception: Reception, request: JoinRequest, *, now_us: int
) -> None:
    assert device.keys is not None
    app_key = bytes.fromhex(device.keys.message.nwk_key)
    dev_addr = f"{core.random.getrandbits(25):08x}"
    accept = JoinAccept(
        device.join_nonce, region.NET_ID, dev_addr, 0, region.RX2_DR, region.RX1_DELAY_S,
        region.EXTRA_CHANNELS_HZ,
    )  # fmt: skip
    keys = session_keys(app_key, device.join_nonce, region.NET_ID, request.dev_nonce)
    device.join_nonce += 1
    device.session = Session(dev_addr, *keys)
    device.message.join_eui = request.join_eui
    device.last_uplink = LastUplink(
        reception.copies, reception.tx_info.frequency, reception.data_rate
    )
    profile = core.registry.profile_of(device)
    if profile.flush_queue_on_activate:
        device.queue.clear()
    info = core.registry.info(device)  # the event still names the class of before
    set_class(device, supports_class_c=profile.supports_class_c)
    frame = downlink.answer_frame(core, device, region.JOIN_DELAY_S)
    for item in frame.items:
        item.phy_payload = accept.encode(app_key)
    core.send(downlink.Sent(frame, ""), now_us)
    event = integration.JoinEvent(
        deduplication_id=reception.id,
        time=timestamp(core.event_time_us(reception)),
        device_info=info,
        dev_addr=dev_addr,
        region_config_id=region.REGION_CONFIG_ID,
    )
    core.emit("join", device, event)


def set_class(device: Device, *, supports_class_c: bool) -> None:
    """Class C from activation on where the profile says so; 1.0.x has no message for it."""
    classes = common.DeviceClass
    device.enabled_class = classes.CLASS_C if supports_class_c else classes.CLASS_A
    device.run_after_us = 0

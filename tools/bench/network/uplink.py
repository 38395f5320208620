"""Data uplinks: whose they are, what their counter says, what they ask for.

Source: ChirpStack 4.20.0, uplink/data.rs and storage/device.rs (counter rules).
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from chirpstack_api import api, integration

from tools.bench.network import downlink, mac, region
from tools.bench.network.durations import us
from tools.bench.network.events import timestamp
from tools.bench.network.lorawan import DataFrame, FrameError, full_f_cnt
from tools.bench.network.queue import pending
from tools.bench.network.registry import Device, LastUplink, Session

if TYPE_CHECKING:
    from tools.bench.network.core import Core, Reception

log = logging.getLogger("bench.network")

NO_CODEC = "the bench server runs no payload codec"


def handle(core: Core, reception: Reception, now_us: int) -> None:
    """Take a data frame: event, acknowledgement, answer; a bad MIC or a stranger gives nothing."""
    frame = DataFrame.parse(reception.phy)
    if reception.tx_info.frequency not in region.CHANNELS_HZ:
        raise FrameError(f"{reception.tx_info.frequency} Hz is no channel of the region")
    device, session, f_cnt = _owner(core, frame)
    if f_cnt < session.f_cnt_up and not device.message.skip_fcnt_check:
        _report_counter(core, device, reception, f_cnt, repeated=f_cnt == session.f_cnt_up - 1)
        return
    session.f_cnt_up = f_cnt + 1
    device.run_after_us = now_us + us(core.durations.class_a_lock_s)
    device.last_seen_us = now_us
    device.last_uplink = LastUplink(
        reception.copies, reception.tx_info.frequency, reception.data_rate
    )
    best = downlink.best(reception.copies)
    session.adr.heard(f_cnt, reception.data_rate, best.snr)
    frame = frame.clear(session.nwk_s_key, session.app_s_key, f_cnt)
    answers = _commands(core, device, session, frame, reception)
    _emit_up(core, device, frame, reception)
    if core.registry.profile_of(device).payload_codec_runtime != api.CodecRuntime.NONE:
        # Not silently: what ChirpStack says of a codec that fails, beside an event without object.
        core.report(device, now_us, "UPLINK_CODEC", NO_CODEC, deduplication_id=reception.id)
    if frame.ack:
        _emit_ack(core, device, reception)
    exchange = downlink.Exchange(device, session, reception, frame, answers)
    core.at(
        now_us + us(core.durations.get_downlink_data_s),
        lambda due: downlink.answer(core, exchange, due),
    )


def _owner(core: Core, frame: DataFrame) -> tuple[Device, Session, int]:
    for device in core.registry.devices.values():
        session = device.session
        if session is None or session.dev_addr != frame.dev_addr or device.message.is_disabled:
            continue
        # The second guess is a device that started again at a low counter.
        for f_cnt in (full_f_cnt(session.f_cnt_up, frame.f_cnt), frame.f_cnt):
            if frame.valid(session.nwk_s_key, f_cnt):
                return device, session, f_cnt
    raise FrameError(f"no device of DevAddr {frame.dev_addr} fits its MIC")


def _report_counter(
    core: Core, device: Device, reception: Reception, f_cnt: int, *, repeated: bool
) -> None:
    code, text = (
        (
            "UPLINK_F_CNT_RETRANSMISSION",
            "Uplink was flagged as re-transmission / frame-counter did not increment",
        )
        if repeated
        else ("UPLINK_F_CNT_RESET", "Frame-counter reset or rollover detected")
    )
    core.report(
        device, core.event_time_us(reception), code, text, level="WARNING",
        deduplication_id=reception.id, f_cnt_up=str(f_cnt),
    )  # fmt: skip


def _commands(
    core: Core, device: Device, session: Session, frame: DataFrame, reception: Reception
) -> list[bytes]:
    """Handle what the device says in MAC commands; returns the answers it must get."""
    stream = frame.payload if frame.f_port == 0 else frame.f_opts
    answers = []
    best = downlink.best(reception.copies)
    for cid, payload in mac.commands(stream):
        if cid == mac.LINK_CHECK:
            sf = reception.tx_info.modulation.lora.spreading_factor
            answers.append(mac.link_check_answer(best.snr, sf, len(reception.copies)))
        elif cid == mac.DEVICE_TIME:
            answers.append(mac.device_time_answer(core.event_time_us(reception)))
        elif cid == mac.LINK_ADR:
            session.adr.answered(payload[0])
        elif cid == mac.DEV_STATUS:
            _emit_status(core, device, payload, reception)
    return answers


def _emit_status(core: Core, device: Device, payload: bytes, reception: Reception) -> None:
    battery, margin = mac.dev_status(payload)
    external, unknown = battery == 0, battery == 255
    level = 0.0 if external or unknown else battery / 254 * 100
    device.status = api.DeviceStatus(
        margin=margin,
        external_power_source=external,
        battery_level=-1.0 if unknown else round(level, 2),
    )
    event = integration.StatusEvent(
        deduplication_id=reception.id,
        time=timestamp(core.event_time_us(reception)),
        device_info=core.registry.info(device),
        margin=margin,
        external_power_source=external,
        battery_level_unavailable=unknown,
        battery_level=level,
    )
    core.emit("status", device, event)


def _emit_up(core: Core, device: Device, frame: DataFrame, reception: Reception) -> None:
    event = integration.UplinkEvent(
        deduplication_id=reception.id,
        time=timestamp(core.event_time_us(reception)),
        device_info=core.registry.info(device),
        dev_addr=frame.dev_addr,
        adr=frame.adr,
        dr=reception.data_rate,
        f_cnt=frame.f_cnt,
        f_port=frame.f_port or 0,
        confirmed=frame.confirmed,
        data=frame.payload if frame.f_port else b"",
        rx_info=reception.copies,
        tx_info=reception.tx_info,
        region_config_id=region.REGION_CONFIG_ID,
    )
    core.emit("up", device, event)


def _emit_ack(core: Core, device: Device, reception: Reception) -> None:
    item = pending(device.queue)
    if item is None:
        log.warning("an acknowledgement of %s fits no pending item", device.dev_eui)
        return
    device.queue.remove(item)
    downlink.emit_ack(
        core, device, item, core.event_time_us(reception), acknowledged=True, uplink=reception.id
    )

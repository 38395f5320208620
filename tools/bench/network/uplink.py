"""Data uplinks: their device, counter and MAC commands.

Source: ChirpStack 4.20.0, uplink/data.rs and storage/device.rs (counter rules).
"""

import logging

from chirpstack_api import api, integration
from google.protobuf import json_format

from tools.bench.network import codec, mac
from tools.bench.network.downlink import Downlinks, Exchange
from tools.bench.network.durations import Durations, us
from tools.bench.network.events import timestamp
from tools.bench.network.lorawan import DataFrame, FrameError, full_f_cnt
from tools.bench.network.outbox import Outbox
from tools.bench.network.queue import pending
from tools.bench.network.reception import Reception
from tools.bench.network.region import Region
from tools.bench.network.registry import Device, LastUplink, Registry, Session
from tools.bench.network.setup import ACCEPTED
from tools.bench.network.timers import Timers

log = logging.getLogger("bench.network")


class Uplinks:
    """Handles data frames; `downlinks` answers after `Durations.get_downlink_data_s`."""

    def __init__(
        self,
        registry: Registry,
        outbox: Outbox,
        timers: Timers,
        downlinks: Downlinks,
        durations: Durations,
        *,
        region: Region,
    ) -> None:
        self._registry = registry
        self._outbox = outbox
        self._timers = timers
        self._downlinks = downlinks
        self._durations = durations
        self._region = region

    def handle(self, reception: Reception, now_us: int) -> None:
        """Take a data frame: event, acknowledgement, answer. Raises FrameError: no such device."""
        frame = DataFrame.parse(reception.phy)
        device, session, f_cnt = self._owner(frame)
        if reception.tx_info.frequency not in session.setup.channels(self._region):
            raise FrameError(f"{reception.tx_info.frequency} Hz is no channel of the region")
        if f_cnt < session.f_cnt_up and not device.message.skip_fcnt_check:
            repeated = f_cnt == session.f_cnt_up - 1
            self._report_counter(device, reception, f_cnt, repeated=repeated)
            return
        self._note(device, session, reception, f_cnt, now_us)
        frame = frame.clear(session.nwk_s_key, session.app_s_key, f_cnt)
        answers = self._commands(device, session, frame, reception)
        self._emit_up(device, frame, reception, now_us)
        if frame.ack:
            self._acknowledge(device, reception)
        exchange = Exchange(device, session, reception, frame, answers)
        self._timers.at(
            now_us + us(self._durations.get_downlink_data_s),
            lambda due_us: self._downlinks.answer(exchange, due_us),
        )

    def _owner(self, frame: DataFrame) -> tuple[Device, Session, int]:
        """The device whose session fits, and the full counter. Raises FrameError."""
        for device in self._registry.devices.values():
            session = device.session
            if session is None or session.dev_addr != frame.dev_addr:
                continue
            if device.message.is_disabled:
                continue
            # The second guess is a device that started again at a low counter.
            for f_cnt in (full_f_cnt(session.f_cnt_up, frame.f_cnt), frame.f_cnt):
                if frame.valid(session.nwk_s_key, f_cnt):
                    return device, session, f_cnt
        raise FrameError(f"no device of DevAddr {frame.dev_addr} fits its MIC")

    def _note(
        self, device: Device, session: Session, reception: Reception, f_cnt: int, now_us: int
    ) -> None:
        """Counter, locks, ADR history, and what a downlink needs to know."""
        session.f_cnt_up = f_cnt + 1
        device.run_after_us = now_us + us(self._durations.class_a_lock_s)
        device.last_seen_us = now_us
        frequency_hz = reception.tx_info.frequency
        device.last_uplink = LastUplink(reception.copies, frequency_hz, reception.data_rate)
        session.adr.heard(f_cnt, reception.data_rate, reception.best.snr)

    def _report_counter(
        self, device: Device, reception: Reception, f_cnt: int, *, repeated: bool
    ) -> None:
        code, text = "UPLINK_F_CNT_RESET", "Frame-counter reset or rollover detected"
        if repeated:
            code = "UPLINK_F_CNT_RETRANSMISSION"
            text = "Uplink was flagged as re-transmission / frame-counter did not increment"
        self._outbox.report(
            device, reception.time_us, code, text, level="WARNING",
            deduplication_id=reception.id, f_cnt_up=str(f_cnt),
        )  # fmt: skip

    def _commands(
        self, device: Device, session: Session, frame: DataFrame, reception: Reception
    ) -> list[bytes]:
        """Handle the device's MAC commands; returns the answers that it must get."""
        stream = frame.payload if frame.f_port == 0 else frame.f_opts
        answers: list[bytes] = []
        for cid, payload in mac.commands(stream):
            if cid == mac.LINK_CHECK:
                sf = reception.tx_info.modulation.lora.spreading_factor
                copies = len(reception.copies)
                answers.append(mac.link_check_answer(reception.best.snr, sf, copies))
            elif cid == mac.DEVICE_TIME:
                answers.append(mac.device_time_answer(reception.time_us))
            elif cid == mac.LINK_ADR:
                session.adr.answered(payload[0])
            elif cid == mac.DEV_STATUS:
                self._emit_status(device, payload, reception)
            elif cid in ACCEPTED:
                session.setup.answered(cid, payload)
        return answers

    def _emit_status(self, device: Device, payload: bytes, reception: Reception) -> None:
        battery, margin = mac.dev_status(payload)
        external = battery == 0
        unknown = battery == 255
        level = 0.0 if external or unknown else battery / 254 * 100
        device.status = api.DeviceStatus(
            margin=margin,
            external_power_source=external,
            battery_level=-1.0 if unknown else round(level, 2),
        )
        event = integration.StatusEvent(
            deduplication_id=reception.id,
            time=timestamp(reception.time_us),
            device_info=self._registry.info(device),
            margin=margin,
            external_power_source=external,
            battery_level_unavailable=unknown,
            battery_level=level,
        )
        self._outbox.emit("status", device, event)

    def _emit_up(
        self, device: Device, frame: DataFrame, reception: Reception, now_us: int
    ) -> None:
        event = integration.UplinkEvent(
            deduplication_id=reception.id,
            time=timestamp(reception.time_us),
            device_info=self._registry.info(device),
            dev_addr=frame.dev_addr,
            adr=frame.adr,
            dr=reception.data_rate,
            f_cnt=frame.f_cnt,
            f_port=frame.f_port or 0,
            confirmed=frame.confirmed,
            data=frame.payload if frame.f_port else b"",
            rx_info=reception.copies,
            tx_info=reception.tx_info,
            region_config_id=self._region.id,
        )
        self._decode(device, event, reception, now_us)
        self._outbox.emit("up", device, event)

    def _decode(
        self, device: Device, event: integration.UplinkEvent, reception: Reception, now_us: int
    ) -> None:
        """Add the codec's `object`; one that fails is reported, and the event has none."""
        profile = self._registry.profile_of(device)
        try:
            fields = codec.from_payload(
                profile, device.message, event.f_port, event.data, reception.time_us
            )
        except codec.CodecError as error:
            self._outbox.report(
                device, now_us, "UPLINK_CODEC", str(error), deduplication_id=reception.id
            )
            return
        if fields is not None:
            json_format.ParseDict(fields, event.object)

    def _acknowledge(self, device: Device, reception: Reception) -> None:
        """The device acknowledges the pending item: it leaves the queue."""
        item = pending(device.queue)
        if item is None:
            log.warning("an acknowledgement of %s fits no pending item", device.dev_eui)
            return
        device.queue.remove(item)
        self._outbox.acknowledge(
            device, item, reception.time_us, acknowledged=True, uplink_id=reception.id
        )

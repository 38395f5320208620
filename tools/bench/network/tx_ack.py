"""A radio gateway's acknowledgement of a downlink: the only thing that advances a queue.

Source: ChirpStack 4.20.0, downlink/tx_ack.rs.
"""

import logging

from chirpstack_api import common, gw, integration

from tools.bench.network.durations import us
from tools.bench.network.events import timestamp
from tools.bench.network.in_flight import InFlight, Sent
from tools.bench.network.outbox import Outbox
from tools.bench.network.registry import Device, QueueItem, Registry

log = logging.getLogger("bench.network")


class TxAcks:
    """Advances queue and downlink counter, or emits a `log` event with the reason."""

    def __init__(self, registry: Registry, outbox: Outbox, in_flight: InFlight) -> None:
        self._registry = registry
        self._outbox = outbox
        self._in_flight = in_flight

    def acknowledged(self, ack: gw.DownlinkTxAck, now_us: int) -> None:
        """Take one acknowledgement; one that fits no downlink in flight changes nothing."""
        sent = self._in_flight.find(ack.downlink_id)
        if sent is None or not 0 < len(ack.items) <= len(sent.frame.items):
            log.warning("tx ack of downlink %d ignored: none is in flight", ack.downlink_id)
            return
        device = self._registry.devices.get(sent.dev_eui)
        if device is None or device.session is None:
            return  # a join-accept, or the device is gone
        statuses = [item.status for item in ack.items]
        if gw.TxAckStatus.OK not in statuses:
            name = gw.TxAckStatus.Name(statuses[-1])
            self._outbox.report(device, now_us, "DOWNLINK_GATEWAY", name)
            return
        window = statuses.index(gw.TxAckStatus.OK)
        if sent.item is None or not sent.carries[window]:
            device.session.f_cnt_down += 1
        elif sent.item in device.queue:
            self._settle(device, sent.item, now_us)
            device.session.f_cnt_down = sent.f_cnt + 1
            self._emit(device, sent, sent.item, window, now_us)

    def _settle(self, device: Device, item: QueueItem, now_us: int) -> None:
        """A confirmed item waits for its acknowledgement; any other one leaves the queue."""
        if not item.confirmed:
            device.queue.remove(item)
            return
        item.pending = True
        if device.enabled_class == common.DeviceClass.CLASS_C:
            timeout_s = self._registry.profile_of(device).class_c_timeout
            item.timeout_us = now_us + us(timeout_s)

    def _emit(self, device: Device, sent: Sent, item: QueueItem, window: int, now_us: int) -> None:
        event = integration.TxAckEvent(
            downlink_id=sent.frame.downlink_id,
            time=timestamp(now_us),
            device_info=self._registry.info(device, application_tags=False),
            queue_item_id=item.id,
            f_cnt_down=item.f_cnt_down or 0,
            gateway_id=sent.frame.gateway_id,
            tx_info=sent.frame.items[window].tx_info,
        )
        self._outbox.emit("txack", device, event)

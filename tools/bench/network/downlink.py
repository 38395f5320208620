"""Downlinks: the answer to an uplink (class A), the scheduled send (class C), the gateway's word.

Source: ChirpStack 4.20.0, downlink/data.rs, downlink/tx_ack.rs, downlink/helpers.rs.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chirpstack_api import common, gw, integration

from tools.bench.network import mac, region
from tools.bench.network.durations import us
from tools.bench.network.events import timestamp
from tools.bench.network.lorawan import DataFrame, MType
from tools.bench.network.queue import choose
from tools.bench.network.registry import Device, QueueItem, Session

if TYPE_CHECKING:
    from tools.bench.network.core import Core, Reception

log = logging.getLogger("bench.network")

FOPTS_BYTES = 15


@dataclass(frozen=True)
class Exchange:
    """An uplink that may get an answer: whose it is, how it came, what must be answered in it."""

    device: Device
    session: Session
    reception: Reception
    up: DataFrame
    commands: list[bytes]


@dataclass
class Sent:
    """A downlink on its way. carries: for each window, whether the queue item is in its frame."""

    frame: gw.DownlinkFrame
    dev_eui: str
    item: QueueItem | None = None
    carries: list[bool] = field(default_factory=list)
    f_cnt: int = 0


@dataclass(frozen=True)
class Content:
    """What there is to say. blocks: MAC commands.  more: another item waits behind this one."""

    blocks: list[bytes]
    item: QueueItem | None
    more: bool
    ack: bool = False


def best(copies: list[gw.UplinkRxInfo]) -> gw.UplinkRxInfo:
    """The copy whose gateway answers: the best SNR, then the best RSSI."""
    return max(copies, key=lambda copy: (copy.snr, copy.rssi))


def answer_frame(core: Core, device: Device, rx1_delay_s: int) -> gw.DownlinkFrame:
    """An empty downlink for the two windows after the last uplink, its payloads still to fill."""
    heard = device.last_uplink
    assert heard is not None
    copy = best(heard.receptions)
    windows = ((heard.frequency_hz, heard.data_rate), (region.RX2_HZ, region.RX2_DR))
    frame = gw.DownlinkFrame(downlink_id=core.random.getrandbits(32), gateway_id=copy.gateway_id)
    for extra_s, (frequency, rate) in enumerate(windows):
        info = region.downlink_info(frequency, rate)
        info.timing.delay.delay.seconds = rx1_delay_s + extra_s
        _echo(info, copy)
        frame.items.append(gw.DownlinkFrameItem(tx_info=info))
    return frame


def _echo(info: gw.DownlinkTxInfo, copy: gw.UplinkRxInfo) -> None:
    info.context, info.board, info.antenna = copy.context, copy.board, copy.antenna


def answer(core: Core, exchange: Exchange, now_us: int) -> None:
    """Answer an uplink in RX1 or RX2, if there is anything to say."""
    device, session, up = exchange.device, exchange.session, exchange.up
    if device.session is not session or core.registry.devices.get(device.dev_eui) is not device:
        return  # it joined again, or was deleted, in the meantime
    rates = (exchange.reception.data_rate, region.RX2_DR)
    longest = region.longest(rates[0])
    item, more = _next_item(core, device, now_us, longest, exchange.reception.id)
    blocks = exchange.commands + _questions(core, exchange, now_us)
    if item is None and not blocks and not up.confirmed and not up.bit6:
        return
    frame = answer_frame(core, device, region.RX1_DELAY_S)
    sent = Sent(frame, device.dev_eui, item)
    content = Content(blocks, item, more, ack=up.confirmed)
    for window, rate in zip(frame.items, rates, strict=True):
        data, carried = _compose(session, content, region.longest(rate))
        window.phy_payload = data.encode(session.nwk_s_key, session.app_s_key)
        sent.carries.append(carried)
    _dispatch(core, session, sent, now_us)


def schedule(core: Core, device: Device, now_us: int) -> None:
    """Send a class-C device its next item at once, or take the lock that delays the next try."""
    session, heard = device.session, device.last_uplink
    if session is None or heard is None or device.enabled_class != common.DeviceClass.CLASS_C:
        return
    if session.f_cnt_up == 0:  # it must send its first uplink first
        device.run_after_us = now_us + us(core.durations.scheduler_lock_s)
        return
    device.run_after_us = now_us + us(core.durations.class_c_lock_s)
    longest = region.longest(region.RX2_DR)
    item, more = _next_item(core, device, now_us, longest, "")
    if item is None:
        return
    copy = best(heard.receptions)
    info = region.downlink_info(region.RX2_HZ, region.RX2_DR)
    info.timing.immediately.SetInParent()
    _echo(info, copy)
    data, carried = _compose(session, Content([], item, more), longest)
    phy = data.encode(session.nwk_s_key, session.app_s_key)
    frame = gw.DownlinkFrame(
        downlink_id=core.random.getrandbits(32),
        gateway_id=copy.gateway_id,
        items=[gw.DownlinkFrameItem(phy_payload=phy, tx_info=info)],
    )
    sent = Sent(frame, device.dev_eui, item, [carried])
    _dispatch(core, session, sent, now_us)


def _questions(core: Core, exchange: Exchange, now_us: int) -> list[bytes]:
    """What the server asks by itself: another data rate; the status, so many times a day."""
    device, session = exchange.device, exchange.session
    blocks = []
    if core.adr and exchange.up.adr:
        rate = exchange.reception.data_rate
        blocks.append(session.adr.request(rate, region.DATA_RATES[rate][0]))
    per_day = core.registry.profile_of(device).device_status_req_interval
    asked = session.status_asked_us
    if per_day and (asked is None or now_us - asked >= us(86_400 / per_day)):
        session.status_asked_us = now_us
        blocks.append(bytes([mac.DEV_STATUS]))
    return [block for block in blocks if block]


def _next_item(
    core: Core, device: Device, now_us: int, longest: int, uplink: str
) -> tuple[QueueItem | None, bool]:
    choice = choose(device.queue, now_us, longest)
    for item, why in choice.given_up:
        if why == "unacknowledged":
            emit_ack(core, device, item, now_us, acknowledged=False, uplink=uplink)
        elif why == "expired":
            core.report(
                device, now_us, "EXPIRED", "Device queue-item discarded because it has expired",
                queue_item_id=item.id,
            )  # fmt: skip
        else:
            core.report(
                device, now_us, "DOWNLINK_PAYLOAD_SIZE",
                "Device queue-item discarded because it exceeds the max. payload size",
                queue_item_id=item.id, item_size=str(len(item.data)),
                max_payload_size=str(longest),
            )  # fmt: skip
    return choice.item, choice.more


def _compose(session: Session, content: Content, longest: int) -> tuple[DataFrame, bool]:
    """One window's frame, and whether the item found room beside the MAC commands."""
    item = content.item
    stream = b""
    for block in content.blocks:
        if len(stream) + len(block) > longest:
            break
        stream += block
    in_port_0 = len(stream) > FOPTS_BYTES
    carried = item is not None and not in_port_0 and len(item.data) + len(stream) <= longest
    confirmed = carried and item is not None and item.confirmed
    frame = DataFrame(
        MType.CONFIRMED_DOWN if confirmed else MType.UNCONFIRMED_DOWN,
        session.dev_addr,
        session.f_cnt_down,
        f_port=0 if in_port_0 else item.f_port if carried and item else None,
        payload=stream if in_port_0 else item.data if carried and item else b"",
        f_opts=b"" if in_port_0 else stream,
        adr=True,
        ack=content.ack,
        bit4=content.more if carried or item is None else True,
    )
    return frame, carried


def _dispatch(core: Core, session: Session, sent: Sent, now_us: int) -> None:
    sent.f_cnt = session.f_cnt_down
    if sent.item:
        sent.item.f_cnt_down = session.f_cnt_down
    core.send(sent, now_us)


def emit_ack(
    core: Core, device: Device, item: QueueItem, time_us: int, *, acknowledged: bool, uplink: str
) -> None:
    """Say what became of a confirmed item. uplink: the event it was seen in, "" for a time-out."""
    event = integration.AckEvent(
        deduplication_id=uplink,
        time=timestamp(time_us),
        device_info=core.registry.info(device),
        queue_item_id=item.id,
        acknowledged=acknowledged,
        f_cnt_down=item.f_cnt_down or 0,
    )
    core.emit("ack", device, event)


def acknowledged(core: Core, ack: gw.DownlinkTxAck, now_us: int) -> None:
    """Take the gateway's word: queue and counter move on, or a `log` event says why not."""
    sent = core.sent.get(ack.downlink_id)
    if sent is None or not 0 < len(ack.items) <= len(sent.frame.items):
        log.warning("a gateway acknowledges downlink %d, which waits for none", ack.downlink_id)
        return
    device = core.registry.devices.get(sent.dev_eui)
    if device is None or device.session is None:
        return  # a join-accept, or the device is gone
    statuses = [item.status for item in ack.items]
    if gw.TxAckStatus.OK not in statuses:
        name = gw.TxAckStatus.Name(statuses[-1])
        core.report(device, now_us, "DOWNLINK_GATEWAY", name)
        return
    window = statuses.index(gw.TxAckStatus.OK)
    if sent.item is None or not sent.carries[window]:
        device.session.f_cnt_down += 1
    elif sent.item in device.queue:
        _went_out(core, device, sent, window, now_us)


def _went_out(core: Core, device: Device, sent: Sent, window: int, now_us: int) -> None:
    item, session = sent.item, device.session
    assert item is not None
    assert session is not None
    if item.confirmed:
        item.pending = True
        if device.enabled_class == common.DeviceClass.CLASS_C:
            timeout_s = core.registry.profile_of(device).class_c_timeout
            item.timeout_us = now_us + us(timeout_s)
    else:
        device.queue.remove(item)
    session.f_cnt_down = sent.f_cnt + 1
    event = integration.TxAckEvent(
        downlink_id=sent.frame.downlink_id,
        time=timestamp(now_us),
        device_info=core.registry.info(device, application_tags=False),
        queue_item_id=item.id,
        f_cnt_down=item.f_cnt_down or 0,
        gateway_id=sent.frame.gateway_id,
        tx_info=sent.frame.items[window].tx_info,
    )
    core.emit("txack", device, event)

"""Downlink frames: what fits into one window, and where and when it goes out.

Source: ChirpStack 4.20.0, downlink/data.rs and downlink/helpers.rs.
"""

from dataclasses import dataclass

from chirpstack_api import gw

from tools.bench.network.lorawan import DataFrame, MType
from tools.bench.network.reception import best
from tools.bench.network.region import Region
from tools.bench.network.registry import LastUplink, QueueItem, Session
from tools.bench.network.setup import Setup

FOPTS_BYTES = 15


@dataclass(frozen=True)
class Content:
    """What a downlink carries. blocks: MAC commands.  more: another item waits behind this one."""

    blocks: list[bytes]
    item: QueueItem | None
    more: bool
    ack: bool = False


def data_frame(session: Session, content: Content, longest: int) -> tuple[DataFrame, bool]:
    """One window's frame, and whether the item found room beside the MAC commands.

    longest: the longest application payload of the window's data rate, bytes.
    """
    item = content.item
    stream = _within(content.blocks, longest)
    in_port_0 = len(stream) > FOPTS_BYTES
    carried = item is not None and not in_port_0 and len(item.data) + len(stream) <= longest
    port, payload = _application_part(item if carried else None)
    frame = DataFrame(
        MType.CONFIRMED_DOWN if carried and item and item.confirmed else MType.UNCONFIRMED_DOWN,
        session.dev_addr,
        session.f_cnt_down,
        f_port=0 if in_port_0 else port,
        payload=stream if in_port_0 else payload,
        f_opts=b"" if in_port_0 else stream,
        adr=True,
        ack=content.ack,
        bit4=content.more if carried or item is None else True,
    )
    return frame, carried


def _within(blocks: list[bytes], longest: int) -> bytes:
    """As many MAC commands as fit."""
    stream = b""
    for block in blocks:
        if len(stream) + len(block) > longest:
            break
        stream += block
    return stream


def _application_part(item: QueueItem | None) -> tuple[int | None, bytes]:
    return (None, b"") if item is None else (item.f_port, item.data)


def class_a_frame(
    region: Region, uplink: LastUplink, setup: Setup, downlink_id: int, rx1_delay_s: int
) -> gw.DownlinkFrame:
    """An empty downlink for RX1 and RX2 after an uplink; its payloads are still to be filled."""
    copy = best(uplink.receptions)
    rx1 = setup.rx1(region, uplink.frequency_hz, uplink.data_rate)
    windows = rx1, setup.rx2(region)
    frame = gw.DownlinkFrame(downlink_id=downlink_id, gateway_id=copy.gateway_id)
    for extra_s, (frequency_hz, rate) in enumerate(windows):
        info = _tx_info(region, copy, frequency_hz, rate)
        info.timing.delay.delay.seconds = rx1_delay_s + extra_s
        frame.items.append(gw.DownlinkFrameItem(tx_info=info))
    return frame


def class_c_frame(
    region: Region, uplink: LastUplink, setup: Setup, downlink_id: int
) -> gw.DownlinkFrame:
    """An empty downlink that goes out at once on the channel of RX2."""
    copy = best(uplink.receptions)
    info = _tx_info(region, copy, *setup.rx2(region))
    info.timing.immediately.SetInParent()
    return gw.DownlinkFrame(
        downlink_id=downlink_id,
        gateway_id=copy.gateway_id,
        items=[gw.DownlinkFrameItem(tx_info=info)],
    )


def _tx_info(
    region: Region, copy: gw.UplinkRxInfo, frequency_hz: int, data_rate: int
) -> gw.DownlinkTxInfo:
    """Where and how it goes out, with what the radio gateway wants back from the uplink."""
    info = region.downlink_info(frequency_hz, data_rate)
    info.context = copy.context
    info.board = copy.board
    info.antenna = copy.antenna
    return info

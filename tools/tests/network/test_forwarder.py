"""The packet forwarder: conversions, and a gateway of a world on a broker. *Emulated*."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from chirpstack_api import gw

from tools.bench.network.broker import BrokerAbsentError, BrokerLink
from tools.bench.world import forwarder
from tools.bench.world.forwarder import Forwarder
from tools.bench.world.frames import RxPacket, TxPacket
from tools.setup.mosquitto import Broker

GATEWAY = "8dd646ce57b18307"
TURN_US = 1 << 32


def heard(**given):
    fields = {
        "gateway_id": GATEWAY, "time_us": 5_000_000, "frequency_hz": 868_300_000, "sf": 9,
        "bandwidth_hz": 125_000, "code_rate": "4/5", "rssi_dbm": -101.6, "snr_db": -3.25,
        "channel": 1, "crc_ok": True, "payload": b"\x40frame",
    }  # fmt: skip
    return RxPacket(**(fields | given))


def down_item(delay_s=1, context_us=5_000_000, **timing):
    given = timing or {"delay": gw.DelayTimingInfo(delay={"seconds": delay_s})}
    lora = gw.LoraModulationInfo(
        bandwidth=125_000, spreading_factor=12, polarization_inversion=True, code_rate="CR_4_5"
    )
    info = gw.DownlinkTxInfo(
        frequency=869_525_000, power=29, modulation=gw.Modulation(lora=lora),
        timing=gw.Timing(**given), context=(context_us % TURN_US).to_bytes(4, "big"),
    )  # fmt: skip
    return gw.DownlinkFrameItem(phy_payload=b"\x60down", tx_info=info)


def test_a_heard_frame_becomes_an_uplink_frame():
    frame = forwarder.uplink_frame(heard(), uplink_id=7, gw_time_us=1_500_000)

    assert frame == gw.UplinkFrame(
        phy_payload=b"\x40frame",
        tx_info=gw.UplinkTxInfo(
            frequency=868_300_000,
            modulation=gw.Modulation(
                lora=gw.LoraModulationInfo(
                    bandwidth=125_000, spreading_factor=9, code_rate="CR_4_5"
                )
            ),
        ),
        rx_info=gw.UplinkRxInfo(
            gateway_id=GATEWAY, uplink_id=7, rssi=-102, snr=-3.25, channel=1,
            context=bytes.fromhex("004c4b40"), crc_status="CRC_OK",
            gw_time={"seconds": 1, "nanos": 500_000_000},
        ),
    )  # fmt: skip
    assert not forwarder.uplink_frame(heard()).rx_info.HasField("gw_time")


def test_a_delayed_downlink_starts_that_long_after_its_uplink():
    assert forwarder.downlink(down_item(), 5_300_000) == TxPacket(
        time_us=6_000_000, frequency_hz=869_525_000, sf=12, bandwidth_hz=125_000, power_dbm=29,
        payload=b"\x60down", inverted=True,
    )  # fmt: skip


@pytest.mark.parametrize("uplink_us", [TURN_US - 500_000, TURN_US + 500_000, 3 * TURN_US - 1])
def test_the_counter_turns_every_71_minutes_and_the_downlink_follows(uplink_us):
    item = down_item(context_us=uplink_us)

    assert forwarder.downlink(item, uplink_us + 300_000).time_us == uplink_us + 1_000_000


def test_a_late_downlink_is_in_the_past_not_71_minutes_ahead():
    assert forwarder.downlink(down_item(), 9_000_000).time_us == 6_000_000


def test_an_immediate_downlink_has_no_time():
    item = down_item(immediately=gw.ImmediatelyTimingInfo())

    assert forwarder.downlink(item, 9_000_000).time_us is None


class World:
    """The two calls of a simulation that a forwarder uses. says: answers of `transmit`."""

    def __init__(self, *says):
        self.now_us, self.says, self.asked, self.listeners = 5_020_000, list(says), [], []

    def on_received(self, listener):
        self.listeners.append(listener)

    async def transmit(self, gateway_id, downlink):
        self.asked.append((gateway_id, downlink.time_us))
        return self.says.pop(0)


@asynccontextmanager
async def forwarding(world, prefix="eu868"):
    """A forwarder on a broker, and a queue of what it publishes: (last topic word, bytes)."""
    inbox = asyncio.Queue()
    async with Broker() as broker:
        topic = f"{prefix}/gateway/{GATEWAY}/event/#".lstrip("/")
        link = BrokerLink(
            broker.host, broker.port, [topic],
            lambda topic, payload: inbox.put_nowait((topic.split("/")[-1], payload)),
        )  # fmt: skip
        await link.connect()
        async with Forwarder(world, broker.host, broker.port, GATEWAY, prefix) as made:
            yield made, link, inbox
        await link.close()


async def next_event(inbox, kind, within_s=10):
    async with asyncio.timeout(within_s):
        while True:
            found, payload = await inbox.get()
            if found == kind:
                return payload


def command(link, *items, prefix="eu868/"):
    frame = gw.DownlinkFrame(downlink_id=77, gateway_id=GATEWAY, items=items)
    link.publish(f"{prefix}gateway/{GATEWAY}/command/down", frame.SerializeToString(), 1)


async def test_frames_go_up_and_what_failed_its_crc_or_is_anothers_does_not():
    world = World()
    async with forwarding(world) as (made, _, inbox):
        for frame in (heard(crc_ok=False), heard(gateway_id="0" * 16), heard(payload=b"\x40good")):
            for listener in world.listeners:
                listener(frame)

        up = gw.UplinkFrame.FromString(await next_event(inbox, "up"))

    assert up.phy_payload == b"\x40good"
    assert up.rx_info.HasField("gw_time")
    assert made.received == 1


async def test_it_says_that_it_lives():
    async with forwarding(World()) as (_, _, inbox):
        stats = gw.GatewayStats.FromString(await next_event(inbox, "stats"))

    assert stats.gateway_id == GATEWAY


async def test_the_second_window_is_tried_when_the_first_is_refused():
    world = World("TOO_LATE", "OK")
    async with forwarding(world, prefix="") as (made, link, inbox):
        command(link, down_item(1), down_item(2), prefix="")
        ack = gw.DownlinkTxAck.FromString(await next_event(inbox, "ack"))

    names = [gw.TxAckStatus.Name(item.status) for item in ack.items]
    assert (ack.downlink_id, ack.gateway_id, names) == (77, GATEWAY, ["TOO_LATE", "OK"])
    assert world.asked == [(GATEWAY, 6_000_000), (GATEWAY, 7_000_000)]
    assert made.sent == 1


async def test_a_window_that_was_not_needed_is_ignored():
    async with forwarding(World("OK")) as (_, link, inbox):
        command(link, down_item(1), down_item(2))
        ack = gw.DownlinkTxAck.FromString(await next_event(inbox, "ack"))

    assert [gw.TxAckStatus.Name(item.status) for item in ack.items] == ["OK", "IGNORED"]


async def test_without_gps_a_gateway_refuses_gps_time():
    async with forwarding(World()) as (_, link, inbox):
        command(link, down_item(gps_epoch=gw.GPSEpochTimingInfo()))
        ack = gw.DownlinkTxAck.FromString(await next_event(inbox, "ack"))

    assert [gw.TxAckStatus.Name(item.status) for item in ack.items] == ["GPS_UNLOCKED"]


async def test_a_lost_acknowledgement_is_a_frame_sent_and_nothing_said():
    world = World("OK", "OK")
    async with forwarding(world) as (made, link, inbox):
        made.lose_acks = True
        command(link, down_item())
        await asyncio.sleep(0.2)
        made.lose_acks = False
        command(link, down_item())
        await next_event(inbox, "ack")

        assert len(world.asked) == 2
        assert "ack" not in [inbox.get_nowait()[0] for _ in range(inbox.qsize())]


async def test_without_a_broker_it_says_where_it_looked():
    with pytest.raises(BrokerAbsentError, match=r"127\.0\.0\.1:1 "):
        async with Forwarder(World(), "127.0.0.1", 1, GATEWAY):
            pass

"""Every region end to end in virtual time: MAC or emulated board, and the bench server's core."""

import asyncio
from random import Random

import pytest
from chirpstack_api import api, common, gw
from node.settings import regions
from tests.fake_network import APP_KEY, DEV_EUI, JOIN_EUI, World

from tools.bench.network import region as bench_regions
from tools.bench.network.core import Core
from tools.bench.network.events import Event
from tools.bench.network.region import Region
from tools.bench.network.registry import RadioGateway, Registry, Stored
from tools.bench.world.forwarder import downlink, tx_ack, uplink_frame
from tools.bench.world.frames import RxPacket
from tools.bench.world.lab import Lab

RADIO_GATEWAY = "0016c001f153a14c"
NAMES = sorted({*bench_regions.names(), *regions()})
ANSWERED_US = 900_000
"""By then the server has answered an uplink: RX1 is after 1 s."""


class BenchServer:
    """The bench server's core in the place of the fake one, fed by a radio gateway in range."""

    def __init__(self, world: World, region: Region) -> None:
        self.world = world
        self.core = Core(registered(region), random=Random(1), adr=True, region=region)
        self.events: list[Event] = []
        self._turn: asyncio.Task[None] | None = None

    def uplink(self, made, end, freq, sf, bw) -> None:
        channels = self.core.region.channels_hz
        heard = RxPacket(
            gateway_id=RADIO_GATEWAY, time_us=end, frequency_hz=freq, sf=sf, bandwidth_hz=bw,
            code_rate="4/5", rssi_dbm=-60, snr_db=9.0, channel=channels.index(freq), crc_ok=True,
            payload=made,
        )  # fmt: skip
        self.core.uplink(uplink_frame(heard), end)
        self._turn = asyncio.create_task(self._work(end + ANSWERED_US))

    async def _work(self, until_us: int) -> None:
        """What the server does after an uplink, until the node's next one can come."""
        while (due_us := self.core.next_due_us) is not None and due_us < until_us:
            await self.world.clock.sleep_until_us(due_us)
            for output in self.core.advance(due_us):
                if isinstance(output, Event):
                    self.events.append(output)
                else:
                    self._transmit(output, due_us)

    def _transmit(self, frame: gw.DownlinkFrame, now_us: int) -> None:
        """The radio gateway takes the first window."""
        sent = downlink(frame.items[0], now_us)
        there = sent.frequency_hz, sent.sf, sent.bandwidth_hz
        self.world.send(sent.payload, sent.time_us or now_us, there)
        ack = tx_ack(frame, [gw.TxAckStatus.OK, gw.TxAckStatus.IGNORED][: len(frame.items)])
        self.core.acknowledged(ack, now_us)


def registered(region: Region) -> Registry:
    known = Registry()
    known.tenants["t"] = Stored(api.Tenant(id="t", name="t", can_have_gateways=True), 0, 0)
    known.applications["a"] = Stored(api.Application(id="a", name="a", tenant_id="t"), 0, 0)
    gateway = api.Gateway(gateway_id=RADIO_GATEWAY, name="g", tenant_id="t")
    known.radio_gateways[RADIO_GATEWAY] = RadioGateway(gateway, 0, 0)
    profile = api.DeviceProfile(
        id="p", name="p", tenant_id="t", region=region.common, supports_otaa=True,
        adr_algorithm_id="default", mac_version=common.MacVersion.LORAWAN_1_0_4,
    )  # fmt: skip
    known.profiles["p"] = Stored(profile, 0, 0)
    eui, join_eui = DEV_EUI.hex(), JOIN_EUI.hex()
    device = api.Device(
        dev_eui=eui, name="n", application_id="a", device_profile_id="p", join_eui=join_eui
    )
    known.add_device(device, 0)
    keys = api.DeviceKeys(dev_eui=eui, nwk_key=APP_KEY.hex())
    known.device(eui).keys = Stored(keys, 0, 0)
    return known


def test_both_sides_have_the_same_regions():
    assert bench_regions.names() == regions()


@pytest.mark.parametrize("name", NAMES)
def test_a_node_joins_reports_and_obeys_adr_against_the_bench_server(name):
    region = __import__(f"lorawan.region.{name}", None, None, ("*",))
    world = World(region)
    server = BenchServer(world, bench_regions.load(name))
    world.server = server  # pyright: ignore[reportAttributeAccessIssue] - its `uplink` alone

    async def story():
        await world.joined()
        return [await world.mac.send(10, b"reading %d" % at, True) for at in range(4)]

    sent = world.run(story())

    assert all(one.acked for one in sent)
    assert [event.kind for event in server.events] == ["join", "up", "up", "up", "up"]
    readings = [event.message.data for event in server.events[1:]]
    assert readings == [b"reading %d" % at for at in range(4)]
    known = server.core.region
    assert {event.message.region_config_id for event in server.events} == {name}
    assert {one[2] for one in world.sent} <= set(known.channels_hz)
    plan = world.mac.plan
    assert plan.mask == (1 << len(known.channels_hz)) - 1
    assert [plan.up_hz(at) for at in range(len(known.channels_hz))] == list(known.channels_hz)
    assert world.mac.session.dr == known.adr[0]
    assert world.mac.session.power > 0, "ADR lowered the power"


@pytest.mark.parametrize("name", NAMES)
def test_both_sides_agree_on_what_they_both_know(name):
    device = __import__(f"lorawan.region.{name}", None, None, ("*",))
    bench = bench_regions.load(name)

    assert bench.own_channels_hz == device.CHANNELS
    assert bench.rx2 == (device.RX2_FREQ, device.RX2_DR)
    assert bench.adr == (device.CHANNEL_DR[1], device.POWER_MAX)
    rates = [
        (sf, bw, most) for (sf, bw), most in zip(device.DATARATES, device.MAX_PAYLOAD, strict=True)
    ]
    assert list(bench.data_rates.values()) == rates
    assert [(band.low_hz, band.high_hz, round(1 / band.share)) for band in bench.sub_bands] == [
        *device.BANDS
    ]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
async def test_a_board_joins_and_reports_within_the_law(name):
    async with Lab(region=name) as lab:
        unit = await lab.add("bin", report_s=60, sample_s=30)

        assert await lab.run(400, lambda: len(unit.of("up")) >= 4)

        info = await lab.ask(unit, "config region")
        assert info["region"] == name
        heard = {frame.frequency_hz for frame in lab.frames}
        assert heard <= set(lab.region.channels_hz)
        assert unit.of("up")[-1].region_config_id == name
        assert lab.simulation.violations == []
        assert lab.simulation.refusals == []

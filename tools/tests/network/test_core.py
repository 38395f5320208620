"""The server in virtual time: what neither the recording nor the contract reaches."""

import json
from random import Random
from typing import Any

import pytest
from chirpstack_api import api, gw, integration

from tools.bench.network.core import Core
from tools.bench.network.durations import Durations, us
from tools.bench.network.events import Event
from tools.bench.network.probe import Probe
from tools.bench.network.registry import QueueItem, RadioGateway, Registry, Stored

START_US = 1_795_428_000_000_000
GATEWAYS = ("00000000000000a1", "00000000000000a2")


class Air:
    """A core, one joined device, and time that advances only by `run`."""

    def __init__(self, *, sf=7, seed=1, adr: bool | None = None, **profile):
        self.now_us, self.sf = START_US, sf
        registry = Registry()
        registry.tenants["t"] = Stored(api.Tenant(id="t", name="t"), 0, 0)
        registry.applications["a"] = Stored(api.Application(id="a", tenant_id="t"), 0, 0)
        fields = {"adr_algorithm_id": "default", "supports_otaa": True} | profile
        registry.profiles["p"] = Stored(api.DeviceProfile(id="p", tenant_id="t", **fields), 0, 0)
        for gateway_id in GATEWAYS:
            registry.radio_gateways[gateway_id] = RadioGateway(
                api.Gateway(gateway_id=gateway_id), 0, 0
            )
        chosen: dict[str, Any] = {} if adr is None else {"adr": adr}
        self.core = Core(registry, Durations(), Random(seed), **chosen)
        self.probe = Probe("0102030405060708", "ab" * 16)
        message = api.Device(dev_eui=self.probe.dev_eui, application_id="a", device_profile_id="p")
        registry.add_device(message, 0)
        self.device = registry.device(self.probe.dev_eui)
        keys = api.DeviceKeys(dev_eui=self.probe.dev_eui, nwk_key=self.probe.app_key)
        self.device.keys = Stored(keys, 0, 0)
        self.events: list[Event] = []
        self.downlinks: list[gw.DownlinkFrame] = []
        self.hear(self.probe.join_request())
        self.run(6)
        self.probe.accept(self.downlinks.pop().items[0].phy_payload)
        self.events.clear()

    def hear(self, phy, gateway_id=GATEWAYS[0], snr=9.5):
        lora = gw.LoraModulationInfo(
            bandwidth=125_000, spreading_factor=self.sf, code_rate="CR_4_5"
        )
        frame = gw.UplinkFrame(
            phy_payload=phy,
            tx_info=gw.UplinkTxInfo(frequency=868_100_000, modulation=gw.Modulation(lora=lora)),
            rx_info=gw.UplinkRxInfo(gateway_id=gateway_id, rssi=-60, snr=snr),
        )
        self.core.uplink(frame, self.now_us)

    def run(self, seconds):
        self.now_us += us(seconds)
        for output in self.core.advance(self.now_us):
            if isinstance(output, gw.DownlinkFrame):
                self.downlinks.append(output)
            else:
                self.events.append(output)

    def item(self, data=b"x", *, confirmed=False):
        item = QueueItem(self.core.uuid(), 10, data, confirmed)
        self.device.queue.append(item)
        self.core.enqueued(self.now_us)
        return item

    def acknowledge(self, frame, *statuses):
        items = [gw.DownlinkTxAckItem(status=s) for s in statuses or ("OK",)]
        ack = gw.DownlinkTxAck(downlink_id=frame.downlink_id, items=items)
        self.core.acknowledged(ack, self.now_us)
        self.run(0)

    def read(self, window=0):
        return self.probe.read(self.downlinks[-1].items[window].phy_payload)

    @property
    def session(self):
        assert self.device.session
        return self.device.session

    @property
    def kinds(self):
        return [event.kind for event in self.events]


def test_a_copy_after_the_event_but_within_the_lock_is_dropped_silently():
    air = Air()
    frame = air.probe.uplink(1, b"x")
    air.hear(frame)
    air.run(0.3)

    air.hear(frame)
    air.run(5)

    assert air.kinds == ["up"]


def test_a_copy_after_the_lock_is_a_repeated_frame():
    air = Air()
    frame = air.probe.uplink(1, b"x")
    air.hear(frame)
    air.run(0.5)

    air.hear(frame)
    air.run(5)

    assert air.kinds == ["up", "log"]


def test_the_gateway_of_the_best_copy_answers():
    air = Air()
    frame = air.probe.uplink(1, b"x", confirmed=True)
    air.hear(frame, GATEWAYS[0], snr=-5.0)
    air.hear(frame, GATEWAYS[1], snr=3.0)

    air.run(1)

    assert air.downlinks[-1].gateway_id == GATEWAYS[1]


def test_a_frame_that_two_radio_gateways_hear_is_one_event():
    air = Air()
    frame = air.probe.uplink(1, b"x")
    for gateway_id in GATEWAYS:
        air.hear(frame, gateway_id)

    air.run(5)

    assert air.kinds == ["up"]
    heard = json.loads(air.events[0].json())["rxInfo"]
    assert sorted(one["gatewayId"] for one in heard) == sorted(GATEWAYS)


def test_an_acknowledgement_said_twice_counts_once():
    air = Air()
    air.item()
    air.hear(air.probe.uplink(1, b"x"))
    air.run(1)

    air.acknowledge(air.downlinks[-1])
    air.acknowledge(air.downlinks[-1])

    assert air.kinds == ["up", "txack"]
    assert air.session.f_cnt_down == 1


@pytest.mark.parametrize(("after_s", "kinds"), [(29, ["up", "txack"]), (30, ["up"])])
def test_an_acknowledgement_is_heard_for_30_seconds(after_s, kinds):
    air = Air()
    item = air.item()
    air.hear(air.probe.uplink(1, b"x"))
    air.run(0.3)
    air.run(after_s)

    air.acknowledge(air.downlinks[-1])

    assert air.kinds == kinds
    assert (item in air.device.queue) is (len(kinds) == 1)


def test_an_acknowledgement_of_nothing_or_of_too_much_is_ignored():
    air = Air()
    air.item()
    air.hear(air.probe.uplink(1, b"x"))
    air.run(1)
    unknown = gw.DownlinkFrame(downlink_id=air.downlinks[-1].downlink_id ^ 1)

    air.acknowledge(unknown)
    air.acknowledge(air.downlinks[-1], "TOO_LATE", "TOO_LATE", "OK")

    assert air.kinds == ["up"]


def test_an_item_that_fits_rx1_but_not_rx2_is_only_in_rx1():
    air = Air()  # SF7: 242 bytes; RX2 at SF12: 51
    item = air.item(bytes(100))
    air.hear(air.probe.uplink(1, b"x"))
    air.run(1)
    rx1, rx2 = air.read(0), air.probe
    rx2.f_cnt_down = 0
    rx2 = air.read(1)

    assert (rx1.payload, rx1.bit4) == (bytes(100), False)
    assert (rx2.f_port, rx2.bit4) == (None, True)
    air.acknowledge(air.downlinks[-1], "TOO_LATE", "OK")
    assert air.device.queue == [item]
    assert air.session.f_cnt_down == 1
    assert air.kinds == ["up"]


def test_an_item_without_room_beside_the_commands_waits_and_is_announced():
    air = Air(sf=12)
    air.item(bytes(51))
    air.hear(air.probe.uplink(1, b"x", f_opts=b"\x0d"))

    air.run(1)

    answer = air.read()
    assert (answer.f_port, answer.bit4, len(answer.f_opts)) == (None, True, 6)
    assert len(air.device.queue) == 1


def test_more_than_15_bytes_of_commands_go_out_on_port_0():
    air = Air()
    air.item()
    air.hear(air.probe.uplink(0, bytes([2, 13, 2, 13])))

    air.run(1)

    answer = air.read()
    assert (answer.f_port, answer.f_opts, len(answer.payload)) == (0, b"", 18)
    assert answer.bit4
    assert air.events[0].message.data == b""


def test_a_device_that_joins_again_meanwhile_gets_no_answer_of_the_old_session():
    air = Air(flush_queue_on_activate=True)
    air.item()
    air.hear(air.probe.uplink(1, b"x", confirmed=True))
    air.run(0.05)
    air.hear(air.probe.join_request())

    air.run(10)

    assert air.kinds == ["up", "join"]
    assert [frame.items[0].phy_payload[0] for frame in air.downlinks] == [0x20]
    assert air.device.queue == []


def test_a_disabled_device_is_not_heard():
    air = Air()
    air.device.message.is_disabled = True

    air.hear(air.probe.uplink(1, b"x"))
    air.hear(air.probe.join_request())
    air.run(2)

    assert air.kinds == []


def test_a_device_that_may_repeat_counters_is_heard_again():
    air = Air()
    air.device.message.skip_fcnt_check = True
    air.hear(air.probe.uplink(1, b"x", f_cnt=9))
    air.run(2)

    air.hear(air.probe.uplink(1, b"y", f_cnt=3))
    air.run(2)

    assert [event.message.f_cnt for event in air.events] == [9, 3]


def test_a_chatty_class_c_device_delays_its_own_downlinks():
    air = Air(supports_class_c=True, class_c_timeout=5)
    air.hear(air.probe.uplink(1, b"x"))
    air.run(4)
    air.hear(air.probe.uplink(1, b"y"))
    air.run(0.35)
    air.item()

    air.run(4.5)
    assert air.downlinks == []

    air.run(2)
    assert air.read().payload == b"x"


@pytest.mark.parametrize("timeout_s", [8, 20])
def test_a_confirmed_class_c_item_is_given_up_after_the_timeout_of_its_profile(timeout_s):
    air = Air(supports_class_c=True, class_c_timeout=timeout_s)
    air.hear(air.probe.uplink(1, b"x"))
    air.run(5.5)
    air.item(confirmed=True)
    air.run(2)
    air.acknowledge(air.downlinks[-1])
    air.events.clear()

    air.run(timeout_s - 1)
    assert air.kinds == []

    air.run(2)
    assert [(event.kind, event.message.acknowledged) for event in air.events] == [("ack", False)]


@pytest.mark.parametrize("battery", [0, 255])
def test_a_battery_that_has_no_level_says_so(battery):
    air = Air()
    air.hear(air.probe.uplink(1, b"x", f_opts=bytes([6, battery, 0x3F])))
    air.run(1)

    status = next(event.message for event in air.events if event.kind == "status")
    assert status.external_power_source is (battery == 0)
    assert status.battery_level_unavailable is (battery == 255)
    assert status.margin == -1


def test_an_uplink_bears_the_object_of_its_codec():
    script = "function decodeUplink(i){return {data: {port: i.fPort, first: i.bytes[0]}}}"
    air = Air(payload_codec_runtime="JS", payload_codec_script=script)

    air.hear(air.probe.uplink(7, b"x"))
    air.run(1)

    assert air.kinds == ["up"]
    assert json.loads(air.events[0].json())["object"] == {"port": 7, "first": 120}


@pytest.mark.parametrize(
    ("runtime", "text"),
    [
        ("JS", "JS error: Error: no payload\n    at decodeUplink (main:4:46)\n"),
        ("CAYENNE_LPP", "the bench server runs JavaScript codecs only, no Cayenne LPP"),
    ],
)
def test_a_codec_that_fails_is_reported_beside_an_event_without_object(runtime, text):
    script = "function decodeUplink(i) { throw new Error('no payload') }"
    air = Air(payload_codec_runtime=runtime, payload_codec_script=script)

    air.hear(air.probe.uplink(1, b"x"))
    air.run(1)

    assert air.kinds == ["log", "up"]
    assert air.events[0].message.code == integration.LogCode.UPLINK_CODEC
    assert air.events[0].message.description.startswith(text)
    assert not air.events[1].message.HasField("object")


@pytest.mark.parametrize("asks", [True, False])
def test_a_device_that_asks_for_it_is_told_how_to_send(asks):
    air = Air()
    air.hear(air.probe.uplink(1, b"x", adr=asks))
    air.run(1)
    assert len(air.downlinks) == asks
    if not asks:
        return

    assert air.read().f_opts == bytes([3, 0x52, 0xFF, 0x00, 0x01])
    air.acknowledge(air.downlinks[-1])
    air.hear(air.probe.uplink(1, b"y", adr=True, f_opts=bytes([3, 7])))
    air.run(1)
    assert air.session.adr.power_index == 2
    assert air.read().f_opts[1] == 0x54  # heard as loud as before: quieter still


@pytest.mark.parametrize("off", [{"adr": False}, {"adr_algorithm_id": ""}])
def test_adr_is_off_where_the_server_or_the_profile_has_none(off):
    air = Air(**off)
    air.hear(air.probe.uplink(1, b"x", adr=True))
    air.run(1)

    assert air.downlinks == []


def test_a_seed_repeats_a_run_byte_for_byte():
    def run(seed):
        air = Air(seed=seed)
        air.item(confirmed=True)
        air.hear(air.probe.uplink(1, b"x"))
        air.run(1)
        return [event.json() for event in air.events], air.downlinks

    assert run(4) == run(4)
    assert run(4) != run(5)

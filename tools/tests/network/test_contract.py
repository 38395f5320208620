"""What an application and a gateway may count on, against the bench server or a real ChirpStack.

Downlinks are in `test_contract_downlink.py`. See `conftest.py` for how a real one is given.
Tests that open the server itself are elsewhere.
"""

import asyncio
import json
from datetime import UTC, datetime

import pytest
from chirpstack_api import api, gw
from google.protobuf.empty_pb2 import Empty

from tools.bench.network.region import load

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]


async def test_a_join_is_answered_in_both_windows_and_told(world):
    probe = await world.device(join=False)

    world.hear(probe.join_request())
    down = await world.next("down")
    accept = probe.accept(down.items[0].phy_payload)
    event = await world.next("join")

    assert accept.cf_list == load().extra_channels_hz
    delays = [item.tx_info.timing.delay.delay.seconds for item in down.items]
    assert delays == [5, 6]
    assert [item.tx_info.frequency for item in down.items] == [868_100_000, 869_525_000]
    assert event["devAddr"] == probe.dev_addr
    assert event["deviceInfo"]["devEui"] == probe.dev_eui
    assert event["deviceInfo"]["tags"] == {"a": "1", "d": "2"}


async def test_a_join_with_a_wrong_key_is_logged_and_not_answered(world):
    probe = await world.device(join=False)
    probe.app_key = "00" * 16

    world.hear(probe.join_request())

    log = await world.next("log")
    assert (log["code"], log["level"]) == ("UPLINK_MIC", "ERROR")
    assert log["description"] == "MIC of join-request is invalid, make sure keys are correct"
    await world.nothing("down")


async def test_a_nonce_is_taken_once_until_it_is_flushed(world):
    probe = await world.device()
    probe.dev_nonce = 0

    await world.hear_again(probe.join_request())
    log = await world.next("log")
    assert (log["code"], log["description"]) == ("OTAA", "DevNonce has already been used")
    await world.nothing("down")

    await world.hear_again(probe.join_request())  # another nonce: taken
    await world.next("join")
    flush = api.FlushDevNoncesRequest(dev_eui=probe.dev_eui)
    await world.call("Device", "FlushDevNonces", flush)
    world.inbox.clear()
    probe.dev_nonce = 1
    await world.hear_again(probe.join_request())
    probe.accept((await world.next("down")).items[0].phy_payload)


async def test_an_unknown_device_gets_nothing(world):
    probe = await world.device()
    probe.nwk_s_key = bytes(16)

    world.hear(probe.uplink(1, b"x"))

    await world.nothing("up")
    await world.nothing("log")


async def test_copies_of_two_receptions_are_one_event(world):
    probe = await world.device()
    frame = probe.uplink(5, b"\x2a")

    world.hear(frame, snr=9.5)
    world.hear(frame, snr=-3.0, rssi=-110)

    up = await world.next("up")
    assert sorted(rx["rssi"] for rx in up["rxInfo"]) == [-110, -60]
    assert (up["fPort"], up["data"], up["dr"], up["fCnt"]) == (5, "Kg==", 5, 0)
    await world.nothing("up")


CODEC = """
function decodeUplink(input) {
  if (input.fPort == 9) throw new Error("no such port");
  return {data: {first: input.bytes[0], port: input.fPort}};
}
function encodeDownlink(input) { return {fPort: 12, bytes: [input.data.level, 1]}; }
"""


async def test_a_javascript_codec_makes_the_object_of_an_uplink(world):
    probe = await world.device(codec=CODEC)

    world.hear(probe.uplink(5, b"\x2a"))
    assert (await world.next("up"))["object"] == {"first": 42, "port": 5}

    world.hear(probe.uplink(9, b"\x2a"))
    assert "object" not in await world.next("up")
    log = await world.next("log")
    assert (log["code"], log["level"]) == ("UPLINK_CODEC", "ERROR")
    assert log["description"].startswith(
        "JS error: Error: no such port\n    at decodeUplink (main:"
    )


async def test_a_javascript_codec_makes_the_payload_of_an_object(world):
    probe = await world.device(codec=CODEC)
    command = {"devEui": probe.dev_eui, "fPort": 10, "object": {"level": 40}}

    topic = f"application/{world.application_id}/device/{probe.dev_eui}/command/down"
    world.link.publish(topic, json.dumps(command).encode(), 1)

    await asyncio.sleep(world.quiet_s)
    assert [(item.f_port, item.data) for item in await world.queue(probe)] == [(12, b"\x28\x01")]


async def test_a_confirmed_uplink_is_acknowledged_once(world):
    probe = await world.device()
    frame = probe.uplink(5, b"\x2a", confirmed=True)

    world.hear(frame)
    answer = probe.read((await world.next("down")).items[0].phy_payload)
    assert (answer.ack, answer.f_port, answer.adr) == (True, None, True)
    await world.next("up", confirmed=True)

    await world.hear_again(frame)
    log = await world.next("log")
    assert log["code"] == "UPLINK_F_CNT_RETRANSMISSION"
    assert log["context"]["f_cnt_up"] == "0"
    await world.nothing("down")
    await world.nothing("up")


async def test_an_older_counter_is_logged_as_a_reset(world):
    probe = await world.device()
    probe.f_cnt_up = 10
    world.hear(probe.uplink(5, b"a"))
    await world.next("up", fCnt=10)

    world.hear(probe.uplink(5, b"b", f_cnt=3))

    log = await world.next("log")
    assert (log["code"], log["level"]) == ("UPLINK_F_CNT_RESET", "WARNING")
    await world.nothing("up")


async def test_a_counter_beyond_16_bits_is_followed(world):
    probe = await world.device()
    probe.f_cnt_up = 65_535
    world.hear(probe.uplink(5, b"a"))
    await world.next("up", fCnt=65_535)

    world.hear(probe.uplink(5, b"b"))

    assert (await world.next("up"))["fCnt"] == 65_536


async def test_link_check_and_device_time_are_answered(world):
    probe = await world.device()

    world.hear(probe.uplink(5, b"a", f_opts=bytes([2, 13])))

    answer = probe.read((await world.next("down")).items[0].phy_payload)
    assert answer.f_opts[:3] == bytes([2, 17, 1])  # 9.5 dB is 17 above the floor of SF7
    gps_s = int.from_bytes(answer.f_opts[4:8], "little")
    assert abs(gps_s + 315_964_800 - 18 - datetime.now(UTC).timestamp()) < 5


async def test_the_status_is_asked_for_and_told(world):
    probe = await world.device(status_per_day=24)
    world.hear(probe.uplink(5, b"a"))
    asked = probe.read((await world.next("down")).items[0].phy_payload)
    assert asked.f_opts == b"\x06"

    world.hear(probe.uplink(5, b"b", f_opts=bytes([6, 200, 11])))

    status = await world.next("status")
    assert (status["margin"], status["batteryLevel"]) == (11, 78.74016)
    found = await world.call("Device", "Get", api.GetDeviceRequest(dev_eui=probe.dev_eui))
    assert found.device_status.margin == 11


async def test_the_counters_are_told(world):
    probe = await world.device()
    await world.enqueue(probe, b"1")
    world.hear(probe.uplink(5, b"a"))
    world.acknowledge(await world.next("down"))
    await world.next("txack")

    request = api.GetDeviceActivationRequest(dev_eui=probe.dev_eui)
    activation = (await world.call("Device", "GetActivation", request)).device_activation
    request = api.GetDeviceNextFCntDownRequest(dev_eui=probe.dev_eui)
    following = await world.call("Device", "GetNextFCntDown", request)

    assert (activation.f_cnt_up, activation.n_f_cnt_down, following.f_cnt_down) == (1, 1, 1)
    assert activation.app_s_key == probe.app_s_key.hex()


async def test_a_device_activated_by_personalisation_is_heard(world):
    probe = await world.device(join=False)
    probe.dev_addr, probe.nwk_s_key, probe.app_s_key = "01020304", b"n" * 16, b"a" * 16
    nwk = probe.nwk_s_key.hex()
    activation = api.DeviceActivation(
        dev_eui=probe.dev_eui, dev_addr=probe.dev_addr, app_s_key=probe.app_s_key.hex(),
        nwk_s_enc_key=nwk, s_nwk_s_int_key=nwk, f_nwk_s_int_key=nwk, f_cnt_up=7,
    )  # fmt: skip
    request = api.ActivateDeviceRequest(device_activation=activation)
    await world.call("Device", "Activate", request)
    probe.f_cnt_up = 7

    world.hear(probe.uplink(5, b"a"))

    assert (await world.next("up"))["fCnt"] == 7


async def test_a_gateway_that_sends_statistics_is_online(world):
    now = datetime.now(UTC)
    world.gateway_event("stats", gw.GatewayStats(gateway_id=world.gateway_id, time=now))
    await world.nothing("log")

    request = api.ListGatewaysRequest(limit=100, tenant_id=world.tenant_id)
    listed = (await world.call("Gateway", "List", request)).result

    states = {gateway.gateway_id: gateway.state for gateway in listed}
    assert states[world.gateway_id] == api.GatewayState.ONLINE


async def test_errors_have_chirpstacks_codes_and_texts(world):
    probe = await world.device(join=False)
    twin = api.Device(
        dev_eui=probe.dev_eui, name="twin", application_id=world.application_id,
        device_profile_id="00000000-0000-0000-0000-000000000000",
    )  # fmt: skip
    code, _ = await world.call("Device", "Create", api.CreateDeviceRequest(device=twin))
    assert code == "INTERNAL"

    get = api.GetDeviceRequest(dev_eui="0102030405060708")
    assert await world.call("Device", "Get", get) == (
        "NOT_FOUND", "Object does not exist (id: 0102030405060708)",
    )  # fmt: skip
    assert await world.call("Device", "Get", get, key="x") == ("UNAUTHENTICATED", "InvalidToken")
    assert await world.call("Device", "Create", api.CreateDeviceRequest()) == (
        "INVALID_ARGUMENT", "device is missing",
    )  # fmt: skip
    assert await world.call("Internal", "GetVersion", Empty()) == ("UNAUTHENTICATED", "")


async def test_stored_events_are_streamed_and_then_new_ones(world):
    probe = await world.device()
    request = api.StreamDeviceEventsRequest(dev_eui=probe.dev_eui)
    stream = world.api.Internal.StreamDeviceEvents(request, metadata=world.auth)
    told = aiter(stream)
    assert (await anext(told)).description == "join"

    world.hear(probe.uplink(5, b"\x2a"))

    item = await anext(told)
    stream.cancel()
    assert item.description == "up"
    assert dict(item.properties) == {"DR": "5", "FPort": "5", "FCnt": "0", "Data": "2a"}

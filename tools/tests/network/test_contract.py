"""What an application and a gateway may count on, against the bench server or a real ChirpStack.

See `conftest.py` for how a real one is given. Tests that open the server itself are elsewhere.
"""

from datetime import UTC, datetime, timedelta

import pytest
from chirpstack_api import api, gw
from google.protobuf.empty_pb2 import Empty

from tools.bench.network.lorawan import MType
from tools.bench.network.region import EXTRA_CHANNELS_HZ

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_join_is_answered_in_both_windows_and_told(world):
    probe = await world.device(join=False)

    world.hear(probe.join_request())
    down = await world.next("down")
    accept = probe.accept(down.items[0].phy_payload)
    event = await world.next("join")

    assert accept.cf_list == EXTRA_CHANNELS_HZ
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


async def test_class_a_items_go_out_one_an_uplink_in_order(world):
    probe = await world.device()
    first, second = await world.enqueue(probe, b"1"), await world.enqueue(probe, b"2")
    assert len(await world.queue(probe)) == 2

    sent = []
    for item_id in (first, second):
        world.hear(probe.uplink(5, b"a"))
        down = await world.next("down")
        sent.append(probe.read(down.items[0].phy_payload))
        assert [i.tx_info.timing.delay.delay.seconds for i in down.items] == [1, 2]
        world.acknowledge(down)
        txack = await world.next("txack", queueItemId=item_id)
        assert txack["downlinkId"] == down.downlink_id
        assert txack["deviceInfo"]["tags"] == {"d": "2"}  # without the application's, as it is

    assert [(f.payload, f.bit4, f.f_cnt) for f in sent] == [(b"1", True, 0), (b"2", False, 1)]
    assert await world.queue(probe) == []


@pytest.mark.parametrize("obeys", [True, False])
async def test_a_confirmed_class_a_item_ends_at_the_next_uplink(world, obeys):
    probe = await world.device()
    item_id = await world.enqueue(probe, b"1", confirmed=True)
    world.hear(probe.uplink(5, b"a"))
    down = await world.next("down")
    assert probe.read(down.items[0].phy_payload).mtype is MType.CONFIRMED_DOWN
    world.acknowledge(down)
    await world.next("txack", queueItemId=item_id)
    assert [(i.id, i.is_pending, i.f_cnt_down) for i in await world.queue(probe)] == [
        (item_id, True, 0)
    ]

    world.hear(probe.uplink(5, b"b", ack=obeys))

    ack = await world.next("ack", queueItemId=item_id)
    assert ack["acknowledged"] is obeys
    assert await world.queue(probe) == []


async def test_a_class_c_item_waits_for_the_first_uplink_and_goes_with_it(world):
    probe = await world.device(class_c=True)
    item_id = await world.enqueue(probe, b"early")
    await world.nothing("down")

    world.hear(probe.uplink(5, b"a"))

    down = await world.next("down")
    assert probe.read(down.items[0].phy_payload).payload == b"early"
    assert down.items[0].tx_info.timing.HasField("delay")
    world.acknowledge(down)
    await world.next("txack", queueItemId=item_id)


async def test_a_class_c_item_goes_out_at_once_on_rx2(world):
    probe = await world.device(class_c=True)
    await world.first_uplink(probe)
    item_id = await world.enqueue(probe, b"hello")

    down = await world.next("down")

    info = down.items[0].tx_info
    assert len(down.items) == 1
    assert info.timing.HasField("immediately")
    assert (info.frequency, info.power, info.modulation.lora.spreading_factor) == (
        869_525_000, 29, 12,
    )  # fmt: skip
    assert info.modulation.lora.polarization_inversion
    await world.nothing("txack")
    world.acknowledge(down)
    txack = await world.next("txack", queueItemId=item_id)
    assert txack["deviceInfo"]["deviceClassEnabled"] == "CLASS_C"


async def test_a_confirmed_class_c_item_without_an_answer_is_given_up(world):
    probe = await world.device(class_c=True)
    await world.first_uplink(probe)
    item_id = await world.enqueue(probe, b"c", confirmed=True)
    world.acknowledge(await world.next("down"))
    await world.next("txack", queueItemId=item_id)

    ack = await world.next("ack", queueItemId=item_id)

    assert (ack["acknowledged"], ack["deduplicationId"]) == (False, "")
    assert await world.queue(probe) == []


async def test_a_confirmed_class_c_item_is_acknowledged_by_an_uplink(world):
    probe = await world.device(class_c=True, class_c_timeout=20)
    await world.first_uplink(probe)
    item_id = await world.enqueue(probe, b"c", confirmed=True)
    world.acknowledge(await world.next("down"))
    await world.next("txack", queueItemId=item_id)

    world.hear(probe.uplink(ack=True))

    assert (await world.next("ack", queueItemId=item_id))["acknowledged"] is True
    assert (await world.next("up", fCnt=1))["data"] == ""


async def test_a_refused_downlink_is_logged_without_its_id_and_sent_again(world):
    probe = await world.device(class_c=True)
    await world.first_uplink(probe)
    item_id = await world.enqueue(probe, b"late")
    first = await world.next("down")

    world.acknowledge(first, "TOO_LATE")

    log = await world.next("log")
    assert (log["code"], log["description"], log["context"]) == (
        "DOWNLINK_GATEWAY",
        "TOO_LATE",
        {},
    )
    again = await world.next("down")
    assert again.items[0].phy_payload == first.items[0].phy_payload
    assert again.downlink_id != first.downlink_id
    world.acknowledge(again)
    await world.next("txack", queueItemId=item_id)


async def test_a_second_window_counts_when_the_first_was_refused(world):
    probe = await world.device()
    item_id = await world.enqueue(probe, b"1")
    world.hear(probe.uplink(5, b"a"))

    world.acknowledge(await world.next("down"), "TOO_LATE", "OK")

    txack = await world.next("txack", queueItemId=item_id)
    assert txack["txInfo"]["frequency"] == 869_525_000
    await world.nothing("log")


async def test_a_downlink_without_the_gateways_word_is_sent_again_the_same(world):
    probe = await world.device(class_c=True)
    await world.first_uplink(probe)
    item_id = await world.enqueue(probe, b"lost")

    first = await world.next("down")
    again = await world.next("down")

    assert again.items[0].phy_payload == first.items[0].phy_payload
    assert [m for m in world.inbox if m.kind in {"txack", "log"}] == []
    world.acknowledge(again)
    await world.next("txack", queueItemId=item_id)


async def test_what_is_too_long_or_too_late_is_logged_with_its_id(world):
    probe = await world.device(class_c=True)
    await world.first_uplink(probe)
    long = await world.enqueue(probe, bytes(52))
    log = await world.next("log", code="DOWNLINK_PAYLOAD_SIZE")
    assert log["context"] == {
        "queue_item_id": long, "max_payload_size": "51", "item_size": "52",
    }  # fmt: skip

    late = await world.enqueue(probe, b"x", expires_at=datetime.now(UTC) - timedelta(seconds=5))

    log = await world.next("log", code="EXPIRED")
    assert log["context"] == {"queue_item_id": late}
    await world.nothing("down")


async def test_flushing_keeps_or_takes_the_pending_item(world):
    probe = await world.device(class_c=True, class_c_timeout=20)
    await world.first_uplink(probe)
    pending = await world.enqueue(probe, b"1", confirmed=True)
    world.acknowledge(await world.next("down"))
    await world.next("txack", queueItemId=pending)
    await world.enqueue(probe, b"2")
    item = api.DeviceQueueItem(dev_eui=probe.dev_eui, f_port=10, data=b"3")
    request = api.EnqueueDeviceQueueItemRequest(queue_item=item, flush_queue=True)

    last = (await world.call("Device", "Enqueue", request)).id

    assert [i.id for i in await world.queue(probe)] == [pending, last]
    await world.call("Device", "FlushQueue", api.FlushDeviceQueueRequest(dev_eui=probe.dev_eui))
    assert await world.queue(probe) == []
    await world.nothing("ack")


async def test_a_command_by_mqtt_keeps_its_id_and_a_wrong_one_is_ignored(world):
    probe = await world.device()
    topic = f"application/{world.application_id}/device/{probe.dev_eui}/command/down"
    right = (
        b'{"devEui":"%s","fPort":"11","data":"AQI=","confirmed":true,'
        b'"id":"7081a0f5-1f35-4a5b-9895-54d132102a17","unknown":1}' % probe.dev_eui.encode()
    )
    for wrong in (b"not json", b'{"fPort":11}', right.replace(probe.dev_eui.encode(), b"00" * 8)):
        world.link.publish(topic, wrong, 1)

    world.link.publish(topic, right, 1)
    await world.nothing("log")

    assert [(i.id, i.f_port, i.data, i.confirmed) for i in await world.queue(probe)] == [
        ("7081a0f5-1f35-4a5b-9895-54d132102a17", 11, b"\x01\x02", True)
    ]


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
    assert dict(item.properties) == {"DR": "5", "FPort": "5", "FCnt": "0", "Data": "Kg=="}

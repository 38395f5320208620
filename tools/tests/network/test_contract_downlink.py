"""What an application may count on for its downlinks, at the bench server or a real ChirpStack.

See `conftest.py` for how a real one is given.
"""

from datetime import UTC, datetime, timedelta

import pytest
from chirpstack_api import api

from tools.bench.network.lorawan import MType
from tools.bench.network.mac import LINK_ADR

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]


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


async def test_a_device_that_sets_the_adr_bit_is_set_by_default(world):
    probe = await world.device()

    world.hear(probe.uplink(5, b"a", adr=True))
    down = await world.next("down")

    assert probe.read(down.items[0].phy_payload).f_opts[0] == LINK_ADR


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

"""The Things Stack 3 by MQTT: what its server forgets, and what it gives no answer to."""

import asyncio
import contextlib
import copy
import json

import pytest
from msgspec.structs import replace

from gateway.clock import rfc3339, wall_ms
from gateway.errors import ConfigError, Lost, Retry, Unknown, Unsure
from gateway.networks import _packets, tts_mqtt, tts_webhook
from gateway.networks._broker import Broker
from gateway.networks._connection import Connection
from gateway.networks._packets import Answer, Message, Stream
from gateway.networks._tts_held import Held, identity
from gateway.notices import Downlink, Envelope
from gateway.tests.contract.servers import LAMP
from gateway.tests.contract.servers.tts_mqtt import serving
from gateway.tests.contract.servers.tts_webhook import uplink_body
from gateway.tests.contract.test_network import nothing_comes
from gateway.tests.contract.test_tts_webhook import CASES
from tools.setup.mosquitto import Broker as Mosquitto

KEY = "000102030405060708090a0b0c0d0e0f"
DOWN = Downlink(dev_eui=LAMP.dev_eui, fport=30, data=b"a", confirmed=True, expires_at_ms=2**41)
TOPICS = {
    "uplink_message": "up",
    "join_accept": "join",
    "downlink_sent": "down/sent",
    "downlink_ack": "down/ack",
    "downlink_nack": "down/nack",
    "downlink_failed": "down/failed",
    "downlink_queued": "down/queued",
    "downlink_queue_invalidated": "down/invalidated",
    "location_solved": "location/solved",
    "service_data": "service/data",
}


@pytest.fixture
async def side(tmp_path):
    async with serving(tmp_path) as made:
        yield made


@contextlib.asynccontextmanager
async def listening(side, **changed):
    async with tts_mqtt.Network(replace(side.settings, **changed)) as network:
        await asyncio.sleep(0)
        await side.begun(network)
        yield network


async def counters(network, least):
    """Frame counters of what comes, each acknowledged."""
    got = []
    async with asyncio.timeout(20):
        async for envelopes in network.uplinks():
            for one in envelopes:
                got.append(network.parse(one).fcnt)
                one.acknowledge()
            if len(got) >= least:
                return got
    raise AssertionError


async def test_what_was_missed_comes_page_by_page_before_what_comes_now(side):
    await side.give(*range(1500))
    async with listening(side) as network:
        await side.give(1500, 1501)

        assert await counters(network, 1502) == list(range(1502))

    assert side.stack.pages == [1000, 1000]


async def test_what_comes_while_the_taker_works_is_read_as_the_server_would_drop_it(side):
    async with listening(side, storage_h=0) as network:
        await side.give(*range(1000))
        async with asyncio.timeout(10):
            while len(network._traffic._held) < 1000:  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0.01)

        assert await counters(network, 1000) == [*range(1000)]


async def test_what_could_not_be_asked_for_is_asked_for_again_from_the_same_instant(side):
    await side.give(1)
    side.stack.stored[0]["received_at"] = rfc3339(wall_ms() - 600_000)
    side.stack.answers = [500]
    async with listening(side) as network:
        await side.give(2)
        assert await counters(network, 1) == [2]
        (trouble,) = network.troubles()
        assert "500" in trouble
        assert "the operator enables that" in trouble

        side.broker.drop()

        assert await counters(network, 1) == [1]
        assert not any("Storage Integration" in one for one in network.troubles())
        await nothing_comes(network)


async def test_without_a_storage_integration_what_comes_is_taken_and_the_lack_is_told(side):
    side.stack.stored = None
    async with listening(side) as network:
        await side.give(1)
        assert await counters(network, 1) == [1]
        (trouble,) = network.troubles()
        assert "storage_not_enabled" in trouble
        assert "`network.storage_h = 0`" in trouble

    async with listening(side, storage_h=0) as network:
        await side.give(2)
        assert await counters(network, 1) == [2]
        assert network.troubles() == []
    with pytest.raises(Unknown, match="storage_not_enabled"):
        await tts_mqtt.Network(side.settings).check()


def read(network, body):
    """The notice, or why there is none."""
    try:
        return network.parse(Envelope("x", body, lambda: None))
    except Lost as error:
        return str(error)


async def test_every_documented_message_comes_on_its_topic_as_the_webhook_reads_it(side):
    at = dict.fromkeys(("url", "application", "webhook"), "app1")
    webhook = tts_webhook.Network(tts_webhook.Settings(**at))
    wanted = []
    async with listening(side, storage_h=0) as network:
        objects = [one["json"] for one in CASES if isinstance(one["json"], dict)]
        for number, one in enumerate(objects):
            message = one | {"received_at": f"2026-01-01T00:00:{number:02}Z"}
            kind = next((one for one in TOPICS if one in message), "uplink_message")
            side.broker.publish("dev1", TOPICS[kind], message)
            if kind != "downlink_queued":
                wanted.append(read(webhook, json.dumps(message).encode()))
        got = []
        async with asyncio.timeout(10):
            async for envelopes in network.uplinks():
                got += [read(network, one.body) for one in envelopes]
                if len(got) >= len(wanted):
                    break

    assert got == wanted
    assert {type(one).__name__ for one in got} > {"Uplink", "Joined", "Answered", "Trouble"}


async def test_a_downlink_that_nobody_tells_of_may_have_gone_and_a_deleted_device_is_named(side):
    async with listening(side, timeout_s=0.2) as network:
        with pytest.raises(Unknown, match=LAMP.dev_eui):
            await network.send(DOWN)
        await network.register(LAMP, KEY)
        side.stack.registries["as"].clear()
        with pytest.raises(Unsure, match="no session"):
            await network.send(DOWN)
        side.stack.registries[""].clear()
        with pytest.raises(Unknown, match=LAMP.dev_eui):
            await network.send(DOWN)
    assert side.broker.refused == [f"eui-{LAMP.dev_eui}"] * 2
    assert side.stack.queues == {}


async def test_a_downlink_waits_while_there_is_no_connection(side):
    async with listening(side) as network:
        await network.register(LAMP, KEY)
        network.pause()
        await asyncio.sleep(0.05)
        with pytest.raises(Retry, match="no connection"):
            await network.send(DOWN)


@pytest.mark.parametrize(
    ("changed", "error", "said"),
    [
        ({"api_key": "wrong"}, ConfigError, r"`network\.api_key` must belong together"),
        ({"tenant": ""}, ConfigError, r"`network\.tenant`"),
        ({"mqtt": "mqtt://127.0.0.1:1"}, Retry, "does not answer"),
        ({"url": "http://127.0.0.1:1"}, Retry, "does not answer"),
    ],
)
async def test_a_check_says_what_is_wrong(side, changed, error, said):
    lines = await tts_mqtt.Network(side.settings).check()
    assert "Storage Integration" in lines[-1]
    with pytest.raises(error, match=said):
        await tts_mqtt.Network(replace(side.settings, **changed)).check()


async def test_a_broker_that_has_another_version_is_named(side):
    broker = Broker(url=side.settings.mqtt, client_id="us", topic="v3/app1@ttn/devices/#")
    with pytest.raises(ConfigError, match="must be a broker with MQTT 5"):
        await Connection(broker, lambda _: True).run(20)


async def test_a_real_broker_speaks_3_1_1_with_us(tmp_path):
    got = asyncio.Queue()

    def take(envelopes):
        for one in envelopes:
            got.put_nowait((one.topic, one.body))
        return True

    async with Mosquitto(tmp_path / "mqtt") as mosquitto:
        url = f"mqtt://{mosquitto.host}:{mosquitto.port}"
        made = Connection(Broker(url=url, client_id="us", topic="v3/#", version=4), take)
        with pytest.raises(Retry):
            made.publish("v3/a", b"early")
        running = asyncio.ensure_future(made.run(20))
        await asyncio.wait_for(made.subscribed, 10)
        made.publish("v3/a", b"x" * 200)
        assert await asyncio.wait_for(got.get(), 10) == ("v3/a", b"x" * 200)
        assert not made.unkept
        made.leave("the test is over")
        with pytest.raises(Retry, match="the test is over"):
            await running


def test_packets_of_3_1_1_have_no_properties():
    packets = _packets.publish("a/b", b"\x05body", version=4) + bytes.fromhex("9003000180")
    message, answer = Stream(4).feed(packets)
    assert message == Message("a/b", b"\x05body", 0)
    assert isinstance(answer, Answer)
    assert list(answer.codes) == [0x80]
    (refused,) = Stream(4).feed(bytes.fromhex("20020005"))
    assert isinstance(refused, Answer)
    assert _packets.reason(refused) == "Not authorized"


def test_a_counter_that_begins_again_is_no_repetition_and_a_stored_copy_is_one():
    held = Held()
    first = json.loads(uplink_body(1))
    again = copy.deepcopy(first)
    again["received_at"] = "2020-02-12T15:15:47Z"
    stored = copy.deepcopy(first)
    del stored["correlation_ids"]
    bodies = [("up", json.dumps(one).encode()) for one in (first, stored, again)]

    taken = held.take(bodies)

    assert [one.body for one in taken] == [bodies[0][1], bodies[2][1]]
    assert held.newest_ms == identity(bodies[2][1])[1]
    for one in taken:
        one.acknowledge()
    assert held.take(bodies) == held.renew() == []

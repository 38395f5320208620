"""What is wrong between the gateway and ChirpStack is said: in `troubles`, the log and `check`.

mosquitto is real; ChirpStack's API is the bench's (emulated).
"""

import asyncio
import contextlib
import json

import grpc
import paho.mqtt.publish
import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from gateway.errors import ConfigError, Lost
from gateway.networks import chirpstack
from gateway.tests.contract.broker_bench import reached
from gateway.tests.contract.certificates import password_line
from gateway.tests.contract.servers import LAMP
from gateway.tests.contract.servers import chirpstack as server

OPEN = "mqtt://127.0.0.1:{port}"
VERSION_3 = {"applicationID": "1", "devEUI": "cLPVftAAAKE=", "deviceProfileID": "x", "fCnt": 1}


class Side:
    """A broker, ChirpStack's API, and the settings that lead there."""

    def __init__(self, broker, api, settings):
        self.broker = broker
        self.api = api
        self.settings = settings

    @contextlib.asynccontextmanager
    async def entered(self, **changed):
        """A Network, subscribed."""
        async with chirpstack.Network(replace(self.settings, **changed)) as network:
            await until(lambda: network._subscription.here)
            yield network


@pytest.fixture
async def side(tmp_path):
    async with reached(tmp_path, {}, mqtt=OPEN) as made:
        yield Side(*made)


async def until(condition):
    """What the condition gives once it is true; asks for 10 s."""
    for _ in range(500):
        if found := condition():
            return found
        await asyncio.sleep(0.02)
    raise AssertionError("it never became true")


def saying(said, *networks):
    """A condition: the first trouble that says this."""
    return lambda: next((one for it in networks for one in it.troubles() if said in one), "")


async def publish(broker, body, qos=1, **more):
    await asyncio.to_thread(
        paho.mqtt.publish.single, server.UP["topic"], body, qos=qos,
        hostname=broker.host, port=broker.port, **more,
    )  # fmt: skip


async def take(network, count=1):
    """Parse the next messages, as ingest does; what cannot be read goes on."""
    async with asyncio.timeout(10):
        async for batch in network.uplinks():
            for envelope in batch:
                count -= 1
                try:
                    network.parse(envelope)
                except Lost:
                    continue
            if count <= 0:
                return


async def test_two_services_with_one_client_id_are_named(side):
    with capture_logs() as logged:
        async with side.entered() as one, side.entered() as other:
            said = await until(saying("MQTT client id", one, other))

    assert "client id 'lamplighter'" in said
    assert "`network.client_id`" in said
    assert [entry for entry in logged if "`network.client_id`" in entry.get("error", "")]


async def test_a_session_that_a_broker_says_was_taken_over_is_named():
    """Of brokers that say it; mosquitto 2.0 just closes. Source: MQTT 5.0, 3.14.2.1: 0x8E."""

    async def broker(reader, writer):
        await reader.read(1000)
        writer.write(bytes.fromhex("2003000000"))  # CONNACK
        packet = await reader.read(1000)
        writer.write(bytes([0x90, 4, *packet[2:4], 0, 1]))  # SUBACK, QoS 1
        await writer.drain()
        writer.write(bytes.fromhex("e0018e"))  # DISCONNECT
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(broker, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    settings = chirpstack.Settings(mqtt=f"mqtt://127.0.0.1:{port}")
    async with listening, chirpstack.Network(settings) as network:
        said = await until(saying("another client uses the MQTT client id", network))

    assert "'lamplighter'" in said


def seen(api, at_us):
    """The API shows the lamp active at this time."""
    device = api.core.registry.devices[LAMP.dev_eui]
    device.last_seen_us = at_us


async def test_an_acl_that_hides_the_messages_is_named(tmp_path):
    users = tmp_path / "users"
    users.write_text(password_line("city", "a") + password_line("chirpstack", "b"))
    acl = tmp_path / "acl"
    acl.write_text("user chirpstack\ntopic readwrite #\n\nuser city\ntopic read other/#\n")
    extra = {"allow_anonymous": "false", "password_file": users, "acl_file": acl}
    theirs = {"username": "chirpstack", "password": "b"}
    given = {"mqtt": "mqtt://city:a@127.0.0.1:{port}"}
    async with reached(tmp_path, extra, **given) as made:
        side = Side(*made)
        async with side.entered() as network:
            await network.register(LAMP, "00" * 16)
            await network.look(0)
            seen(side.api, 10**15)
            await publish(side.broker, server.uplink_body(1), auth=theirs)
            await network.look(0)
            said = network.troubles()

    assert len(said) == 1
    assert "active devices of the application 'lamplighter'" in said[0]
    assert "the broker's ACL lets city read it" in said[0]
    assert f"mqtt://127.0.0.1:{side.broker.port}" in said[0]


async def test_a_device_that_is_heard_here_too_is_no_trouble_and_ends_one(side):
    async with side.entered() as network:
        await network.register(LAMP, "00" * 16)
        for minute in range(4):
            seen(side.api, 10**15 + minute)
            if minute % 2:
                await publish(side.broker, server.uplink_body(minute))
                await take(network)
            await network.look(0)
            seen(side.api, 10**15 + (minute + 1) * 60_000_000)
            await network.look(0)
            assert len(network.troubles()) == 1
            await publish(side.broker, server.uplink_body(9 + minute))
            await take(network)
            assert network.troubles() == []


async def test_an_api_that_refuses_us_while_the_service_runs_is_named(side):
    async with side.entered(api_key="wrong") as network:
        await network.look(0)

        assert "`network.api_key`" in network.troubles()[0]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (json.dumps(VERSION_3), "this is an event of ChirpStack 3; version 4 is needed"),
        (b"\x00\xff\x00", "neither JSON nor protobuf of ChirpStack 4"),
        ("{", "is not JSON"),
    ],
)
async def test_a_run_of_messages_that_nobody_can_read_is_named(side, body, said):
    async with side.entered() as network:
        for _ in range(3):
            await publish(side.broker, body)
        with capture_logs() as logged:
            await take(network, 3)
        troubles = network.troubles()
        await publish(side.broker, server.uplink_body(1))
        await take(network)

        assert network.troubles() == []

    assert len(troubles) == 1
    assert said in troubles[0]
    assert troubles[0] in [entry.get("said") for entry in logged]


async def test_messages_at_qos_0_are_named_until_they_are_kept(side):
    async with side.entered() as network:
        await publish(side.broker, server.uplink_body(1), qos=0)
        await until(saying("publishes at QoS 0", network))
        await publish(side.broker, server.uplink_body(2))
        await take(network, 2)

        assert network.troubles() == []


async def test_a_broker_that_is_away_is_named_until_it_is_back(side):
    async with side.entered() as network:
        await side.broker.stop()
        await until(saying("the broker mqtt://", network))
        await side.broker.start()
        await until(lambda: not network.troubles())

        assert network._subscription.here


@pytest.mark.parametrize("tenant_id", ["", "52f14cd4-c6f1-4fbd-8f87-4025e1d49242"])
async def test_an_api_before_version_4_is_named(side, tenant_id):
    old = grpc.aio.server()
    port = old.add_insecure_port("127.0.0.1:0")
    await old.start()
    settings = replace(side.settings, grpc=f"http://127.0.0.1:{port}", tenant_id=tenant_id)
    with pytest.raises(ConfigError, match="must be the API of ChirpStack 4"):
        await chirpstack.Network(settings).check()
    await old.stop(None)


async def test_a_tenant_that_is_not_there_is_named_by_a_check(side):
    settings = replace(side.settings, tenant_id="52f14cd4-c6f1-4fbd-8f87-4025e1d49242")

    with pytest.raises(ConfigError, match=r"`network\.tenant_id`"):
        await chirpstack.Network(settings).check()

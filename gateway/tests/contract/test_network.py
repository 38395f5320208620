"""One suite over every network: what `gateway.networks.Network` promises.

ChirpStack is the bench's server here (emulated), the broker in between is a real mosquitto. With
CHIRPSTACK_GRPC, CHIRPSTACK_MQTT (host:port) and CHIRPSTACK_KEY it is a real ChirpStack.
"""

import asyncio
import contextlib
import json
import os
from pathlib import Path

import paho.mqtt.publish
import pytest
from msgspec.structs import replace

from gateway.errors import ConfigError, Refused, Retry
from gateway.model import Device
from gateway.networks import chirpstack, virtual
from gateway.networks._subscription import RECEIVE_MOST
from gateway.notices import Downlink, Uplink
from tools.bench.network import Durations, NetworkServer
from tools.setup.mosquitto import Broker

DATA = Path(__file__).parents[1] / "data" / "chirpstack_events.jsonl"
UP = next(json.loads(line) for line in DATA.read_text().splitlines() if '/up"' in line)
LAMP = Device("70b3d57ed00000a1", "lamp under test", "lamp", "70b3d57ed0000000", "C")
KEY = "000102030405060708090a0b0c0d0e0f"


class ChirpStack:
    """The network, its broker, and what the server would publish."""

    def __init__(self, broker, settings):
        self.broker, self.settings = broker, settings

    def network(self):
        return chirpstack.Network(self.settings)

    async def give(self, *counters):
        """Uplinks with these frame counters, published as ChirpStack does."""
        messages = []
        for fcnt in counters:
            info = UP["json"]["deviceInfo"] | {"applicationName": self.settings.application}
            body = UP["json"] | {"fCnt": fcnt, "deviceInfo": info}
            messages.append({"topic": UP["topic"], "payload": json.dumps(body), "qos": 1})
        host, port = self.broker.host, self.broker.port
        await asyncio.to_thread(paho.mqtt.publish.multiple, messages, hostname=host, port=port)

    async def lose(self, _network):
        """Lose the connection."""
        await self.broker.restart()


class Virtual:
    """The same for the network in this process."""

    def __init__(self):
        self.made = virtual.Network()

    def network(self):
        return self.made

    async def give(self, *counters):
        for fcnt in counters:
            own = {"dev_eui": LAMP.dev_eui, "dev_addr": "01", "fport": 2, "data": b"\x01"}
            self.made.give(Uplink(id=str(fcnt), at_ms=1, fcnt=fcnt, **own))

    async def lose(self, network):
        network.reconnect()


@pytest.fixture(params=["chirpstack", "virtual"])
async def side(request, tmp_path):
    if request.param == "virtual":
        yield Virtual()
        return
    async with contextlib.AsyncExitStack() as stack:
        broker = await stack.enter_async_context(Broker(tmp_path / "mqtt", persistence=True))
        server = NetworkServer(mqtt=(broker.host, broker.port), settings=Durations.fast())
        if "CHIRPSTACK_GRPC" in os.environ:
            grpc, key = os.environ["CHIRPSTACK_GRPC"], os.environ["CHIRPSTACK_KEY"]
        else:
            await stack.enter_async_context(server)
            grpc, key = server.grpc_address, server.admin_key
        yield ChirpStack(
            broker,
            chirpstack.Settings(
                mqtt=f"mqtt://{broker.host}:{broker.port}", grpc=f"http://{grpc}", api_key=key
            ),
        )


async def batch(network, least=1):
    """Envelopes until there are this many, with their frame counters."""
    got = []
    async with asyncio.timeout(20):
        async for envelopes in network.uplinks():
            got += [(network.parse(one).fcnt, one) for one in envelopes]
            if len(got) >= least:
                return got
    raise AssertionError


async def nothing_comes(network, within_s=0.7):
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(network.uplinks()), within_s)


async def begun(side, network):
    """Wait until the broker has our session: the first message makes sure."""
    if isinstance(side, ChirpStack):
        await asyncio.wait_for(network._subscription._connection.subscribed, 10)


async def entered(side, stack):
    network = await stack.enter_async_context(side.network())
    await asyncio.sleep(0)
    await begun(side, network)
    return network


@pytest.fixture
async def network(side):
    async with contextlib.AsyncExitStack() as stack:
        yield await entered(side, stack)


async def test_what_is_given_comes_in_order(side, network):
    await side.give(*range(30))

    got = await batch(network, 30)

    assert [fcnt for fcnt, _ in got] == list(range(30))


async def test_what_was_not_acknowledged_comes_again_after_the_connection_was_lost(side, network):
    await side.give(1, 2, 3)
    got = await batch(network, 3)
    for _, envelope in got[:1]:
        envelope.acknowledge()
    await asyncio.sleep(0.1)

    await side.lose(network)

    assert [fcnt for fcnt, _ in await batch(network, 2)] == [2, 3]


async def test_an_acknowledgement_of_a_lost_connection_goes_nowhere(side, network):
    await side.give(1, 2)
    old = await batch(network, 2)
    await side.lose(network)
    new = await batch(network, 2)

    for _, envelope in old:
        envelope.acknowledge()
    await asyncio.sleep(0.1)
    await side.lose(network)

    assert [fcnt for fcnt, _ in new] == [1, 2]
    again = await batch(network, 2)
    assert [fcnt for fcnt, _ in again] == [1, 2]
    for _, envelope in again:
        envelope.acknowledge()
    await asyncio.sleep(0.1)
    await side.lose(network)
    await nothing_comes(network)


async def test_what_comes_while_we_are_away_waits(side):
    async with contextlib.AsyncExitStack() as stack:
        await entered(side, stack)
    await side.give(1, 2)

    async with contextlib.AsyncExitStack() as stack:
        network = await entered(side, stack)
        assert [fcnt for fcnt, _ in await batch(network, 2)] == [1, 2]


async def test_a_pause_gives_nothing_and_loses_nothing(side, network):
    await side.give(1)
    ((_, envelope),) = await batch(network)
    network.pause()
    await side.give(2)
    await nothing_comes(network)
    envelope.acknowledge()

    network.resume()

    assert [fcnt for fcnt, _ in await batch(network, 2)] == [1, 2]


async def test_a_device_is_registered_and_sent_to(side, network):
    await network.register(LAMP, KEY)
    await network.register(replace(LAMP, name="renamed"), KEY[::-1])
    downlink = Downlink(
        dev_eui=LAMP.dev_eui, fport=30, data=b"abc", confirmed=True, expires_at_ms=2**41
    )

    receipt = await network.send(downlink)

    assert await network.queued(LAMP.dev_eui) == {b"abc": receipt.queue_item_id}
    await network.unregister(LAMP.dev_eui)
    await network.unregister(LAMP.dev_eui)
    assert await network.queued(LAMP.dev_eui) in ({}, {b"abc": receipt.queue_item_id})


async def test_a_check_needs_no_entering_and_takes_no_session(side, network):
    lines = await side.network().check()

    await side.give(1)
    assert [fcnt for fcnt, _ in await batch(network)] == [1]
    assert all(lines)


# what only a server apart can do


@pytest.fixture
def chirpstack_side(side):
    if not isinstance(side, ChirpStack):
        pytest.skip("the virtual network is in this process")
    return side


async def test_reading_stops_while_the_taker_works(chirpstack_side, network):
    side = chirpstack_side
    await side.give(*range(4 * RECEIVE_MOST))
    taker = network.uplinks()
    seen = []
    async with asyncio.timeout(20):
        while len(seen) < 4 * RECEIVE_MOST:
            envelopes = await anext(taker)
            assert len(envelopes) <= RECEIVE_MOST
            await asyncio.sleep(0.2)
            assert len(network._subscription._waiting) <= RECEIVE_MOST
            for envelope in envelopes:
                seen.append(network.parse(envelope).fcnt)
                envelope.acknowledge()

    assert seen == list(range(4 * RECEIVE_MOST))


async def test_a_device_that_the_server_does_not_know_is_refused(chirpstack_side, network):
    unknown = Downlink(
        dev_eui="70b3d57ed00000ff", fport=30, data=b"a", confirmed=False, expires_at_ms=2**41
    )

    with pytest.raises(Refused, match="FOREIGN KEY"):
        await network.send(unknown)


@pytest.mark.parametrize(
    ("changed", "error", "said"),
    [
        ({"mqtt": "http://x"}, ConfigError, "expected mqtt://host:port"),
        ({"mqtt": "mqtt://127.0.0.1:1"}, Retry, "does not answer"),
        ({"grpc": "127.0.0.1:1"}, ConfigError, "expected http://host:port"),
        ({"grpc": "http://127.0.0.1:1", "timeout_s": 0.5}, Retry, "does not answer"),
        ({"api_key": "wrong"}, ConfigError, "`network.api_key`"),
    ],
)
async def test_a_check_says_what_is_wrong(chirpstack_side, changed, error, said):
    settings = replace(chirpstack_side.settings, **changed)

    with pytest.raises(error, match=said):
        await chirpstack.Network(settings).check()


async def test_a_wrong_region_is_told_with_those_there_are(chirpstack_side):
    settings = replace(chirpstack_side.settings, region="MARS")

    with pytest.raises(ConfigError, match=r"none of: EU868, US915"):
        await chirpstack.Network(settings).register(LAMP, KEY)


async def test_a_refused_key_is_tried_again_for_commands(chirpstack_side):
    settings = replace(chirpstack_side.settings, api_key="wrong")
    async with chirpstack.Network(settings) as network:
        downlink = Downlink(
            dev_eui=LAMP.dev_eui, fport=30, data=b"a", confirmed=False, expires_at_ms=2**41
        )
        with pytest.raises(Retry) as later:
            await network.send(downlink)

    assert later.value.after_s == 30

"""One suite over every network: what `gateway.networks.Network` promises.

Each kind is found by its file; what runs its server is `servers/<kind>.py`. ChirpStack's is read
twice: by our own MQTT connection, and by paho's client as its twin. A kind whose `KEEPS_DEVICES`
is false only takes messages in.
"""

import asyncio
import contextlib
import importlib

import pytest
from msgspec.structs import replace

from gateway import devices, networks, registry
from gateway.devices import decoder
from gateway.errors import Refused, Unknown
from gateway.notices import Downlink
from gateway.tests.contract.servers import LAMP

KEY = "000102030405060708090a0b0c0d0e0f"


def _server(kind):
    return importlib.import_module(f"gateway.tests.contract.servers.{kind}")


KINDS = [*registry.names(networks), "chirpstack_by_paho"]
KEEPING = [one for one in KINDS if getattr(_server(one), "KEEPS_DEVICES", True)]
SERVERS = [one for one in KEEPING if one != "chirpstack_by_paho"]  # its downlinks are the same
keeping = pytest.mark.parametrize("side", KEEPING, indirect=True)
taking = pytest.mark.parametrize(
    "side", [one for one in KINDS if one not in KEEPING], indirect=True
)


@pytest.fixture(params=KINDS)
async def side(request, tmp_path):
    """The network server's side of one kind; `servers/<kind>.py` runs it."""
    async with _server(request.param).serving(tmp_path) as made:
        yield made


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


async def entered(side, stack):
    network = await stack.enter_async_context(side.network())
    await asyncio.sleep(0)
    await side.begun(network)
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


@keeping
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


@keeping
async def test_a_device_that_somebody_deleted_is_absent(side, network):
    other = replace(LAMP, dev_eui="70b3d57ed00000a2", name="second")
    both = [LAMP.dev_eui, other.dev_eui]
    for device in (LAMP, other):
        await network.register(device, KEY)
    assert await network.absent(both) == set()

    await network.unregister(LAMP.dev_eui)

    assert await network.absent(both) == await network.absent(both[:1]) == {LAMP.dev_eui}
    downlink = Downlink(
        dev_eui=LAMP.dev_eui, fport=30, data=b"a", confirmed=True, expires_at_ms=2**41
    )
    with pytest.raises(Unknown, match=LAMP.dev_eui):
        await network.send(downlink)


@keeping
async def test_a_flush_leaves_only_the_frame_that_asked_for_it(side, network):
    await network.register(LAMP, KEY)
    own = {"dev_eui": LAMP.dev_eui, "fport": 30, "confirmed": True, "expires_at_ms": 2**41}
    for data in (b"one", b"two"):
        await network.send(Downlink(data=data, **own))

    receipt = await network.send(Downlink(data=b"three", flush=True, **own))

    assert await network.queued(LAMP.dev_eui) == {b"three": receipt.queue_item_id}


@pytest.mark.parametrize("side", SERVERS, indirect=True)
async def test_the_commands_of_every_kind_of_device_go_through_at_their_fport(side, network):
    await network.register(LAMP, KEY)
    kinds = [decoder(name) for name in registry.names(devices)]
    wanted = {(one.fport, bytes.fromhex(one.data)) for kind in kinds for one in kind.DOWNLINKS}
    assert len({fport for fport, _ in wanted}) > 3
    for fport, data in sorted(wanted):
        own = {"dev_eui": LAMP.dev_eui, "confirmed": True, "expires_at_ms": 2**41}
        assert len(data) <= network.most_bytes(LAMP, None)

        receipt = await network.send(Downlink(fport=fport, data=data, flush=True, **own))

        assert await network.queued(LAMP.dev_eui) == {data: receipt.queue_item_id}
        assert await side.fports(LAMP.dev_eui) == [fport]


@keeping
async def test_a_flush_empties_the_queue_of_the_device_alone(side, network):
    other = replace(LAMP, dev_eui="70b3d57ed00000a2", name="second")
    for device in (LAMP, other):
        await network.register(device, KEY)
        own = {"fport": 30, "confirmed": True, "expires_at_ms": 2**41}
        receipt = await network.send(Downlink(dev_eui=device.dev_eui, data=b"one", **own))

    await network.flush(LAMP.dev_eui)

    assert await network.queued(LAMP.dev_eui) == {}
    assert await network.queued(other.dev_eui) == {b"one": receipt.queue_item_id}


async def test_of_an_item_that_the_server_does_not_know_nothing_comes_again(side, network):
    with contextlib.suppress(Refused):
        await network.register(LAMP, KEY)
    assert await network.recall(LAMP.dev_eui, "no-such-item") is False


@taking
async def test_a_network_that_only_takes_messages_in_refuses_a_downlink_and_misses_nobody(network):
    await network.register(LAMP, KEY)
    await network.unregister(LAMP.dev_eui)
    downlink = Downlink(
        dev_eui=LAMP.dev_eui, fport=30, data=b"a", confirmed=True, expires_at_ms=2**41
    )

    with pytest.raises(Refused, match="the caller reaches the device"):
        await network.send(downlink)
    assert network.most_bytes(LAMP, 5) == 0
    await network.flush(LAMP.dev_eui)
    assert await network.queued(LAMP.dev_eui) == {}
    assert await network.absent([LAMP.dev_eui]) == set()


async def test_a_check_needs_no_entering_and_takes_no_session(side, network):
    lines = await side.network().check()

    await side.give(1)
    assert [fcnt for fcnt, _ in await batch(network)] == [1]
    assert all(lines)

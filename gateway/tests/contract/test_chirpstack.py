"""What only a server apart can do: ChirpStack's flow control, its refusals and wrong settings."""

import asyncio

import grpc
import pytest
from chirpstack_api import api
from msgspec.structs import replace

from gateway.errors import ConfigError, Refused, Retry, Unknown
from gateway.networks import chirpstack
from gateway.networks._connection import RECEIVE_MOST
from gateway.notices import Downlink
from gateway.tests.contract.servers import LAMP
from gateway.tests.contract.servers.chirpstack import serving

GIVEN = 20 * RECEIVE_MOST
READ_BYTES = 256 * 1024
"""Most that asyncio reads from a socket at once; reading stops after it."""
KEY = "000102030405060708090a0b0c0d0e0f"


@pytest.fixture
async def side(tmp_path):
    async with serving(tmp_path) as made:
        yield made


@pytest.fixture
async def network(side):
    async with side.network() as entered:
        await asyncio.sleep(0)
        await side.begun(entered)
        yield entered


async def test_reading_stops_while_the_taker_works(side, network):
    await side.give(*range(GIVEN))
    taker = network.uplinks()
    seen = []
    batches = 0
    async with asyncio.timeout(20):
        while len(seen) < GIVEN:
            envelopes = await anext(taker)
            assert len(envelopes) <= RECEIVE_MOST
            batches += 1
            await asyncio.sleep(0.2 if batches < 6 else 0)  # it would have read all by then
            most = RECEIVE_MOST + READ_BYTES // len(envelopes[0].body)
            assert len(network._subscription._waiting) <= most < GIVEN // 2
            for envelope in envelopes:
                seen.append(network.parse(envelope).fcnt)
                envelope.acknowledge()

    assert seen == list(range(GIVEN))


async def test_a_device_that_the_server_does_not_know_is_refused(side, network):
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
async def test_a_check_says_what_is_wrong(side, changed, error, said):
    settings = replace(side.settings, **changed)

    with pytest.raises(error, match=said):
        await chirpstack.Network(settings).check()


async def test_a_wrong_region_is_told_with_those_there_are(side):
    settings = replace(side.settings, region="MARS")

    with pytest.raises(ConfigError, match=r"none of: EU868, US915"):
        await chirpstack.Network(settings).register(LAMP, KEY)


async def test_a_refused_key_is_tried_again_for_commands(side):
    settings = replace(side.settings, api_key="wrong")
    async with chirpstack.Network(settings) as network:
        downlink = Downlink(
            dev_eui=LAMP.dev_eui, fport=30, data=b"a", confirmed=False, expires_at_ms=2**41
        )
        with pytest.raises(Retry) as later:
            await network.send(downlink)

    assert later.value.after_s == 30


async def tenants_key(settings):
    """An API key of the first tenant, as a city's operator makes one."""
    async with grpc.aio.insecure_channel(settings.grpc.removeprefix("http://")) as channel:
        user = api.InternalServiceStub(channel)
        admin = (("authorization", f"Bearer {settings.api_key}"),)
        listed = await api.TenantServiceStub(channel).List(
            api.ListTenantsRequest(limit=1), metadata=admin
        )
        login = await user.Login(api.LoginRequest(email="admin", password="admin"))
        tenant_id = listed.result[0].id
        made = await user.CreateApiKey(
            api.CreateApiKeyRequest(api_key=api.ApiKey(name="city", tenant_id=tenant_id)),
            metadata=(("authorization", f"Bearer {login.jwt}"),),
        )
    return replace(settings, api_key=made.token, tenant_id=tenant_id)


async def test_to_a_tenants_key_a_deleted_device_is_no_refused_key(side):
    downlink = Downlink(
        dev_eui=LAMP.dev_eui, fport=30, data=b"a", confirmed=False, expires_at_ms=2**41
    )
    async with chirpstack.Network(await tenants_key(side.settings)) as network:
        await network.register(LAMP, KEY)
        await network.send(downlink)
        await network.unregister(LAMP.dev_eui)

        with pytest.raises(Unknown, match=f"no device {LAMP.dev_eui}"):
            await network.send(downlink)
        with pytest.raises(Unknown, match=f"no device {LAMP.dev_eui}"):
            await network.queued(LAMP.dev_eui)
        assert await network.absent([LAMP.dev_eui]) == {LAMP.dev_eui}


async def test_a_refused_key_makes_no_device_absent(side):
    network = chirpstack.Network(replace(side.settings, api_key="wrong"))

    with pytest.raises(ConfigError, match="api_key"):
        await network.absent([LAMP.dev_eui])

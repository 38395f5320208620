"""The region of the devices: the server's own, or refused before a board is told another."""

import grpc
import pytest
from chirpstack_api import api, common
from msgspec.structs import replace

from gateway.errors import ConfigError
from gateway.networks import chirpstack
from gateway.networks.chirpstack.calls import Calls
from gateway.networks.chirpstack.regions import chosen, there
from gateway.networks.chirpstack.settings import Settings
from gateway.provisioning import Wanted, prepare
from gateway.tests.contract.servers import LAMP
from tools.bench.network import Durations, NetworkServer
from tools.setup.mosquitto import Broker

KEY = "000102030405060708090a0b0c0d0e0f"
BIN = Wanted(name="bin", profile="bin")


@pytest.fixture
async def server(tmp_path):
    """A network server (emulated) in India."""
    async with Broker(tmp_path / "mqtt") as broker:
        where = (broker.host, broker.port)
        own = {"settings": Durations.fast(), "region": "in865"}
        async with NetworkServer(mqtt=where, **own) as made:
            yield made


@pytest.fixture
def settings(server):
    host, port = server.mqtt
    return Settings(
        mqtt=f"mqtt://{host}:{port}",
        grpc=f"http://{server.grpc_address}",
        api_key=server.admin_key,
    )


async def test_a_region_that_the_server_lacks_is_refused_before_a_board_gets_it(settings):
    network = chirpstack.Network(replace(settings, region="EU868"))
    said = "`network.region` is EU868, which the network server lacks; it has IN865"

    for call in (network.check(), network.register(LAMP, KEY), prepare(network, BIN, 5)):
        with pytest.raises(ConfigError, match=said):
            await call


@pytest.mark.parametrize("configured", ["", "IN865", "in865"])
async def test_the_file_of_a_board_carries_the_servers_region(settings, configured):
    network = chirpstack.Network(replace(settings, region=configured))

    made = await prepare(network, BIN, 5)

    assert made.device_json["region"] == "in865"
    assert "the devices use the region IN865" in await network.check()


async def test_a_profile_that_was_given_another_region_is_named(server, settings):
    network = chirpstack.Network(settings)
    await network.register(LAMP, KEY)
    for profile in server.core.registry.profiles.values():
        profile.message.region = common.Region.EU868

    with pytest.raises(ConfigError, match=r"'lamplighter lamp IN865' has the region EU868"):
        await network.register(LAMP, KEY)


class Internal(api.InternalServiceServicer):
    """Lists no regions to an API key, as ChirpStack."""

    async def ListRegions(self, request, context):  # noqa: N802 - gRPC names it
        await context.abort(grpc.StatusCode.UNAUTHENTICATED, "")


class RadioGateways(api.GatewayServiceServicer):
    """The radio gateways of a tenant."""

    properties = ()

    async def List(self, request, context):  # noqa: N802 - gRPC names it
        return api.ListGatewaysResponse(
            result=[
                api.GatewayListItem(tenant_id=request.tenant_id, properties=one)
                for one in self.properties
            ]
        )


@pytest.mark.parametrize(
    ("properties", "found"),
    [
        ((), set()),
        (({},), set()),
        (({"region_common_name": "AU915", "region_config_id": "au915_0"}, {}), {"AU915"}),
        (({"region_common_name": "EU868"}, {"region_common_name": "US915"}), {"EU868", "US915"}),
    ],
)
async def test_to_an_api_key_the_radio_gateways_tell_the_regions(properties, found):
    server = grpc.aio.server()
    radio_gateways = RadioGateways()
    radio_gateways.properties = properties
    api.add_InternalServiceServicer_to_server(Internal(), server)
    api.add_GatewayServiceServicer_to_server(radio_gateways, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with Calls(Settings(grpc=f"http://127.0.0.1:{port}", timeout_s=2.0)) as calls:
        assert await there(calls, "tenant") == found
    await server.stop(None)


@pytest.mark.parametrize(
    ("wanted", "known", "region"),
    [
        ("", set(), "EU868"),
        ("", {"IN865"}, "IN865"),
        ("", {"EU868", "IN865"}, "EU868"),
        ("US915", set(), "US915"),
        ("us915", {"EU868", "US915"}, "US915"),
    ],
)
def test_the_region_is_the_configured_one_else_the_servers(wanted, known, region):
    assert chosen(wanted, known) == region


@pytest.mark.parametrize(
    ("wanted", "known", "said"),
    [
        ("", {"IN865", "US915"}, "must say which region is ours: IN865, US915"),
        ("EU868", {"US915"}, "which the network server lacks; it has US915"),
        ("MARS", set(), "none of: EU868, US915"),
    ],
)
def test_a_region_that_cannot_be_is_refused(wanted, known, said):
    with pytest.raises(ConfigError, match=said):
        chosen(wanted, known)

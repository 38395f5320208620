"""The bench at a ChirpStack that others use: it takes nothing of theirs and leaves nothing.

The bench's own network server stands for it.
"""

import asyncio
import sys
from contextlib import asynccontextmanager

import paho.mqtt.client as paho
import pytest
from chirpstack_api import api
from paho.mqtt.enums import CallbackAPIVersion

from gateway.tests.contract.certificates import Authority, password_line
from tools.bench.main_job.access import Access, NetworkAccessError
from tools.bench.main_job.external import ExternalNetwork
from tools.bench.main_job.street import Street
from tools.bench.network import Durations, NetworkServer
from tools.bench.network.broker import BrokerAbsentError, BrokerLink
from tools.bench.network.registry import Stored
from tools.setup.mosquitto import Broker
from tools.setup.paths import ROOT, environment

pytestmark = pytest.mark.slow

OTHERS = "b827ebfffe000001"
APPLICATION = "00000000-0000-4000-8000-000000000001"
PROFILE = "00000000-0000-4000-8000-000000000002"
USED = "00000000-0000-4000-8000-000000000003"
UNUSED = "00000000-0000-4000-8000-000000000004"


@asynccontextmanager
async def in_use():
    """A server with another service's application, profile, device and radio gateway."""
    async with (
        Broker() as broker,
        NetworkServer(
            mqtt=(broker.host, broker.port), region_prefix="city/eu868", settings=Durations.fast()
        ) as server,
    ):
        known, tenant = server.core.registry, server.tenant_id
        application = api.Application(id=APPLICATION, name="lamplighter", tenant_id=tenant)
        known.applications[APPLICATION] = Stored(application, 0, 0)
        profile = api.DeviceProfile(id=PROFILE, name="lamplighter bin EU868", tenant_id=tenant)
        known.profiles[PROFILE] = Stored(profile, 0, 0)
        device = api.Device(dev_eui=OTHERS, application_id=APPLICATION, device_profile_id=PROFILE)
        known.add_device(device, 0)
        await server.add_radio_gateway(OTHERS)
        yield server, known


def reached(server, **more):
    mqtt = "mqtt://{}:{}".format(*server.mqtt)
    given = {"api_key": server.admin_key, "prefix": "city/eu868"} | more
    return Access(f"grpc://{server.grpc_address}", mqtt, **given)


def there(known):
    return [set(t) for t in (known.applications, known.profiles, known.devices)] + [
        set(known.radio_gateways)
    ]


@asynccontextmanager
async def service_of_others(server):
    """A connection of the city's own service, with the gateway's default client id."""
    lost = []
    client = paho.Client(CallbackAPIVersion.VERSION2, "lamplighter", protocol=paho.MQTTv5)
    client.on_disconnect = lambda *_: lost.append(1)
    client.connect(*server.mqtt)
    client.loop_start()
    yield lost
    client.on_disconnect = None
    client.disconnect()
    await asyncio.to_thread(client.loop_stop)


async def test_a_run_takes_nothing_of_others_and_leaves_what_it_found(tmp_path):
    async with in_use() as (server, known), service_of_others(server) as lost:
        before = there(known)
        network = ExternalNetwork(reached(server))
        async with Street(tmp_path, names=(), network=network) as street:
            for profile in ("bin", "lamp"):
                body = {"name": profile, "profile": profile}
                await street.service.request("POST", "/v1/devices", body)
            await until(lambda: known.radio_gateways[network.own_id].last_seen_us)
            names = {one.message.name for one in known.applications.values()}
            assert names == {"lamplighter", network.application}
            assert len(known.devices) == 3
            assert {one.name for one in profiles(known)} == {
                "lamplighter bin EU868", "lamplighter lamp EU868",
            }  # fmt: skip

        assert there(known) == before
        assert lost == []


async def until(condition, within_s=10.0):
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - what is waited for is another process
            await asyncio.sleep(0.02)


def profiles(known):
    return [one.message for one in known.profiles.values()]


async def test_a_profile_that_a_device_of_others_uses_meanwhile_stays():
    async with in_use() as (server, known):
        async with ExternalNetwork(reached(server)):
            for name in (USED, UNUSED):
                made = api.DeviceProfile(id=name, name=name, tenant_id=server.tenant_id)
                known.profiles[name] = Stored(made, 0, 0)
            known.devices[OTHERS].message.device_profile_id = USED

        assert set(known.profiles) == {PROFILE, USED}
        assert OTHERS in known.devices


async def test_a_tenants_key_works_with_its_tenant():
    async with in_use() as (server, known):
        tenant = server.tenant_id
        key = server.access.add_key(api.ApiKey(name="t", tenant_id=tenant))
        async with ExternalNetwork(reached(server, api_key=key, tenant=tenant)) as network:
            await network.add_radio_gateway(network.own_id)
            assert network.own_id in known.radio_gateways

        assert set(known.radio_gateways) == {OTHERS}


async def test_a_wrong_key_or_address_is_a_sentence():
    async with in_use() as (server, _):
        tenants = server.access.add_key(api.ApiKey(name="t", tenant_id=server.tenant_id))
        for key in ("wrong", tenants):
            with pytest.raises(NetworkAccessError, match=r"refuses the API key in CHIRPSTACK_KEY"):
                async with ExternalNetwork(reached(server, api_key=key)):
                    pass
    absent = Access("grpc://127.0.0.1:9", "mqtt://127.0.0.1:9", "k")
    with pytest.raises(NetworkAccessError, match=r"no ChirpStack API answers at grpc://127\.0"):
        async with ExternalNetwork(absent):
            pass
    with pytest.raises(NetworkAccessError, match="expected SCHEME://HOST:PORT"):
        ExternalNetwork(Access("grpc://host", "mqtt://host:1", "k"))


async def test_hil_tests_end_with_the_sentence_alone():
    async with in_use() as (server, _):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "pytest", "hil_tests/test_street.py", "-q",
            "-p", "no:cacheprovider", "--network", f"grpc://{server.grpc_address}",
            "--network-mqtt", "mqtt://{}:{}".format(*server.mqtt),
            cwd=ROOT, env=environment() | {"CHIRPSTACK_KEY": "wrong"},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        out, _ = await process.communicate()

    said = out.decode()
    assert process.returncode == 4, said
    assert "refuses the API key in CHIRPSTACK_KEY" in said
    assert "Traceback" not in said


@asynccontextmanager
async def guarded(folder):
    """A broker with TLS and one user, and the file of its authority."""
    authority = Authority(folder / "own")
    certificate, key = authority.certificate("broker")
    users = folder / "users"
    users.write_text(password_line("city", "s3cret@/"))
    extra = {"cafile": authority.ca, "certfile": certificate, "keyfile": key}
    extra |= {"allow_anonymous": "false", "password_file": users}
    async with Broker(folder / "mqtt", extra={k: str(v) for k, v in extra.items()}) as broker:
        yield broker, str(authority.ca)


def link_to(broker, access, received):
    return BrokerLink(
        broker.host, broker.port, ["x"], lambda _, payload: received.append(payload),
        user=access.user, tls=access.broker_tls,
    )  # fmt: skip


async def test_a_broker_with_tls_and_a_user(tmp_path):
    async with guarded(tmp_path) as (broker, ca):
        url = f"mqtts://city:s3cret%40%2F@{broker.host}:{broker.port}"
        received: list[bytes] = []
        link = link_to(broker, Access("grpc://h:1", url, "k", ca_file=ca), received)
        await link.connect()
        link.publish("x", b"heard", 1)
        await until(lambda: received)
        await link.close()

    assert received == [b"heard"]


async def test_a_broker_that_refuses_the_user_or_whose_authority_is_unknown_is_a_sentence(
    tmp_path,
):
    async with guarded(tmp_path) as (broker, ca):
        place = f"{broker.host}:{broker.port}"
        wrong = Access("grpc://h:1", f"mqtts://city:no@{place}", "k", ca_file=ca)
        with pytest.raises(BrokerAbsentError, match=r"refuses the connection \(.*ot auth.*\)"):
            await link_to(broker, wrong, []).connect()
        unknown = Access("grpc://h:1", f"mqtts://city:no@{place}", "k")
        with pytest.raises(BrokerAbsentError, match="certificate verify failed"):
            await link_to(broker, unknown, []).connect()
    with pytest.raises(NetworkAccessError, match="is no PEM file"):
        _ = Access(
            "grpc://h:1", "mqtts://h:1", "k", ca_file=str(tmp_path / "absent.pem")
        ).broker_tls


def test_the_gateway_of_the_bench_is_told_all_that_it_needs():
    access = Access(
        "grpcs://h:443", "mqtts://u:p@h:8883", "k",
        tenant="t", ca_file="/ca.pem", cert_file="/own.pem", events_prefix="city",
    )  # fmt: skip
    network = ExternalNetwork(access)

    assert network.settings == {
        "grpc": "https://h:443", "mqtt": "mqtts://u:p@h:8883", "api_key": "k", "tenant_id": "t",
        "application": f"lamplighter hil {network.own_id}",
        "client_id": f"lamplighter-hil-{network.own_id}",
        "ca_file": "/ca.pem", "cert_file": "/own.pem", "topic_prefix": "city",
    }  # fmt: skip

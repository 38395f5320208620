"""The bench server as a process and as an object: start, addresses, broker away, keys, rights."""

import asyncio
import base64
import json
import os
import socket
import sys

import grpc
import paho.mqtt.client as paho
import pytest
from chirpstack_api import api, integration
from google.protobuf.empty_pb2 import Empty
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tools.bench.network import BrokerAbsentError, Durations, NetworkServer, PortTakenError
from tools.bench.network.broker import BrokerLink
from tools.bench.network.registry import Device, Stored
from tools.setup.mosquitto import Broker
from tools.setup.paths import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif("CHIRPSTACK_GRPC" in os.environ, reason="about the bench server itself"),
]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def test_without_a_broker_it_says_where_it_looked():
    port = free_port()

    with pytest.raises(BrokerAbsentError, match=rf"127\.0\.0\.1:{port}.*--mqtt"):
        async with NetworkServer(mqtt=("127.0.0.1", port)):
            pass


async def test_a_taken_port_is_refused_in_one_sentence(world):
    port = int(world.server.grpc_address.split(":")[1])

    with pytest.raises(PortTakenError, match=rf"127\.0\.0\.1:{port}.*--grpc"):
        async with NetworkServer(mqtt=world.mqtt, grpc_port=port):
            pass


async def start_alone(*arguments):
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tools.bench.network", *arguments, cwd=ROOT,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def test_alone_it_prints_what_a_caller_needs_and_ends_on_a_signal(world):
    mqtt = "mqtt://{}:{}".format(*world.mqtt)
    process = await start_alone(
        "--grpc", "127.0.0.1:0", "--mqtt", mqtt, "--prefix", "us915", "--durations", "fast"
    )
    assert process.stdout
    lines = [(await process.stdout.readline()).decode().split() for _ in range(4)]
    told = {" ".join(words[:-1]): words[-1] for words in lines}

    async with grpc.aio.insecure_channel(told["grpc"]) as channel:
        stub = api.TenantServiceStub(channel)
        metadata = (("authorization", f"Bearer {told['api key']}"),)
        found = await stub.List(api.ListTenantsRequest(limit=1), metadata=metadata)
    process.terminate()
    _, error = await process.communicate()

    assert found.result[0].id == told["tenant"]
    assert (process.returncode, error) == (0, b"")


async def test_alone_a_taken_port_is_one_sentence(world):
    process = await start_alone(
        "--grpc", world.server.grpc_address, "--mqtt", "{}:{}".format(*world.mqtt)
    )
    out, error = await process.communicate()

    assert (process.returncode, out) == (1, b"")
    assert error.decode() == (
        f"cannot listen on {world.server.grpc_address} (Address already in use): "
        "give another address with --grpc\n"
    )


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (["--grpc", "nonsense"], 2, "'nonsense' is no address; write HOST:PORT"),
        (["--durations", "slow"], 2, "invalid choice: 'slow'"),
        (
            ["--mqtt", "mqtt://127.0.0.1:1", "--grpc", "127.0.0.1:0"],
            1,
            "no MQTT v5 broker answers",
        ),
    ],
)
async def test_alone_a_wrong_start_says_what_to_change(arguments, status, sentence):
    process = await start_alone(*arguments)
    out, error = await process.communicate()

    assert (process.returncode, out) == (status, b"")
    assert sentence in error.decode()
    assert "Traceback" not in error.decode()


async def test_events_wait_while_the_broker_is_away():
    async with Broker(persistence=True) as broker:
        mqtt = (broker.host, broker.port)
        async with NetworkServer(mqtt=mqtt, settings=Durations.fast()) as server:
            received, listener = await listen(broker.host, broker.port)
            await broker.stop()
            await until(lambda: not server.connected)
            server.core.outbox.emit("log", a_device(server), integration.LogEvent())
            server.core.enqueued(0)  # gives the server's loop something to do
            server._wake.set()
            await asyncio.sleep(0.2)
            await broker.start()
            await until(lambda: received)
            listener.disconnect()
            listener.loop_stop()

    assert received == ["application/a/device/0102030405060708/event/log"]


async def until(condition, within_s=10.0):
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - what is waited for is another process
            await asyncio.sleep(0.02)


def a_device(server):
    message = api.Device(dev_eui="0102030405060708", application_id="a")
    server.core.registry.applications["a"] = Stored(api.Application(id="a"), 0, 0)
    return Device(message, 0, 0)


async def listen(host: str, port: int):
    """A subscriber whose session the broker keeps, so that it matters not who is back first."""
    received, subscribed = [], []
    client = paho.Client(CallbackAPIVersion.VERSION2, "listener", protocol=paho.MQTTv5)

    def subscribe(*_):
        client.subscribe("application/#", qos=1)

    client.on_connect = subscribe
    client.on_subscribe = lambda *_: subscribed.append(True)
    client.on_message = lambda _client, _user, message: received.append(message.topic)
    client.reconnect_delay_set(1, 1)
    lasting = Properties(PacketTypes.CONNECT)
    lasting.SessionExpiryInterval = 60
    client.connect(host, port, clean_start=False, properties=lasting)
    client.loop_start()
    await until(lambda: subscribed)
    return received, client


async def test_it_vanishes_and_comes_back_with_all_it_knows(world):
    probe = await world.device()
    address = world.server.grpc_address

    await world.server.away(True)
    get = api.GetDeviceRequest(dev_eui=probe.dev_eui)
    code, _ = await world.call("Device", "Get", get)
    world.hear(probe.uplink(1, b"lost"))
    await world.nothing("up")
    await world.server.away(False)
    await asyncio.wait_for(world.channel.channel_ready(), 10)

    assert code == "UNAVAILABLE"
    assert world.server.grpc_address == address
    world.hear(probe.uplink(1, b"heard"))
    assert (await world.next("up"))["fCnt"] == 1


async def test_a_gateway_that_speaks_json_is_answered_in_json(world):
    probe = await world.device()
    gateway_id = "00000000000000a9"
    await world.server.add_radio_gateway(gateway_id)
    topic = f"eu868/gateway/{gateway_id}/command/down"
    up = {
        "phyPayload": base64.b64encode(probe.uplink(1, b"x", confirmed=True)).decode(),
        "txInfo": {
            "frequency": 868100000,
            "modulation": {
                "lora": {"bandwidth": 125000, "spreadingFactor": 7, "codeRate": "CR_4_5"}
            },
        },
        "rxInfo": {"gatewayId": gateway_id, "rssi": -60, "snr": 9.5, "context": "AAECAw=="},
    }
    raw = asyncio.Queue()
    link = BrokerLink(
        world.mqtt[0], world.mqtt[1], [topic], lambda _, payload: raw.put_nowait(payload)
    )
    await link.connect()
    link.publish(topic.replace("command/down", "event/up"), json.dumps(up).encode(), 1)
    down = json.loads(await asyncio.wait_for(raw.get(), 5))
    await link.close()

    assert down["gatewayId"] == gateway_id
    delays = [item["txInfo"]["timing"] for item in down["items"]]
    assert delays == [{"delay": {"delay": "1s"}}, {"delay": {"delay": "2s"}}]
    assert probe.read(base64.b64decode(down["items"][0]["phyPayload"])).ack


async def test_an_application_may_speak_protobuf():
    async with Broker() as broker:
        mqtt = (broker.host, broker.port)
        settings = Durations.fast()
        async with NetworkServer(mqtt=mqtt, settings=settings, json_events=False) as server:
            device = a_device(server)
            server.core.registry.devices[device.dev_eui] = device
            raw = asyncio.Queue()
            link = BrokerLink(
                broker.host, broker.port, ["application/#"], lambda *told: raw.put_nowait(told)
            )
            await link.connect()
            server.core.outbox.emit("log", device, integration.LogEvent(description="in protobuf"))
            server._wake.set()
            topic, payload = await asyncio.wait_for(raw.get(), 5)
            command = integration.DownlinkCommand(dev_eui=device.dev_eui, f_port=9, data=b"\x01")
            link.publish(
                topic.replace("event/log", "command/down"), command.SerializeToString(), 1
            )
            await until(lambda: device.queue)
            await link.close()

    assert integration.LogEvent.FromString(payload).description == "in protobuf"
    assert [(item.f_port, item.data) for item in device.queue] == [(9, b"\x01")]


async def test_an_unregistered_gateway_is_not_heard(world):
    probe = await world.device()
    gateway = world.server.core.registry.radio_gateways.pop(world.gateway_id)

    world.hear(probe.uplink(1, b"x"))
    await world.nothing("up")

    world.server.core.registry.radio_gateways[world.gateway_id] = gateway
    world.hear(probe.uplink(1, b"y"))
    await world.next("up", fCnt=1)


async def test_events_overtake_each_other_when_asked_to(world):
    settings = Durations(deduplication_s=0.01, get_downlink_data_s=0.01, event_jitter_s=0.3)
    world.server.core.durations, before = settings, world.server.core.durations
    try:
        probe = await world.device()
        world.inbox.clear()
        for _ in range(12):
            world.hear(probe.uplink(1, b"x"))
        counters = [(await world.next("up"))["fCnt"] for _ in range(12)]
    finally:
        world.server.core.durations = before

    assert sorted(counters) == list(range(12))
    assert counters != sorted(counters)


async def test_the_user_makes_keys_and_a_deleted_key_opens_nothing(world):
    login = api.LoginRequest(email="admin", password="admin")
    user = (await world.call("Internal", "Login", login)).jwt
    wrong = api.LoginRequest(email="admin", password="x")
    assert (await world.call("Internal", "Login", wrong))[0] == "UNAUTHENTICATED"
    version = await world.call("Internal", "GetVersion", Empty(), key=user)
    assert version.version.startswith("4.")
    assert [r.id for r in (await world.call("Internal", "ListRegions", Empty())).regions] == [
        "eu868"
    ]

    request = api.CreateApiKeyRequest(api_key=api.ApiKey(name="t", tenant_id=world.tenant_id))
    made = await world.call("Internal", "CreateApiKey", request, key=user)
    mine = api.ListApplicationsRequest(limit=10, tenant_id=world.tenant_id)
    listed = await world.call("Application", "List", mine, key=made.token)
    assert [a.id for a in listed.result] == [world.application_id]
    await world.call("Internal", "DeleteApiKey", api.DeleteApiKeyRequest(id=made.id), key=user)
    assert await world.call("Application", "List", mine, key=made.token) == ("UNAUTHENTICATED", "")


async def test_a_key_of_one_tenant_does_not_see_another(world):
    tenant = api.Tenant(name="other", max_device_count=1)
    made = await world.call("Tenant", "Create", api.CreateTenantRequest(tenant=tenant))
    access = world.server.access
    theirs = access.add_key(api.ApiKey(tenant_id=made.id))
    reader = access.add_key(api.ApiKey(tenant_id=world.tenant_id, is_read_only=True))
    probe = await world.device(join=False)
    get = api.GetDeviceRequest(dev_eui=probe.dev_eui)
    delete = api.DeleteDeviceRequest(dev_eui=probe.dev_eui)

    assert await world.call("Device", "Get", get, key=theirs) == ("UNAUTHENTICATED", "")
    assert (await world.call("Device", "Get", get, key=reader)).device.name == "probe"
    assert await world.call("Device", "Delete", delete, key=reader) == ("UNAUTHENTICATED", "")
    await world.call("Tenant", "Delete", api.DeleteTenantRequest(id=made.id))
    gone = await world.call("Tenant", "Get", api.GetTenantRequest(id=made.id))
    assert gone == ("NOT_FOUND", f"Object does not exist (id: {made.id})")


async def test_a_tenants_quota_of_devices_holds(world):
    tenant = api.Tenant(id=world.tenant_id, name="ChirpStack", max_device_count=1)
    await world.device(join=False)
    await world.call("Tenant", "Update", api.UpdateTenantRequest(tenant=tenant))
    device = api.Device(dev_eui="00000000000000aa", name="x", application_id=world.application_id)
    profiles = api.ListDeviceProfilesRequest(limit=1, tenant_id=world.tenant_id)
    device.device_profile_id = (await world.call("DeviceProfile", "List", profiles)).result[0].id

    refused = await world.call("Device", "Create", api.CreateDeviceRequest(device=device))

    tenant.max_device_count = 0
    await world.call("Tenant", "Update", api.UpdateTenantRequest(tenant=tenant))
    assert refused == (
        "INVALID_ARGUMENT", "Not allowed (Max number of devices exceeded for tenant)",
    )  # fmt: skip


async def test_what_the_bench_does_not_do_is_unimplemented_not_silent(world):
    metrics = api.GetDeviceMetricsRequest(dev_eui="0102030405060708")
    assert (await world.call("Device", "GetMetrics", metrics))[0] == "UNIMPLEMENTED"
    profile = api.DeviceProfile(tenant_id=world.tenant_id, name="us", region="US915")
    request = api.CreateDeviceProfileRequest(device_profile=profile)
    assert (await world.call("DeviceProfile", "Create", request))[0] == "UNIMPLEMENTED"
    probe = await world.device(join=False)
    item = api.DeviceQueueItem(dev_eui=probe.dev_eui, f_port=1, is_encrypted=True)
    request = api.EnqueueDeviceQueueItemRequest(queue_item=item)
    assert (await world.call("Device", "Enqueue", request))[0] == "UNIMPLEMENTED"


async def test_objects_are_changed_and_listed(world):
    probe = await world.device(join=False)
    device = api.Device(dev_eui=probe.dev_eui, name="renamed", application_id=world.application_id)
    stored = await world.call("Device", "Get", api.GetDeviceRequest(dev_eui=probe.dev_eui))
    device.device_profile_id = stored.device.device_profile_id
    await world.call("Device", "Update", api.UpdateDeviceRequest(device=device))
    sought = api.ListDevicesRequest(
        limit=10, search="renamed", application_id=world.application_id
    )
    assert [d.dev_eui for d in (await world.call("Device", "List", sought)).result] == [
        probe.dev_eui
    ]

    keys = api.DeviceKeys(dev_eui=probe.dev_eui, nwk_key="ab" * 16)
    await world.call("Device", "UpdateKeys", api.UpdateDeviceKeysRequest(device_keys=keys))
    get = api.GetDeviceKeysRequest(dev_eui=probe.dev_eui)
    assert (await world.call("Device", "GetKeys", get)).device_keys.nwk_key == "ab" * 16
    gone = api.DeleteDeviceKeysRequest(dev_eui=probe.dev_eui)
    await world.call("Device", "DeleteKeys", gone)
    assert (await world.call("Device", "GetKeys", get))[0] == "NOT_FOUND"

    gateways = api.ListGatewaysRequest(limit=10, tenant_id=world.tenant_id)
    listed = (await world.call("Gateway", "List", gateways)).result
    assert world.gateway_id in [g.gateway_id for g in listed]

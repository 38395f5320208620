"""One world for the contract tests: a network server, its broker, and a radio side we play.

By default the bench server with fast durations. With CHIRPSTACK_GRPC (host:port), CHIRPSTACK_MQTT
(host:port) and CHIRPSTACK_KEY (an admin API key) in the environment, a real ChirpStack of region
eu868: the tests are the same, only the waits are longer.
"""

import asyncio
import json
import os
import secrets
from contextlib import AsyncExitStack
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
import pytest_asyncio
from chirpstack_api import api, gw

from tools.bench.network import Durations, NetworkServer
from tools.bench.network.broker import BrokerLink
from tools.bench.network.probe import Probe
from tools.setup.mosquitto import Broker

REAL = bool(os.environ.get("CHIRPSTACK_GRPC"))
ANSWER_S = 0.25
"""After an `up` event its own downlink is chosen; what is asked later is for the next chance."""
COPY_S = 0.45
"""A frame that comes again this much later is no copy of the first any more."""
SERVICES = ("Tenant", "Application", "DeviceProfile", "Device", "Gateway", "Internal")


@dataclass
class Message:
    """One message of the broker. kind: its last topic word, e.g. up, ack, down."""

    kind: str
    dev_eui: str
    body: Any


class World:
    """What a test holds: the API by `api.<Service>`, the radio side, the events."""

    patience_s = 30.0 if REAL else 10.0
    quiet_s = 1.5 if REAL else 0.4

    def __init__(self, grpc_address: str, mqtt: tuple[str, int], key: str, server: Any = None):
        self.server = server
        self.mqtt, self.key = mqtt, key
        self.gateway_id = secrets.token_hex(8)
        self.channel = grpc.aio.insecure_channel(grpc_address)
        self.api = SimpleNamespace(
            **{name: getattr(api, f"{name}ServiceStub")(self.channel) for name in SERVICES}
        )
        self.inbox: list[Message] = []
        self.arrived = asyncio.Event()
        self.tick = 0
        self.profiles: list[str] = []

    @property
    def auth(self):
        return (("authorization", f"Bearer {self.key}"),)

    async def call(self, service, method, request, key=None) -> Any:
        """One RPC; returns its answer, or (code, details) where it fails."""
        metadata = self.auth if key is None else (("authorization", f"Bearer {key}"),)
        try:
            stub = getattr(self.api, service)
            return await getattr(stub, method)(request, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            return error.code().name, error.details()

    async def open(self):
        topics = [
            "application/+/device/+/event/+",
            f"eu868/gateway/{self.gateway_id}/command/down",
        ]
        self.link = BrokerLink(*self.mqtt, topics, self.receive)
        await self.link.connect()
        tenants = await self.call("Tenant", "List", api.ListTenantsRequest(limit=1))
        self.tenant_id = tenants.result[0].id
        application = api.Application(name="contract", tenant_id=self.tenant_id, tags={"a": "1"})
        made = await self.call(
            "Application", "Create", api.CreateApplicationRequest(application=application)
        )
        self.application_id = made.id
        gateway = api.Gateway(
            gateway_id=self.gateway_id,
            name="contract",
            tenant_id=self.tenant_id,
            stats_interval=30,
        )
        await self.call("Gateway", "Create", api.CreateGatewayRequest(gateway=gateway))

    async def close(self):
        delete = api.DeleteApplicationRequest(id=self.application_id)
        await self.call("Application", "Delete", delete)
        for profile_id in self.profiles:
            gone = api.DeleteDeviceProfileRequest(id=profile_id)
            await self.call("DeviceProfile", "Delete", gone)
        gone = api.DeleteGatewayRequest(gateway_id=self.gateway_id)
        await self.call("Gateway", "Delete", gone)
        await self.link.close()
        await self.channel.close()

    def receive(self, topic, payload):
        words = topic.split("/")
        if words[0] == "application":
            self.inbox.append(Message(words[-1], words[3], json.loads(payload)))
        else:
            self.inbox.append(Message("down", "", gw.DownlinkFrame.FromString(payload)))
        self.arrived.set()

    # Waiting

    async def next(self, kind, *, within_s=None, **fields):
        """Take the next message of a kind whose body has these fields; fails after a while."""
        deadline = asyncio.get_running_loop().time() + (within_s or self.patience_s)
        while True:
            for message in self.inbox:
                if message.kind == kind and fits(message.body, fields):
                    self.inbox.remove(message)
                    return message.body
            left = deadline - asyncio.get_running_loop().time()
            self.arrived.clear()
            try:
                await asyncio.wait_for(self.arrived.wait(), left)
            except TimeoutError:
                raise AssertionError(f"no {kind} {fields}; there was {self.inbox}") from None

    async def nothing(self, kind):
        """Nothing of this kind comes for a while."""
        await asyncio.sleep(self.quiet_s)
        assert not [m for m in self.inbox if m.kind == kind]

    # Radio side

    def hear(self, phy, *, snr=9.5, rssi=-60):
        """One gateway hears a frame."""
        self.tick += 1_000_000
        frame = gw.UplinkFrame(
            phy_payload=phy,
            tx_info=gw.UplinkTxInfo(
                frequency=868_100_000,
                modulation=gw.Modulation(
                    lora=gw.LoraModulationInfo(
                        bandwidth=125_000, spreading_factor=7, code_rate=gw.CodeRate.CR_4_5
                    )
                ),
            ),
            rx_info=gw.UplinkRxInfo(
                gateway_id=self.gateway_id, uplink_id=self.tick, rssi=rssi, snr=snr,
                context=self.tick.to_bytes(4, "big"), crc_status=gw.CRCStatus.CRC_OK,
            ),
        )  # fmt: skip
        self.gateway_event("up", frame)

    async def hear_again(self, phy):
        """The same frame once more, too late to be a copy of the first."""
        await asyncio.sleep(COPY_S)
        self.hear(phy)

    def gateway_event(self, kind, message):
        topic = f"eu868/gateway/{self.gateway_id}/event/{kind}"
        self.link.publish(topic, message.SerializeToString(), 1)

    def acknowledge(self, down, *statuses):
        """The radio gateway's acknowledgement of a downlink; OK by default."""
        items = [gw.DownlinkTxAckItem(status=s) for s in statuses or ("OK",)]
        ack = gw.DownlinkTxAck(
            gateway_id=self.gateway_id, downlink_id=down.downlink_id, items=items
        )
        self.gateway_event("ack", ack)

    # Devices

    async def device(
        self, *, class_c=False, status_per_day=0, join=True, class_c_timeout=1, codec=""
    ):
        """Register a device; joined already by default. codec: JavaScript."""
        profile = api.DeviceProfile(
            tenant_id=self.tenant_id, name="contract", mac_version="LORAWAN_1_0_4",
            reg_params_revision="RP002_1_0_3", adr_algorithm_id="default", supports_otaa=True,
            supports_class_c=class_c, class_c_timeout=class_c_timeout, uplink_interval=60,
            device_status_req_interval=status_per_day, flush_queue_on_activate=True,
            payload_codec_runtime="JS" if codec else "NONE", payload_codec_script=codec,
        )  # fmt: skip
        made = await self.call(
            "DeviceProfile", "Create", api.CreateDeviceProfileRequest(device_profile=profile)
        )
        self.profiles.append(made.id)
        probe = Probe(secrets.token_hex(8), secrets.token_hex(16))
        device = api.Device(
            dev_eui=probe.dev_eui, name="probe", application_id=self.application_id,
            device_profile_id=made.id, tags={"d": "2"}, join_eui=probe.join_eui,
        )  # fmt: skip
        await self.call("Device", "Create", api.CreateDeviceRequest(device=device))
        keys = api.DeviceKeys(dev_eui=probe.dev_eui, nwk_key=probe.app_key)
        await self.call("Device", "CreateKeys", api.CreateDeviceKeysRequest(device_keys=keys))
        if join:
            await self.join(probe)
        return probe

    async def join(self, probe):
        self.hear(probe.join_request())
        down = await self.next("down")
        probe.accept(down.items[0].phy_payload)
        self.acknowledge(down)
        return down, await self.next("join")

    async def enqueue(self, probe, data=b"x", f_port=10, **given):
        item = api.DeviceQueueItem(dev_eui=probe.dev_eui, f_port=f_port, data=data, **given)
        answer = await self.call(
            "Device", "Enqueue", api.EnqueueDeviceQueueItemRequest(queue_item=item)
        )
        return answer.id

    async def queue(self, probe):
        request = api.GetDeviceQueueItemsRequest(dev_eui=probe.dev_eui)
        return list((await self.call("Device", "GetQueue", request)).result)

    async def first_uplink(self, probe):
        """A class-C device is sent nothing before it."""
        self.hear(probe.uplink(1, b"\x01"))
        await self.next("up")
        await asyncio.sleep(ANSWER_S)


def fits(body, fields):
    return all(body.get(name) == value for name, value in fields.items())


def address(text):
    host, port = text.removeprefix("mqtt://").rsplit(":", 1)
    return host, int(port)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def network():
    async with AsyncExitStack() as stack:
        if REAL:
            mqtt = address(os.environ["CHIRPSTACK_MQTT"])
            made = World(os.environ["CHIRPSTACK_GRPC"], mqtt, os.environ["CHIRPSTACK_KEY"])
        else:
            broker = await stack.enter_async_context(Broker())
            mqtt = (broker.host, broker.port)
            server = NetworkServer(mqtt=mqtt, settings=Durations.fast())
            await stack.enter_async_context(server)
            made = World(server.grpc_address, mqtt, server.admin_key, server)
        await made.open()
        yield made
        await made.close()
        if made.server:
            assert not made.server.core.registry.profiles


@pytest.fixture
def world(network):
    """The one network of a test file, its inbox empty."""
    network.inbox.clear()
    return network

"""A broker, a backend, and the service as an operator runs it: a process that may be killed."""

import asyncio
import base64
import contextlib
import json
import socket
import uuid
from typing import Any

import paho.mqtt.publish
import pytest
from wire.codec import frame, pack

from gateway.clock import wall_ms
from gateway.keys import new_key
from gateway.model import Device
from gateway.store.sqlite import Store
from gateway.tests.postgresql import database, server
from tools.bench.main_job.receiver import Receiver
from tools.bench.main_job.service import GatewayService
from tools.bench.network import Durations, NetworkServer
from tools.setup.mosquitto import Broker

__all__ = ["database", "server"]
APPLICATION = "8304ff7e-0c5b-4f36-829b-b8281b72c78e"
DEVICES = [f"70b3d57ed005a00{n}" for n in range(5)]
CONFIG = """\
site = "street"
log_level = "warning"

[network]
kind = "chirpstack"
{network}
mqtt = "mqtt://127.0.0.1:{mqtt}"

[http]
bind = "127.0.0.1:{http}"

[delivery]
allow_private = true
timeout_s = 1.0
schedule_s = [0.1, 0.2, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0]
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Scene:
    """Broker, backend and service; `uplinks` publishes what ChirpStack would.

    network: the bench's network server, where there is one.
    """

    network: NetworkServer

    def __init__(self, broker, receiver, service):
        self.broker, self.receiver, self.service = broker, receiver, service
        self.devices: list[str] = []

    async def subscribe(self, url=None, **options):
        """Add a webhook to the backend, or to another URL; its id."""
        body = {"url": url or self.receiver.url, **options}
        hook = await self.service.request("POST", "/v1/webhooks", body)
        if url is None:
            self.receiver.secret = hook["secret"]
        return hook["id"]

    async def uplinks(self, dev_euis, numbers):
        """One reading per device and number, as ChirpStack publishes them."""
        messages = [uplink(dev_eui, number) for number in numbers for dev_eui in dev_euis]
        await asyncio.to_thread(
            paho.mqtt.publish.multiple, messages, self.broker.host, self.broker.port
        )

    async def listening(self, dev_eui):
        """Publish reading 0 until it is in the store: then the service has its subscription."""
        async with asyncio.timeout(20):
            while True:
                await self.uplinks([dev_eui], [0])
                page = await self.service.request("GET", "/v1/events?kind=reading")
                if page["events"]:
                    return
                await asyncio.sleep(0.1)

    async def totals(self, hook):
        return (await self.service.request("GET", f"/v1/webhooks/{hook}"))["totals"]

    async def stored(self, count):
        """All readings of the store, once there are so many."""
        async with asyncio.timeout(30):
            while True:
                found, after = [], 0
                while page := await self._page(after):
                    found, after = found + page["events"], page["next"]
                if len(found) >= count:
                    return found
                await asyncio.sleep(0.1)

    async def _page(self, after):
        path = f"/v1/events?kind=reading&limit=1000&after={after}"
        page = await self.service.request("GET", path)
        return page if page["events"] else None

    async def shown(self, path, wanted, within_s=20):
        """Ask the service until what it shows is as wanted; what it shows then."""
        async with asyncio.timeout(within_s):
            while True:
                found = await self.service.request("GET", path)
                if wanted(found):
                    return found
                await asyncio.sleep(0.05)

    async def trouble(self, within_s=20):
        """What the service says is wrong, once it says something; one sentence."""
        found = await self.shown("/v1/health", lambda health: health["troubles"], within_s)
        return found["troubles"][0]

    async def well(self):
        """Wait until the service says that nothing is wrong."""
        await self.shown("/v1/health", lambda health: health["status"] == "ok")

    async def disabled(self, hook):
        """Wait until a webhook is disabled; the reason."""
        path = f"/v1/webhooks/{hook}"
        found = await self.shown(path, lambda webhook: webhook["disabled_reason"], within_s=10)
        return found["disabled_reason"]

    async def arrived(self, count, within_s=5):
        """Wait until the backend has so many events, or the time is over."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while True:
                    if len(self.receiver.events) >= count:
                        return
                    await asyncio.sleep(0.002)

    async def delivered(self, hook, count):
        """Wait until so many events are delivered; at every look the sums agree."""
        async with asyncio.timeout(40):
            while True:
                totals = await self.totals(hook)
                parts = ("delivered", "pending", "dead", "withdrawn")
                assert totals["matched"] == sum(totals[name] for name in parts)
                if totals["delivered"] >= count:
                    return totals
                await asyncio.sleep(0.05)


def uplink(dev_eui, number) -> Any:
    """A ChirpStack `up` event with one reading of a bin. Source: form of a recorded one."""
    values = {
        "seq": number, "age": 0, "fill": number % 100, "distance": 500, "valid": 7, "spread": 3,
        "battery": 3600, "obstructed": 0, "suspect": 0, "low_battery": 0, "uncalibrated": 0,
    }  # fmt: skip
    name = f"{dev_eui}-{number}"
    body = {
        "deduplicationId": str(uuid.uuid5(uuid.NAMESPACE_URL, name)),
        "time": "2026-11-23T10:11:08.421325+00:00",
        "deviceInfo": {"devEui": dev_eui, "applicationName": "lamplighter"},
        "devAddr": "00ac2f69",
        "dr": 5,
        "fCnt": number,
        "fPort": 10,
        "data": base64.b64encode(frame([pack("bin", values)])).decode(),
        "rxInfo": [{"gatewayId": "8dd646ce57b18307", "rssi": -60, "snr": 9.5}],
    }
    topic = f"application/{APPLICATION}/device/{dev_eui}/event/up"
    return {"topic": topic, "payload": json.dumps(body), "qos": 1}


async def admin_key(store):
    """An API key of every scope, without a process of the command line, 0.6 s of CPU."""
    record, key = new_key("test", "admin", wall_ms())
    await store.write(lambda tx: tx.add_api_key(record))
    return key


async def add_bins(store, dev_euis):
    """Add bins, named as their DevEUIs."""
    made = [Device(dev_eui=eui, name=eui, profile="bin", join_eui="0" * 16) for eui in dev_euis]
    await store.write(lambda tx: [tx.add_device(one) for one in made])


async def made_devices(scene):
    """Five bins in the service's store, which is not in use yet."""
    scene.devices = list(DEVICES)
    async with Store(scene.service.folder / "lamplighter.db") as store:
        await add_bins(store, DEVICES)


class Reached:
    """A broker at another port, that of a proxy."""

    def __init__(self, broker, port):
        self.host, self.port = broker.host, port


@contextlib.asynccontextmanager
async def service_beside(tmp_path, broker, more):
    """Backend and service beside a broker. more: what the configuration's `[network]` says."""
    async with contextlib.AsyncExitStack() as stack:
        receiver = await stack.enter_async_context(Receiver())
        http = free_port()
        config = CONFIG.format(network=more, mqtt=broker.port, http=http)
        service = GatewayService(tmp_path, config, f"127.0.0.1:{http}")
        stack.push_async_callback(service.close)
        async with Store(tmp_path / "lamplighter.db") as store:
            service.key = await admin_key(store)
        yield Scene(broker, receiver, service)


@pytest.fixture
async def scene(tmp_path):
    """A service, not started, with devices `scene.devices` in its store; no network server."""
    async with Broker(tmp_path / "mqtt") as broker:
        more = f'grpc = "http://127.0.0.1:{free_port()}"'
        async with service_beside(tmp_path, broker, more) as made:
            await made_devices(made)
            yield made


@pytest.fixture
async def street(tmp_path):
    """A service, not started, beside the bench's network server, `street.network`."""
    async with Broker(tmp_path / "mqtt") as broker:
        where = (broker.host, broker.port)
        async with NetworkServer(mqtt=where, settings=Durations.fast()) as network:
            more = f'grpc = "http://{network.grpc_address}"\napi_key = "{network.admin_key}"'
            async with service_beside(tmp_path, broker, more) as made:
                made.network = network
                yield made

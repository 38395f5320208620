"""ChirpStack: the bench's server (emulated) behind a real mosquitto.

With CHIRPSTACK_GRPC, CHIRPSTACK_MQTT (host:port) and CHIRPSTACK_KEY it is a real ChirpStack.
"""

import asyncio
import contextlib
import json
import os
from pathlib import Path

import paho.mqtt.publish

from gateway.networks import chirpstack
from gateway.networks.chirpstack.calls import Calls
from gateway.networks.chirpstack.stubs import api
from tools.bench.network import Durations, NetworkServer
from tools.setup.mosquitto import Broker

DATA = Path(__file__).parents[2] / "data" / "chirpstack_events.jsonl"
UP = next(json.loads(line) for line in DATA.read_text().splitlines() if '/up"' in line)


@contextlib.asynccontextmanager
async def serving(folder):
    async with contextlib.AsyncExitStack() as stack:
        broker = await stack.enter_async_context(Broker(folder / "mqtt", persistence=True))
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


def uplink_body(fcnt, application="lamplighter"):
    """The recorded uplink with another counter, of our application."""
    info = UP["json"]["deviceInfo"] | {"applicationName": application}
    return json.dumps(UP["json"] | {"fCnt": fcnt, "deviceInfo": info})


class ChirpStack:
    """The broker, and the settings that lead to it and the API."""

    def __init__(self, broker, settings):
        self.broker, self.settings = broker, settings

    def network(self):
        return chirpstack.Network(self.settings)

    async def give(self, *counters):
        messages = []
        for fcnt in counters:
            body = uplink_body(fcnt, self.settings.application)
            messages.append({"topic": UP["topic"], "payload": body, "qos": 1})
        host, port = self.broker.host, self.broker.port
        await asyncio.to_thread(paho.mqtt.publish.multiple, messages, hostname=host, port=port)

    async def fports(self, dev_eui):
        """FPorts of what waits for a device."""
        async with Calls(self.settings) as calls:
            request = api.GetDeviceQueueItemsRequest(dev_eui=dev_eui)
            stub = api.DeviceServiceStub(calls.channel())
            return [one.f_port for one in (await calls.call(stub.GetQueue, request)).result]

    async def begun(self, network):
        """Wait for the SUBACK: before it the broker has no session to keep messages for."""
        await asyncio.wait_for(network._subscription._connection.subscribed, 10)

    async def lose(self, _network):
        await self.broker.restart()

"""Plain MQTT: a real mosquitto, to which a device's sender publishes in the gateway's own form."""

import asyncio
import contextlib

import paho.mqtt.publish

from gateway.networks import mqtt
from gateway.tests.contract.servers.chirpstack import ChirpStack
from gateway.tests.contract.servers.http import uplink_body
from tools.setup.mosquitto import Broker

TOPIC = "devices/70b3d57ed00000a1/up"
KEEPS_DEVICES = False


@contextlib.asynccontextmanager
async def serving(folder):
    async with Broker(folder / "mqtt", persistence=True) as broker:
        yield Mqtt(broker, mqtt.Settings(mqtt=f"mqtt://{broker.host}:{broker.port}"))


class Mqtt(ChirpStack):
    """The broker alone, and the settings that lead to it."""

    def network(self):
        return mqtt.Network(self.settings)

    async def give(self, *counters):
        messages = [{"topic": TOPIC, "payload": uplink_body(one), "qos": 1} for one in counters]
        host, port = self.broker.host, self.broker.port
        await asyncio.to_thread(paho.mqtt.publish.multiple, messages, hostname=host, port=port)

"""Plain MQTT: a real mosquitto, to which a device's sender publishes in the gateway's own form."""

import asyncio
import contextlib
from typing import Any

import paho.mqtt.publish

from gateway.networks import mqtt
from gateway.tests.contract.servers.http import uplink_body
from tools.setup.mosquitto import Broker

TOPIC = "devices/70b3d57ed00000a1/up"
KEEPS_DEVICES = False


@contextlib.asynccontextmanager
async def serving(folder):
    async with Broker(folder / "mqtt", persistence=True) as broker:
        yield Mqtt(broker, mqtt.Settings(mqtt=f"mqtt://{broker.host}:{broker.port}"))


class Mqtt:
    """The broker alone, and the settings that lead to it."""

    def __init__(self, broker, settings):
        self.broker, self.settings = broker, settings

    def network(self):
        return mqtt.Network(self.settings)

    async def give(self, *counters):
        messages: list[Any] = [
            {"topic": TOPIC, "payload": uplink_body(one), "qos": 1} for one in counters
        ]
        host, port = self.broker.host, self.broker.port
        await asyncio.to_thread(paho.mqtt.publish.multiple, messages, hostname=host, port=port)

    async def begun(self, network):
        """Wait for the SUBACK: before it the broker has no session to keep messages for."""
        await asyncio.wait_for(network._subscription._connection.subscribed, 10)

    async def lose(self, _network):
        await self.broker.restart()

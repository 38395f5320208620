"""The Things Stack's MQTT server, its Storage Integration and its API (emulated)."""

import asyncio
import contextlib
import json
from datetime import UTC, datetime

from gateway.networks import tts_mqtt
from gateway.tests.contract.servers import LAMP, tts_stack
from gateway.tests.contract.servers.tts_broker import TtsBroker
from gateway.tests.contract.servers.tts_webhook import uplink_body


@contextlib.asynccontextmanager
async def serving(_folder):
    stack = tts_stack.Stack()
    async with stack.serving() as url, TtsBroker(stack).serving() as broker:
        yield TtsMqtt(stack, url, broker)


class TtsMqtt:
    """The stack and its MQTT server, and the settings that lead to them."""

    def __init__(self, stack, url, broker):
        self.stack, self.broker = stack, broker
        self.settings = tts_mqtt.Settings(
            url=url, application=tts_stack.APPLICATION, tenant="ttn", api_key=tts_stack.KEY,
            mqtt=f"mqtt://127.0.0.1:{broker.port}", timeout_s=2.0,
        )  # fmt: skip

    def network(self):
        return tts_mqtt.Network(self.settings)

    async def give(self, *counters):
        for fcnt in counters:
            message = json.loads(uplink_body(fcnt))
            message["received_at"] = (
                datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "012Z")
            )
            if self.stack.stored is not None:
                self.stack.stored.append(stored(message))
            self.broker.publish(f"eui-{LAMP.dev_eui}", "up", message)

    async def fports(self, dev_eui):
        """FPorts of what waits for a device."""
        return [one["f_port"] for one in self.stack.queues[f"eui-{dev_eui}"]]

    async def begun(self, network):
        """Wait until it listens."""
        connection = network._traffic.subscription._connection
        await asyncio.wait_for(connection.subscribed, 10)

    async def lose(self, _network):
        self.broker.drop()


def stored(message):
    """A message as it is stored: without the ids of its way through the servers."""
    return {name: one for name, one in message.items() if name != "correlation_ids"}

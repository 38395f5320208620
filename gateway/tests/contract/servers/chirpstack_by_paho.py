"""ChirpStack again, read by the twin of our own MQTT connection: the suite holds for both."""

import contextlib

from gateway.networks._subscription import Subscription
from gateway.tests.contract.paho_connection import PahoConnection
from gateway.tests.contract.servers import chirpstack


@contextlib.asynccontextmanager
async def serving(folder):
    async with chirpstack.serving(folder) as made:
        yield ByPaho(made.broker, made.settings)


class ByPaho(chirpstack.ChirpStack):
    def network(self):
        made = super().network()
        made._subscription = Subscription(made._broker, PahoConnection)
        return made

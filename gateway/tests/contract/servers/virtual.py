"""The network in this process needs no server."""

import contextlib

from gateway.networks import virtual
from gateway.notices import Uplink
from gateway.tests.contract.servers import LAMP


@contextlib.asynccontextmanager
async def serving(_folder):
    yield Virtual()


class Virtual:
    """One network that outlives its contexts, as a broker does."""

    def __init__(self):
        self.made = virtual.Network()

    def network(self):
        return self.made

    async def give(self, *counters):
        for fcnt in counters:
            own = {"dev_eui": LAMP.dev_eui, "dev_addr": "01", "fport": 2, "data": b"\x01"}
            self.made.give(Uplink(id=str(fcnt), at_ms=1, fcnt=fcnt, **own))

    async def fports(self, dev_eui):
        """FPorts of what waits for a device."""
        return [one.fport for one in self.made.queue.values() if one.dev_eui == dev_eui]

    async def begun(self, network):
        pass

    async def lose(self, network):
        network.reconnect()

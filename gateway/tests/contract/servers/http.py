"""HTTP: a sender that repeats, as `gateway.networks.http` asks of it."""

import contextlib
import json
import socket
from pathlib import Path

from gateway.networks import Network, http
from gateway.tests.contract.servers.senders import Sender

TOKEN = "a token of the test"
DATA = Path(__file__).parents[2] / "data" / "uplinks.jsonl"
UP = json.loads(DATA.read_text().splitlines()[0])["json"]
KEEPS_DEVICES = False


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def uplink_body(fcnt):
    return json.dumps(UP | {"fcnt": fcnt})


@contextlib.asynccontextmanager
async def serving(_folder):
    made = Http()
    async with made.sender.sending():
        yield made


class Http:
    """The settings of the port, and who posts to it."""

    def __init__(self):
        self.settings = http.Settings(bind=f"127.0.0.1:{free_port()}", token=TOKEN)
        self.listener = None
        url = f"http://{self.settings.bind}{self.settings.path}"
        self.sender = Sender(url, TOKEN, uplink_body, self.held)

    def held(self):
        return self.listener.held if self.listener else 0

    def network(self) -> Network:
        made = http.Network(self.settings)
        self.listener = self.listener or made.listener
        return made

    async def give(self, *counters):
        self.sender.give(*counters)

    async def begun(self, network):
        self.listener = network.listener

    async def lose(self, _network):
        await self.sender.lose()

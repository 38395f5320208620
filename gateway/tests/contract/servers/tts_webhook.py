"""The Things Stack's webhook, with retries as its queue has them, and its API (emulated)."""

import contextlib
import copy
import json
from pathlib import Path

from gateway.networks import Network, tts_webhook
from gateway.tests.contract.servers import LAMP, tts_stack
from gateway.tests.contract.servers.http import TOKEN, Http, free_port
from gateway.tests.contract.servers.senders import Sender

DATA = Path(__file__).parents[2] / "data" / "tts_messages.jsonl"
UP = json.loads(DATA.read_text().splitlines()[0])["json"]


def uplink_body(fcnt):
    message = copy.deepcopy(UP)
    message["end_device_ids"]["dev_eui"] = LAMP.dev_eui.upper()
    message["uplink_message"] |= {"f_cnt": fcnt, "f_port": 2}
    return json.dumps(message)


@contextlib.asynccontextmanager
async def serving(_folder):
    stack = tts_stack.Stack()
    async with stack.serving() as url:
        made = TtsWebhook(stack, url)
        async with made.sender.sending():
            yield made


class TtsWebhook(Http):
    """The stack, and its settings here."""

    def __init__(self, stack, url):
        self.stack = stack
        self.settings = tts_webhook.Settings(
            url=url, application=tts_stack.APPLICATION, webhook=tts_stack.WEBHOOK,
            api_key=tts_stack.KEY, bind=f"127.0.0.1:{free_port()}", token=TOKEN,
        )  # fmt: skip
        self.listener = None
        there = f"http://{self.settings.bind}{self.settings.path}/up"
        self.sender = Sender(there, TOKEN, uplink_body, self.held)

    def network(self) -> Network:
        made = tts_webhook.Network(self.settings)
        self.listener = self.listener or made.listener
        return made

    async def fports(self, dev_eui):
        """FPorts of what waits for a device."""
        return [one["f_port"] for one in self.stack.queues[f"eui-{dev_eui}"]]

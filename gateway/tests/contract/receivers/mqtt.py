"""A real mosquitto: its ACL lets the sink write below `taken`, not below `denied`."""

import contextlib
import threading
from pathlib import Path

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from gateway.sinks import Receiver
from gateway.sinks.mqtt import Settings
from gateway.tests.contract.certificates import password_line
from tools.setup.mosquitto import Broker

ACL = """
user gateway
topic write taken/#
topic write homeassistant/#
topic readwrite commands/#
user home
topic readwrite #
"""
MARK = "mark"


class Home:
    """Sees all messages, as Home Assistant would. messages: (topic, body, retain)."""

    def __init__(self, broker):
        self.messages = []
        self._marked = threading.Event()
        self._client = client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        client.username_pw_set("home", "home")
        ready = threading.Event()
        client.on_message = self._came
        client.on_subscribe = lambda *_: ready.set()
        client.connect(broker.host, broker.port)
        client.loop_start()
        client.subscribe([("taken/#", 1), ("homeassistant/#", 1), ("commands/#", 1), (MARK, 1)])
        assert ready.wait(5)

    def _came(self, _client, _data, message):
        if message.topic == MARK:
            self._marked.set()
        else:
            self.messages.append((message.topic, message.payload, message.retain))

    def publish(self, topic, body, *, retain=False):
        self._client.publish(topic, body, qos=1, retain=retain).wait_for_publish(5)

    def seen(self):
        """All that the broker acknowledged before: it forwards to one client in order."""
        self._marked.clear()
        self.publish(MARK, b"")
        assert self._marked.wait(5)
        return list(self.messages)

    def close(self):
        self._client.disconnect()
        self._client.loop_stop()


@contextlib.asynccontextmanager
async def brokered(folder: Path):
    """The broker."""
    acl, users = folder / "acl", folder / "users"
    acl.write_text(ACL)
    users.write_text("".join(password_line(name, name) for name in ("gateway", "home")))
    for one in (acl, users):
        one.chmod(0o600)
    extra = {"allow_anonymous": "false", "acl_file": str(acl), "password_file": str(users)}
    async with Broker(folder / "mosquitto", extra=extra) as broker:
        yield broker


def settings(broker, **more):
    url = f"mqtt://{broker.host}:{broker.port}"
    return Settings(url=url, username="gateway", password="gateway", **more)


@contextlib.asynccontextmanager
async def receiver(folder: Path):
    """See gateway.sinks.Receiver."""
    async with brokered(folder) as broker:
        home = Home(broker)
        try:
            yield Receiver(
                target="taken",
                failing="denied",
                taken=lambda: [body for topic, body, _ in home.seen() if topic == "taken/a/t"],
                settings=settings(broker),
            )
        finally:
            home.close()

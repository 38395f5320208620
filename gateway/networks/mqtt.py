"""Plain MQTT: whoever has an uplink publishes it; for own and foreign devices.

A message is one uplink as JSON, the same as over HTTP, at QoS 1. It is acknowledged once it is
stored; the broker (MQTT 5) keeps what comes while this service is away. A device of ours on a
cellular bearer is told so on its own topic, and hears its commands there (`_down.py`).
"""

import re
from collections.abc import AsyncIterator, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import replace

from gateway.errors import Lost
from gateway.model import Device
from gateway.networks import _uplink
from gateway.networks._broker import Broker
from gateway.networks._down import MOST_BYTES, Down
from gateway.networks._inbound import Inbound
from gateway.networks._source import Sourced
from gateway.networks._subscription import Subscription, try_subscription
from gateway.networks._tls import Tls
from gateway.networks._watch import Watch
from gateway.notices import Downlink, Envelope, Notice, Receipt

EUI = re.compile(r"[0-9A-Fa-f]{16}")


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """Keys of `[network]` with `kind = "mqtt"`.

    mqtt: the broker, `mqtt://[user:password@]host:port`; `mqtts://` with TLS.
    topic: filter of the topics that bring uplinks; one topic per device keeps one that floods from
    delaying the others. Where its `+` stands for a DevEUI, a device may speak for itself alone.
    down: topic on which a device of ours listens, as `devices/{}/down` with `{}` for its DevEUI;
    empty: nothing is sent.
    username: of the broker, instead of one in `mqtt`.  password: of the broker.
    ca_file: PEM file of the authorities that sign the broker's certificate; without it the
    system's.
    cert_file: PEM file of our certificate, where the broker asks for one.
    key_file: its key; without it in `cert_file`.
    client_id: MQTT client id, which names the session; one per service.
    region: of the devices, like `EU868`.
    """

    mqtt: str = "mqtt://127.0.0.1:1883"
    topic: Annotated[str, Meta(min_length=1)] = "devices/+/up"
    down: Annotated[str, Meta(pattern=r"^([^+#{}]*\{\}[^+#{}]*)?$")] = ""
    username: str = ""
    password: str = ""
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    client_id: str = "lamplighter"
    region: str = "EU868"


class Network(Sourced, Inbound):
    """See gateway.networks.Network. It keeps no devices; what waits for one, in memory."""

    def __init__(self, settings: Settings) -> None:
        super().__init__("mqtt", settings.region)
        self._broker = Broker(
            url=settings.mqtt,
            client_id=settings.client_id,
            topic=settings.topic,
            username=settings.username,
            password=settings.password,
            tls=Tls(settings.ca_file, settings.cert_file, settings.key_file),
        )
        self.source = self._subscription = Subscription(self._broker)
        self._watch = Watch()
        self._down = Down(settings.down, self._subscription.publish) if settings.down else None
        self._level = settings.topic.split("/").index("+") if "/+/" in settings.topic else -1

    async def uplinks(self) -> AsyncIterator[Sequence[Envelope]]:
        """See gateway.networks.Network. What is acknowledged is stored: then its device hears."""
        async for batch in super().uplinks():
            yield [replace(one, acknowledge=partial(self._stored, one)) for one in batch]

    def _stored(self, envelope: Envelope) -> None:
        envelope.acknowledge()
        asked = _uplink.asked(envelope.body) if self._down else None
        if self._down and asked and self._speaks_for(envelope.topic, asked.dev_eui):
            self._down.stored(asked)

    def _speaks_for(self, topic: str, dev_eui: str) -> bool:
        """Whether this topic may bring a message of the device."""
        level = topic.split("/")[self._level] if self._level >= 0 and "/" in topic else ""
        return level.lower() == dev_eui or not EUI.fullmatch(level)

    def parse(self, envelope: Envelope) -> Notice | None:
        """See gateway.networks.Network."""
        try:
            uplink = self._parse(envelope)
        except Lost as error:
            self._watch.unread(str(error))
            raise
        self._watch.read()
        return uplink

    def _parse(self, envelope: Envelope) -> Notice:
        uplink = _uplink.parse(envelope.body)
        if self._speaks_for(envelope.topic, uplink.dev_eui):
            return uplink
        raise Lost(
            f"what came on {envelope.topic} says that it is {uplink.dev_eui}: a device may speak "
            "for itself alone; the operator looks at its credentials"
        )

    def most_bytes(self, device: Device, dr: int | None) -> int:
        """See gateway.networks.Network."""
        return MOST_BYTES if self._down else super().most_bytes(device, dr)

    async def send(self, downlink: Downlink) -> Receipt:
        """See gateway.networks.Network."""
        return self._down.send(downlink) if self._down else await super().send(downlink)

    async def queued(self, dev_eui: str) -> dict[bytes, str]:
        """See gateway.networks.Network."""
        return self._down.queued(dev_eui) if self._down else {}

    async def flush(self, dev_eui: str) -> None:
        """See gateway.networks.Network."""
        if self._down:
            self._down.flush(dev_eui)

    def troubles(self) -> list[str]:
        """See gateway.networks.Network."""
        return super().troubles() + self._watch.troubles()

    async def check(self) -> list[str]:
        """See gateway.networks.Network."""
        await try_subscription(self._broker)
        return [f"the broker {self._broker.shown} lets us listen to {self._broker.topic}"]

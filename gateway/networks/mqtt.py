"""Plain MQTT: whoever has an uplink publishes it; for own and foreign devices, without downlinks.

A message is one uplink as JSON, the same as over HTTP, at QoS 1. It is acknowledged once it is
stored; the broker (MQTT 5) keeps what comes while this service is away.
"""

from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from gateway.errors import Lost
from gateway.networks import _uplink
from gateway.networks._broker import Broker
from gateway.networks._inbound import Inbound
from gateway.networks._source import Sourced
from gateway.networks._subscription import Subscription, try_subscription
from gateway.networks._tls import Tls
from gateway.networks._watch import Watch
from gateway.notices import Envelope, Notice


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """Keys of `[network]` with `kind = "mqtt"`.

    mqtt: the broker, `mqtt://[user:password@]host:port`; `mqtts://` with TLS.
    topic: filter of the topics that bring uplinks; one topic per device keeps one that floods from
    delaying the others.
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
    username: str = ""
    password: str = ""
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    client_id: str = "lamplighter"
    region: str = "EU868"


class Network(Sourced, Inbound):
    """See gateway.networks.Network. It keeps no devices and no queue."""

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

    def parse(self, envelope: Envelope) -> Notice | None:
        """See gateway.networks.Network."""
        try:
            uplink = _uplink.parse(envelope.body)
        except Lost as error:
            self._watch.unread(str(error))
            raise
        self._watch.read()
        return uplink

    def troubles(self) -> list[str]:
        """See gateway.networks.Network."""
        return super().troubles() + self._watch.troubles()

    async def check(self) -> list[str]:
        """See gateway.networks.Network."""
        await try_subscription(self._broker)
        return [f"the broker {self._broker.shown} lets us listen to {self._broker.topic}"]

"""The Things Stack 3 by MQTT: messages and downlinks there, devices and what was missed by API.

It needs no port that The Things Stack can reach. Its MQTT server keeps nothing for a service that
is away; the Storage Integration does, where the application has it.
"""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from gateway.clock import wall_ms
from gateway.errors import Lost
from gateway.networks import _tts_events
from gateway.networks._broker import Broker
from gateway.networks._subscription import try_subscription
from gateway.networks._tls import Tls
from gateway.networks._tts_api import Api, Server
from gateway.networks._tts_devices import ID, Devices
from gateway.networks._tts_traffic import HOUR_MS, Traffic, Where
from gateway.networks._watch import Watch
from gateway.notices import Downlink, Envelope, Notice, Receipt

KEYS = "`network.application`, `network.tenant` and `network.api_key` must belong together"


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """Keys of `[network]` with `kind = "tts_mqtt"`.

    url: The Things Stack, as `https://eu1.cloud.thethings.network`; with a tenant, its address.
    application: id of the application.
    tenant: id of the tenant, `ttn` for The Things Network; empty for the Open Source edition.
    api_key: of the application, with the rights to read and write devices and traffic.
    mqtt: its MQTT server, `mqtts://host:port`; empty: the host of `url`, port 8883.
    ca_file: PEM file of the authorities that sign its certificate; without it the system's.
    client_id: MQTT client id; one per service.
    storage_h: how many hours back uplinks are asked for at the start, of the Storage Integration,
    and after each loss of the connection those since; 0: never, where the application lacks it.
    region: of the devices, like `EU868`.
    frequency_plan: of the devices that we add, an id of The Things Stack.
    downlink_bytes: largest downlink at any data rate; else by region and data rate.
    timeout_s: of one call, and of a downlink until it is queued.
    """

    url: str
    application: Annotated[str, Meta(pattern=ID)]
    tenant: Annotated[str, Meta(pattern=r"^([a-z0-9](?:[-]?[a-z0-9]){1,35})?$")] = ""
    api_key: str = ""
    mqtt: str = ""
    ca_file: Path | None = None
    client_id: str = "lamplighter"
    storage_h: Annotated[int, Meta(ge=0, le=720)] = 24
    region: str = "EU868"
    frequency_plan: str = "EU_863_870_TTN"
    downlink_bytes: Annotated[int, Meta(ge=1, le=242)] | None = None
    timeout_s: float = 5.0

    @property
    def uid(self) -> str:
        """The application's id as topics and users have it."""
        return f"{self.application}@{self.tenant}" if self.tenant else self.application


class Network(Devices):
    """See gateway.networks.Network. Only the subscription needs entering; calls do not."""

    def __init__(self, settings: Settings) -> None:
        self.settings = of = settings
        tls = Tls(of.ca_file)
        self._broker = Broker(
            url=of.mqtt or f"mqtts://{urlsplit(of.url).hostname}:8883", client_id=of.client_id,
            topic=f"v3/{of.uid}/devices/#", username=of.uid, password=of.api_key, tls=tls,
            version=4, keys=KEYS,
        )  # fmt: skip
        api = Api(
            Server(
                url=of.url, api_key=of.api_key, application=of.application,
                frequency_plan=of.frequency_plan, timeout_s=of.timeout_s, tls=tls,
            )
        )  # fmt: skip
        super().__init__(of, api)
        self._watch = Watch()
        where = Where(of.uid, of.storage_h, of.timeout_s)
        self._traffic = Traffic(self._broker, api, where, self._watch)

    async def __aenter__(self) -> Self:
        await self._traffic.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._traffic.__aexit__(*exc)

    def uplinks(self) -> AsyncIterator[Sequence[Envelope]]:
        """See gateway.networks.Network."""
        return self._traffic.subscription.batches()

    def parse(self, envelope: Envelope) -> Notice | None:
        """See gateway.networks.Network."""
        of = self.settings
        try:
            notice = _tts_events.parse(envelope.body, of.application, of.region)
        except Lost as error:
            self._watch.unread(str(error))
            raise
        self._watch.read()
        return notice

    def pause(self) -> None:
        """See gateway.networks.Network."""
        self._traffic.pause()

    def resume(self) -> None:
        """See gateway.networks.Network."""
        self._traffic.subscription.resume()

    async def send(self, downlink: Downlink) -> Receipt:
        """See gateway.networks.Network."""
        return Receipt(await self._traffic.send(downlink))

    def troubles(self) -> list[str]:
        """See gateway.networks.Network."""
        return self._traffic.subscription.troubles() + self._watch.troubles()

    async def check(self) -> list[str]:
        """See gateway.networks.Network."""
        await try_subscription(self._broker)
        count = len(await self._api.device_ids())
        lines = [
            f"the MQTT server {self._broker.shown} lets us listen to {self._broker.topic}",
            f"{self.settings.url} shows {count} devices of {self.settings.application!r}",
        ]
        if self.settings.storage_h:
            await self._api.stored(wall_ms() - HOUR_MS, 1)
            lines.append("its Storage Integration gives what came while the service was away")
        return lines

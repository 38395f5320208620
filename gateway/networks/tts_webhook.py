"""The Things Stack 3: messages by its webhook, downlinks and devices by its API.

Its webhook has the format JSON, the header `Authorization: Bearer TOKEN`, and every message type
enabled but the normalized uplink. It repeats nothing that we do not take, unless it has a queue:
for messages that must not be lost it needs The Things Stack Cloud with retries.
"""

from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from gateway.networks import _listener, _tts_events
from gateway.networks._door_check import check
from gateway.networks._source import Sourced
from gateway.networks._tls import Tls
from gateway.networks._tts_api import Api, Server
from gateway.networks._tts_devices import ID, Devices
from gateway.notices import Downlink, Envelope, Notice, Receipt


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """Keys of `[network]` with `kind = "tts_webhook"`.

    url: The Things Stack, as `https://eu1.cloud.thethings.network`; with a tenant, its address.
    application: id of the application.
    webhook: id of the webhook, which also names the downlinks' URL.
    api_key: of the application, with the rights to read and write devices and traffic.
    bind: `host:port` of a port of its own, beside that of the API.
    path: of the webhook's base URL; its messages may have paths below it.
    token: 16 characters or more, which the webhook gives as `Authorization: Bearer TOKEN`; may be
    empty where `ca_file` asks for a client certificate.
    cert_file: PEM file of our certificate and its chain, for TLS; without it a proxy must do TLS.
    key_file: its key; without it in `cert_file`.
    ca_file: PEM file of the authorities that sign a proxy's certificate; without it none is asked
    for.
    region: of the devices, like `EU868`.
    frequency_plan: of the devices that we add, an id of The Things Stack.
    downlink_bytes: largest downlink at any data rate; else by region and data rate.
    timeout_s: of one call.
    """

    url: str
    application: Annotated[str, Meta(pattern=ID)]
    webhook: Annotated[str, Meta(pattern=ID)]
    api_key: str = ""
    bind: str = "127.0.0.1:8091"
    path: Annotated[str, Meta(pattern=r"^(/[A-Za-z0-9._~-]+)+$")] = "/tts"
    token: str = ""
    cert_file: Path | None = None
    key_file: Path | None = None
    ca_file: Path | None = None
    region: str = "EU868"
    frequency_plan: str = "EU_863_870_TTN"
    downlink_bytes: Annotated[int, Meta(ge=1, le=242)] | None = None
    timeout_s: float = 5.0


class Network(Sourced, Devices):
    """See gateway.networks.Network. Only the listener needs entering; calls do not."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._door = _listener.Door(
            bind=settings.bind,
            path=settings.path,
            token=settings.token,
            tls=Tls(settings.ca_file, settings.cert_file, settings.key_file),
        )
        self.source = self.listener = _listener.Listener(self._door, self.parse)
        api = Api(
            Server(
                url=settings.url, api_key=settings.api_key, application=settings.application,
                webhook=settings.webhook, frequency_plan=settings.frequency_plan,
                timeout_s=settings.timeout_s,
            )
        )  # fmt: skip
        super().__init__(settings, api)

    def parse(self, envelope: Envelope) -> Notice | None:
        """See gateway.networks.Network."""
        return _tts_events.parse(envelope.body, self.settings.application, self.settings.region)

    async def send(self, downlink: Downlink) -> Receipt:
        """See gateway.networks.Network."""
        return Receipt(await self._api.enqueue(downlink))

    async def check(self) -> list[str]:
        """See gateway.networks.Network."""
        lines = await check(self._door)
        count = len(await self._api.device_ids())
        return [
            *lines,
            f"{self.settings.url} shows {count} devices of {self.settings.application!r}",
        ]

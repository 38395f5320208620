"""HTTP: whoever has an uplink posts it; for own and foreign devices, without downlinks.

A `POST` of one uplink as JSON is answered with 200 once it is stored. A sender that gets another
answer, or none, sends it again: a repetition is known by its `fcnt`.
"""

from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from gateway.networks import _listener, _uplink
from gateway.networks._door_check import check
from gateway.networks._inbound import Inbound
from gateway.networks._source import Sourced
from gateway.networks._tls import Tls
from gateway.notices import Envelope, Notice


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """Keys of `[network]` with `kind = "http"`.

    bind: `host:port` of a port of its own, beside that of the API.
    path: where senders post to.
    token: 16 characters or more, which senders give as `Authorization: Bearer TOKEN`; may be
    empty where `ca_file` asks for a client certificate.
    cert_file: PEM file of our certificate and its chain, for TLS; without it a proxy must do TLS,
    or senders are on the same machine.
    key_file: its key; without it in `cert_file`.
    ca_file: PEM file of the authorities that sign the senders' certificates; without it none is
    asked for.
    region: of the devices, like `EU868`.
    """

    bind: str = "127.0.0.1:8091"
    path: Annotated[str, Meta(pattern=r"^(/[A-Za-z0-9._~-]+)+$")] = "/uplinks"
    token: str = ""
    cert_file: Path | None = None
    key_file: Path | None = None
    ca_file: Path | None = None
    region: str = "EU868"


class Network(Sourced, Inbound):
    """See gateway.networks.Network. It keeps no devices and no queue."""

    def __init__(self, settings: Settings) -> None:
        super().__init__("http", settings.region)
        self._door = _listener.Door(
            bind=settings.bind,
            path=settings.path,
            token=settings.token,
            tls=Tls(settings.ca_file, settings.cert_file, settings.key_file),
        )
        self.source = self.listener = _listener.Listener(self._door, self.parse)

    def parse(self, envelope: Envelope) -> Notice | None:
        """See gateway.networks.Network."""
        return _uplink.parse(envelope.body)

    async def check(self) -> list[str]:
        """See gateway.networks.Network."""
        return await check(self._door)

"""HTTP: whoever has an uplink posts it; for own and foreign devices, without downlinks.

A `POST` of one uplink as JSON is answered with 200 once it is stored. A sender that gets another
answer, or none, sends it again: a repetition is known by its `fcnt`.
"""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Annotated, Self

from msgspec import Meta, Struct

from gateway.errors import Refused
from gateway.model import REPORT_S, Device
from gateway.networks import _listener, _uplink
from gateway.networks._door_check import check
from gateway.networks._tls import Tls
from gateway.notices import Downlink, Envelope, Notice, Receipt

NO_DOWNLINKS = (
    "the network `http` only takes messages in: the caller reaches the device where its messages "
    "come from"
)


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


class Network:
    """See gateway.networks.Network. It keeps no devices and no queue."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._door = _listener.Door(
            bind=settings.bind,
            path=settings.path,
            token=settings.token,
            tls=Tls(settings.ca_file, settings.cert_file, settings.key_file),
        )
        self.listener = _listener.Listener(self._door, self.parse)

    async def __aenter__(self) -> Self:
        await self.listener.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.listener.__aexit__(*exc)

    def uplinks(self) -> AsyncIterator[Sequence[Envelope]]:
        """See gateway.networks.Network."""
        return self.listener.batches()

    def parse(self, envelope: Envelope) -> Notice | None:
        """See gateway.networks.Network."""
        return _uplink.parse(envelope.body)

    def pause(self) -> None:
        """See gateway.networks.Network."""
        self.listener.pause()

    def resume(self) -> None:
        """See gateway.networks.Network."""
        self.listener.resume()

    def most_bytes(self, device: Device, dr: int | None) -> int:  # noqa: ARG002 - of the protocol
        """See gateway.networks.Network."""
        return 0

    async def send(self, downlink: Downlink) -> Receipt:  # noqa: ARG002 - of the protocol
        """Raise Refused: there is no way to a device."""
        raise Refused(NO_DOWNLINKS)

    async def queued(self, dev_eui: str) -> dict[bytes, str]:  # noqa: ARG002 - of the protocol
        """Nothing ever waits."""
        return {}

    async def flush(self, dev_eui: str) -> None:
        """Nothing: see `queued`."""

    async def recall(self, dev_eui: str, queue_item_id: str) -> bool:  # noqa: ARG002 - of the protocol
        """There are none, as nothing is sent."""
        return False

    async def absent(self, dev_euis: Sequence[str]) -> set[str]:  # noqa: ARG002 - of the protocol
        """No device, as none is kept here that somebody could delete."""
        return set()

    async def region(self) -> str:
        """See gateway.networks.Network."""
        return self.settings.region

    async def register(self, device: Device, app_key: str, report_s: int = REPORT_S) -> None:
        """Nothing: the sender knows its devices."""

    async def unregister(self, dev_eui: str) -> None:
        """Nothing: see `register`."""

    def troubles(self) -> list[str]:
        """See gateway.networks.Network."""
        return self.listener.troubles()

    async def check(self) -> list[str]:
        """See gateway.networks.Network."""
        return await check(self._door)

"""What both ways to The Things Stack have in common: its devices and their queues, by its API."""

from collections.abc import Sequence
from typing import Protocol

from gateway.model import REPORT_S, Device
from gateway.networks._tts_api import Api
from gateway.regions import most_bytes

ID = r"^[a-z0-9](?:[-]?[a-z0-9]){1,35}$"
"""An id of The Things Stack's."""


class Keys(Protocol):
    """The settings that are looked at here; see those of `tts_webhook`."""

    @property
    def region(self) -> str: ...

    @property
    def downlink_bytes(self) -> int | None: ...


class Devices:
    """The part of gateway.networks.Network that needs no messages."""

    def __init__(self, settings: Keys, api: Api) -> None:
        self._keys = settings
        self._api = api

    def most_bytes(self, device: Device, dr: int | None) -> int:
        """See gateway.networks.Network."""
        of = self._keys
        return of.downlink_bytes or most_bytes(of.region, device.device_class, dr)

    async def queued(self, dev_eui: str) -> dict[bytes, str]:
        """See gateway.networks.Network."""
        return await self._api.queued(dev_eui)

    async def flush(self, dev_eui: str) -> None:
        """See gateway.networks.Network."""
        await self._api.flush(dev_eui)

    async def recall(self, dev_eui: str, queue_item_id: str) -> bool:  # noqa: ARG002 - of the protocol
        """There are none: The Things Stack keeps no events of downlinks."""
        return False

    async def absent(self, dev_euis: Sequence[str]) -> set[str]:
        """See gateway.networks.Network."""
        return set(dev_euis) - set(await self._api.device_ids())

    async def region(self) -> str:
        """See gateway.networks.Network."""
        return self._keys.region

    async def register(self, device: Device, app_key: str, report_s: int = REPORT_S) -> None:  # noqa: ARG002 - of the protocol
        """See gateway.networks.Network."""
        await self._api.register(device, app_key)

    async def unregister(self, dev_eui: str) -> None:
        """See gateway.networks.Network."""
        await self._api.unregister(dev_eui)

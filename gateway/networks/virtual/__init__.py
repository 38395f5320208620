"""A network server in this process: for tests, and for a gateway without one."""

from collections.abc import Sequence
from typing import Self

from msgspec import Struct

from gateway.errors import GatewayError, Unknown, Unsure
from gateway.model import REPORT_S, Device
from gateway.networks.virtual.messages import Messages
from gateway.notices import Downlink, Receipt
from gateway.regions import most_bytes


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """Keys of `[network]` with `kind = "virtual"`.

    region: gives the largest downlink at each data rate.  downlink_bytes: the largest downlink at
    any data rate; else by the region.
    """

    region: str = "EU868"
    downlink_bytes: int | None = None


class Network(Messages):
    """See gateway.networks.Network.

    intervals_s: {dev_eui: how often it reports}.  sent: every Downlink accepted.
    queue: {queue_item_id: Downlink} not yet transmitted.
    failures: raised by the next calls of `send`, one each; with Unsure the frame is accepted
    nevertheless.  away: raised by every call.  deleted: DevEUIs of devices that were removed.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        super().__init__()
        settings = settings or Settings()
        self.settings = settings
        self.downlink_bytes = settings.downlink_bytes
        self.devices: dict[str, tuple[Device, str]] = {}
        self.intervals_s: dict[str, int] = {}
        self.sent: list[Downlink] = []
        self.queue: dict[str, Downlink] = {}
        self.failures: list[GatewayError] = []
        self.away: GatewayError | None = None
        self.deleted: set[str] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.reconnect()

    def most_bytes(self, device: Device, dr: int | None) -> int:
        """See gateway.networks.Network."""
        return self.downlink_bytes or most_bytes(self.settings.region, device.device_class, dr)

    async def send(self, downlink: Downlink) -> Receipt:
        """See gateway.networks.Network."""
        self._answer()
        if downlink.dev_eui in self.deleted:
            raise Unknown(f"the virtual network has no device {downlink.dev_eui}")
        if not self.failures:
            return Receipt(self.enqueue(downlink))
        failure = self.failures.pop(0)
        if isinstance(failure, Unsure):  # accepted, but the reply is lost
            self.enqueue(downlink)
        raise failure

    def enqueue(self, downlink: Downlink) -> str:
        """Accept a frame into the queue; returns its queue_item_id."""
        if downlink.flush:
            self._drop(downlink.dev_eui)
        item = f"item-{len(self.sent)}"
        self.sent.append(downlink)
        self.queue[item] = downlink
        return item

    async def queued(self, dev_eui: str) -> dict[bytes, str]:
        """See gateway.networks.Network."""
        self._answer()
        return {one.data: item for item, one in self.queue.items() if one.dev_eui == dev_eui}

    async def flush(self, dev_eui: str) -> None:
        """See gateway.networks.Network."""
        self._answer()
        self._drop(dev_eui)

    def _drop(self, dev_eui: str) -> None:
        self.queue = {item: one for item, one in self.queue.items() if one.dev_eui != dev_eui}

    async def recall(self, dev_eui: str, queue_item_id: str) -> bool:
        """See gateway.networks.Network."""
        found = [] if self.away else self.about(dev_eui, queue_item_id)
        for notice in found:
            self.give(notice)
        return bool(found)

    async def region(self) -> str:
        """See gateway.networks.Network."""
        self._answer()
        return self.settings.region

    async def register(self, device: Device, app_key: str, report_s: int = REPORT_S) -> None:
        """See gateway.networks.Network."""
        self._answer()
        self.devices[device.dev_eui] = (device, app_key)
        self.deleted.discard(device.dev_eui)
        self.intervals_s[device.dev_eui] = report_s

    async def unregister(self, dev_eui: str) -> None:
        """See gateway.networks.Network."""
        self._answer()
        self.devices.pop(dev_eui, None)
        self._drop(dev_eui)
        self.deleted.add(dev_eui)

    async def absent(self, dev_euis: Sequence[str]) -> set[str]:
        """See gateway.networks.Network."""
        self._answer()
        return self.deleted.intersection(dev_euis)

    async def check(self) -> list[str]:
        """See gateway.networks.Network."""
        self._answer()
        return ["the virtual network is here"]

    def troubles(self) -> list[str]:
        """See gateway.networks.Network."""
        return [str(self.away)] if self.away else []

    def _answer(self) -> None:
        if self.away:
            raise self.away

"""What the networks have in common that only take messages in: no devices, no queue."""

from collections.abc import Sequence

from gateway.errors import Refused
from gateway.model import REPORT_S, Device
from gateway.notices import Downlink, Receipt


class Inbound:
    """The part of gateway.networks.Network that concerns devices and downlinks.

    kind: of the network, as the configuration names it.
    """

    def __init__(self, kind: str, region: str) -> None:
        self._kind = kind
        self._region = region

    def most_bytes(self, device: Device, dr: int | None) -> int:  # noqa: ARG002 - of the protocol
        """See gateway.networks.Network."""
        return 0

    async def send(self, downlink: Downlink) -> Receipt:  # noqa: ARG002 - of the protocol
        """Raise Refused: there is no way to a device."""
        raise Refused(
            f"the network `{self._kind}` only takes messages in: the caller reaches the device "
            "where its messages come from"
        )

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
        return self._region

    async def register(self, device: Device, app_key: str, report_s: int = REPORT_S) -> None:
        """Nothing: the sender knows its devices."""

    async def unregister(self, dev_eui: str) -> None:
        """Nothing: see `register`."""

"""Where events go: `webhook`; each kind of sink has a `Sink` whose `deliver` is one attempt.

The extension point is the protocol below; what all sinks must do is in tests/contract.
"""

from typing import Protocol

from gateway.errors import Refused
from gateway.model import Delivery, Endpoint


class Gone(Refused):
    """The endpoint is gone for good and is switched off; its owner registers a new one."""


class Sink(Protocol):
    """One way out."""

    async def deliver(self, endpoint: Endpoint, delivery: Delivery) -> None:
        """One attempt. Returns when the event was taken; raises Retry, Refused or Gone."""
        ...

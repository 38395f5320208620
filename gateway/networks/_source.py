"""What the networks have in common whose messages all come from one place."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol, Self

from gateway.notices import Envelope


class Source(Protocol):
    """Where messages come from: a context manager, see `_listener` and `_subscription`."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *exc: object) -> None: ...

    def batches(self) -> AsyncIterator[Sequence[Envelope]]: ...

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    def troubles(self) -> list[str]: ...


class Sourced:
    """The part of gateway.networks.Network that is its source's. The network sets `source`."""

    source: Source

    async def __aenter__(self) -> Self:
        await self.source.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.source.__aexit__(*exc)

    def uplinks(self) -> AsyncIterator[Sequence[Envelope]]:
        """See gateway.networks.Network."""
        return self.source.batches()

    def pause(self) -> None:
        """See gateway.networks.Network."""
        self.source.pause()

    def resume(self) -> None:
        """See gateway.networks.Network."""
        self.source.resume()

    def troubles(self) -> list[str]:
        """See gateway.networks.Network."""
        return self.source.troubles()

"""The loop of whatever falls due in the store, and the rule of two persons for what waits."""

import asyncio
import contextlib
from abc import ABC, abstractmethod

from gateway.clock import Clock, wall_ms
from gateway.errors import Refused, Retry
from gateway.networks import Network
from gateway.plans import Bulk, Schedule
from gateway.settings import CommandSettings
from gateway.store import Store

POLL_S = 1.0


class Due(ABC):
    """Carries out what is due, once a second."""

    def __init__(
        self, store: Store, network: Network, settings: CommandSettings, clock: Clock = wall_ms
    ) -> None:
        self.store = store
        self.network = network
        self.settings = settings
        self.clock = clock

    async def run(self) -> None:
        """Until cancelled. Raises Broken."""
        while True:
            with contextlib.suppress(Retry):  # the store's troubles say that it takes nothing
                await self.step()
            await asyncio.sleep(POLL_S)

    @abstractmethod
    async def step(self) -> None:
        """Carry out what is due now."""


def approvable(plan: Bulk | Schedule, by: str, now_ms: int, *, made: str) -> None:
    """Raise Refused where this person may not approve it: it is over, or one's own.

    made: what its author did, as `asked for`.
    """
    called = f"{type(plan).__name__.lower()} {plan.id}"
    if plan.state != "waiting" or now_ms >= plan.approve_until_ms:
        late = "expired" if plan.state == "waiting" else plan.state
        raise Refused(f"{called} waits for no approval, it is {late}")
    if by == plan.who:
        raise Refused(f"{by} {made} {called}: another person approves it")

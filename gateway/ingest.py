"""From the network server's messages to the store: parse, commit, then acknowledge.

The messages that arrived together are kept by one change; when one of them makes it fail, each is
kept by itself. A message is acknowledged only after the commit, in the order of receipt, on the
connection on which it came. What cannot be read is kept whole in quarantine and acknowledged too:
delivered again it would be no different. What the store cannot take is not acknowledged.
"""

import asyncio
from collections.abc import Callable, Sequence

from msgspec import Struct

from gateway.backoff import delay_s
from gateway.clock import Clock, wall_ms
from gateway.errors import Broken, Lost, Retry
from gateway.intake import NOBODY, Context, quarantine, settle, take
from gateway.networks import Network
from gateway.notices import Envelope, Notice
from gateway.seen.gaps import SETTLE_MS
from gateway.settings import CommandSettings
from gateway.store import Store, Transaction

FOREIGN = "the operator looks at what publishes to the network server's topics"
FAULT = "the gateway failed at it; the operator reports this"
LEAVE_S = 5.0
"""The store takes nothing for this long: leave the broker, which can keep more than we can."""


class _Read(Struct, frozen=True):
    """A message and what it says; or the reason why it cannot be read, and whose it may be."""

    envelope: Envelope
    notice: Notice | None
    reason: str = ""
    of: str = ""

    @property
    def dev_eui(self) -> str:
        """Whose gaps and floods it may leave unsettled."""
        return self.notice.dev_eui if self.notice else NOBODY

    def keep(self, tx: Transaction, context: Context, now_ms: int) -> bool | None:
        """Keep it; as `intake.take` returns."""
        if self.notice:
            return take(tx, context, self.envelope, self.notice, now_ms)
        quarantine(tx, self.envelope, self.reason, self.of, now_ms)
        return True


class Ingest:
    """Takes what the network gives and acknowledges it once it is kept.

    passed: messages that concern nothing here, as those of other applications' devices.
    """

    def __init__(
        self, store: Store, network: Network, settings: CommandSettings, clock: Clock = wall_ms
    ) -> None:
        self.store = store
        self.network = network
        self.clock = clock
        self.context = Context(network.most_bytes, settings)
        self.passed = 0
        self._unsettled = {NOBODY}  # what waited when the process ended

    async def run(self) -> None:
        """Take batches until cancelled. Raises Broken."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._settle_forever())
            async for batch in self.network.uplinks():
                await self.commit(batch)

    async def commit(self, batch: Sequence[Envelope]) -> None:
        """Keep a batch, however long it takes, then acknowledge it. Raises Broken."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        failures = 0
        left = False
        waiting = list(batch)
        while waiting := await self._keep_all(waiting):
            failures += 1
            if not left and loop.time() - began > LEAVE_S:
                self.network.pause()
                left = True
            await asyncio.sleep(delay_s(failures, 0.05, 5))
        if left:
            self.network.resume()
        for envelope in batch:
            envelope.acknowledge()

    async def _keep_all(self, batch: list[Envelope]) -> list[Envelope]:
        """Keep what can be kept now, all in one change; returns what could not."""
        read = [self._read(envelope) for envelope in batch]
        try:
            await self._keep(read)
        except Retry:
            return batch
        except Broken:
            raise
        except Exception:  # noqa: BLE001 - one of them; the others are kept without it
            return [one.envelope for one in read if not await self._keep_alone(one)]
        return []

    def _read(self, envelope: Envelope) -> _Read:
        try:
            return _Read(envelope, self.network.parse(envelope))
        except Lost as error:
            reason = f"{error}; {FOREIGN}"
            return _Read(envelope, None, reason, error.details.get("dev_eui", ""))

    async def _keep(self, read: Sequence[_Read]) -> None:
        now_ms = self.clock()
        wanted = [one for one in read if one.notice or one.reason]
        context = self.context

        def keep(tx: Transaction) -> list[bool | None]:
            return [one.keep(tx, context, now_ms) for one in wanted]

        found = await self.store.write(keep) if wanted else []
        self.passed += len(read) - len(wanted) + found.count(None)
        self._unsettled.update(
            one.dev_eui for one, unsettled in zip(wanted, found, strict=True) if unsettled
        )

    async def _keep_alone(self, read: _Read) -> bool:
        """Keep a message by itself; one at which the gateway fails, in quarantine."""
        try:
            await self._keep([read])
        except Retry:
            return False
        except Broken:
            raise
        except Exception as error:  # noqa: BLE001 - a fault of ours must not stop ingest or lose a frame
            reason = f"{FAULT} ({type(error).__name__}: {error})"
            dev_eui = read.notice.dev_eui if read.notice else read.of
            try:
                await self._keep([_Read(read.envelope, None, reason, dev_eui)])
            except Retry:
                return False
        return True

    async def _settle_forever(self) -> None:
        """Report gaps that did not close, also when the device sends nothing more."""
        while True:
            await asyncio.sleep(SETTLE_MS / 1000)
            await self.settle_once()

    async def settle_once(self) -> None:
        """Report the gaps and floods that have had their time."""
        for dev_eui in sorted(self._unsettled):
            try:
                if not await self.store.write(self._settling(dev_eui)):
                    self._unsettled.discard(dev_eui)
            except Retry:
                continue  # it is in the store; the next round tries again

    def _settling(self, dev_eui: str) -> Callable[[Transaction], bool]:
        now_ms = self.clock()
        return lambda tx: settle(tx, self.context, dev_eui, now_ms)

"""From the network server's messages to the store: parse, commit, then acknowledge.

A message is acknowledged only after the commit, in the order of receipt, on the connection on
which it came. What cannot be read is kept whole in quarantine and acknowledged too: delivered
again it would be no different. What the store cannot take is not acknowledged.
"""

import asyncio
from collections.abc import Callable, Sequence

from gateway.backoff import delay_s
from gateway.clock import Clock, wall_ms
from gateway.errors import Broken, Lost, Retry
from gateway.intake import NOBODY, Context, quarantine, settle, take
from gateway.networks import Network
from gateway.notices import Envelope
from gateway.seen.gaps import SETTLE_MS
from gateway.settings import CommandSettings
from gateway.store import Store, Transaction

FOREIGN = "the operator looks at what publishes to the network server's topics"
FAULT = "the gateway failed at it; the operator reports this"
LEAVE_S = 5.0
"""The store takes nothing for this long: leave the broker, which can keep more than we can."""


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
        """Keep what can be kept now; returns what could not."""
        results = await asyncio.gather(*map(self._keep, batch), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException) and not isinstance(result, Retry):
                raise result
        return [one for one, result in zip(batch, results, strict=True) if result is not None]

    async def _keep(self, envelope: Envelope) -> None:
        now_ms = self.clock()
        try:
            notice = self.network.parse(envelope)
        except Lost as error:
            reason = f"{error}; {FOREIGN}"
            await self._quarantine(envelope, reason, error.details.get("dev_eui", ""))
            return
        if notice is None:
            self.passed += 1
            return
        try:
            unsettled = await self.store.write(
                lambda tx: take(tx, self.context, envelope, notice, now_ms)
            )
        except (Retry, Broken):
            raise
        except Exception as error:  # noqa: BLE001 - a fault of ours must not stop ingest or lose a frame
            reason = f"{FAULT} ({type(error).__name__}: {error})"
            await self._quarantine(envelope, reason, notice.dev_eui)
            return
        if unsettled is None:
            self.passed += 1
        if unsettled:
            self._unsettled.add(notice.dev_eui)

    async def _quarantine(self, envelope: Envelope, reason: str, dev_eui: str) -> None:
        now_ms = self.clock()
        await self.store.write(lambda tx: quarantine(tx, envelope, reason, dev_eui, now_ms))
        self._unsettled.add(NOBODY)

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

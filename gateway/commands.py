"""Submits commands to the network server and follows each until it has ended.

The steps of a command are in gateway/lifecycle.py; here is the loop that takes them.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

from gateway import absences, asking
from gateway.backoff import delay_s
from gateway.blast_radius import alone
from gateway.clock import Clock, wall_ms
from gateway.devices import encode
from gateway.errors import Refused, Retry, Unknown, Unsure
from gateway.events import event_type
from gateway.expiry import default_s
from gateway.lifecycle import (
    LOOK_MS,
    TOO_LATE_TO_CANCEL,
    end,
    end_late,
    end_withdrawn,
    give_up,
    last_chance_ms,
    postpone,
    repeat,
    submitting,
    transmitted,
    wait,
    withdrawn,
)
from gateway.model import Command
from gateway.networks import Network
from gateway.notices import Downlink
from gateway.outcomes import enqueued
from gateway.settings import CommandSettings
from gateway.store import Appended, Store, Transaction

POLL_S = 1.0
"""Another process (the CLI) may queue commands too, and time passes."""
RECALL_MS = 5_000
"""Notices that the network server gives again are taken in within this time."""
CHANGED = event_type("command")


class Commands:
    """Submits commands to the network server and follows each until it has ended.

    Restarted after a crash it finds every open command in the store: one that was being submitted
    becomes `unknown`, and the network server's queue is read before it is submitted again.

    pause(seconds): between attempts while the store or the network server fails.
    """

    def __init__(
        self,
        store: Store,
        network: Network,
        settings: CommandSettings,
        clock: Clock = wall_ms,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.store = store
        self.network = network
        self.settings = settings
        self.clock = clock
        self._pause = pause
        self._wake = asyncio.Event()
        self._failures = 0
        store.on_commit(self._committed)

    async def request(
        self,
        dev_eui: str,
        name: str,
        values: dict[str, int],
        expires_in_s: float | None = None,
        key: str = "",
    ) -> Command:
        """Keep a command; see gateway.asking.ask.

        expires_in_s: None takes one that fits the device.
        """
        now_ms = self.clock()
        room = self.network.most_bytes

        def change(tx: Transaction) -> Command:
            wait_s = self.settings.expires_in_s if expires_in_s is None else expires_in_s
            device = tx.device(dev_eui)
            if device and expires_in_s is None:
                wait_s = default_s(tx, device, wait_s)
            own: dict[str, Any] = {"expires_in_s": wait_s, "room": room, "key": key}
            own["limits"] = alone(self.settings.limits)
            return asking.ask(tx, dev_eui, name, values, now_ms=now_ms, **own)

        return await self.store.write(change)

    async def cancel(self, command_id: str) -> Command:
        """See gateway.asking.cancel."""
        return await self.store.write(lambda tx: asking.cancel(tx, command_id, self.clock()))

    async def run(self) -> None:
        """Submit and follow commands until cancelled. Raises Broken."""
        while True:
            self._wake.clear()
            try:
                await self.step()
                self._failures = 0
            except Retry:
                self._failures += 1
                await self._pause(delay_s(self._failures, 0.2, 10))
            # not wait_for: on Python 3.11 it may swallow a cancellation
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_S):
                    await self._wake.wait()

    def _committed(self, events: Sequence[Appended]) -> None:
        """Look at once where a command changed: a look costs as much as a small commit."""
        if any(one.type == CHANGED for one in events):
            self._wake.set()

    async def step(self) -> None:
        """Do what is due now: devices concurrently, one device's commands in sequence."""
        now_ms = self.clock()
        due = await self.store.read(lambda view: view.due_commands(now_ms))
        of_device: dict[str, list[Command]] = defaultdict(list)
        for command in due:
            of_device[command.dev_eui].append(command)
        carried = (self._carry_all(commands) for commands in of_device.values())
        # Wait for all of them, also when one failed: none may run beside the next step.
        for failure in await asyncio.gather(*carried, return_exceptions=True):
            if failure:
                raise failure

    async def _carry_all(self, commands: list[Command]) -> None:
        for command in sorted(commands, key=lambda one: one.created_at_ms):
            try:
                await self._carry(command)
            except Unknown as error:
                await self._deleted(command, str(error))
            except Retry as error:
                await self._later(command, error.after_s)

    async def _carry(self, command: Command) -> None:
        now_ms = self.clock()
        if command.submitted:
            why = "the gateway ended while it was being submitted"
            await self.store.write(lambda tx: repeat(tx, command, why, now_ms))
        elif now_ms >= (last_ms := last_chance_ms(command, self.settings)):
            await self._end_late(command, now_ms)
        elif now_ms >= command.expires_at_ms:
            await self.store.write(lambda tx: wait(tx, command, now_ms, last_ms - now_ms))
        elif command.cancel and not transmitted(command):
            await self._cancel(command)
        elif command.queue_item_id:
            await self._look_after(command, now_ms)
        else:
            await self._queue(command)

    async def _end_late(self, command: Command, now_ms: int) -> None:
        """End a command whose time is over, by what the network server's queue shows."""
        waits = False
        if command.queue_item_id and command.state == "queued":
            with suppress(Retry):  # it does not say: then nobody knows
                waits = await self._waits(command)
        await self.store.write(lambda tx: end_late(tx, command, now_ms, waits=waits))

    async def _waits(self, command: Command) -> bool:
        """Whether the network server has its frame in the queue. Raises Unknown, Retry."""
        return command.queue_item_id in (await self.network.queued(command.dev_eui)).values()

    async def _cancel(self, command: Command) -> None:
        """Take it from the network server's queue; then end it, unless it was under way."""
        if command.cancel == "withdrawn":
            await self.store.write(lambda tx: end_withdrawn(tx, command, self.clock()))
            return
        waiting = await self.network.queued(command.dev_eui)
        here = command.queue_item_id in waiting.values()
        with suppress(Refused):
            here |= (await self._frame(command))[1] in waiting
        await self.network.flush(command.dev_eui)
        await self.store.write(lambda tx: withdrawn(tx, command, self.clock(), here=here))

    async def _look_after(self, command: Command, now_ms: int) -> None:
        """No notice came about a submission for a while: read the queue, or submit again."""
        if command.state == "queued":
            if await self._waits(command):
                await self.store.write(lambda tx: wait(tx, command, now_ms, LOOK_MS))
                return
            if await self.network.recall(command.dev_eui, command.queue_item_id):
                await self.store.write(lambda tx: wait(tx, command, now_ms, RECALL_MS))
                return
            why = "it is not in the network server's queue, and no notice says that it was sent"
        else:
            why = "the device did not report"
        await self.store.write(lambda tx: repeat(tx, command, why, now_ms))

    async def _queue(self, command: Command) -> None:
        """Put a command into the network server's queue, unless it is there already."""
        if command.cancel:  # it was transmitted before the flush
            why = TOO_LATE_TO_CANCEL
            await self.store.write(lambda tx: end(tx, command, "unknown", why, self.clock()))
            return
        try:
            fport, data = await self._frame(command)
        except Refused as error:
            why = str(error)
            await self.store.write(lambda tx: give_up(tx, command, why, self.clock()))
            return
        if await self._is_queued(command, data):
            return
        if command.attempts >= self.settings.attempts:
            why = f"{command.history[-1].note}, after {command.attempts} attempts"
            await self.store.write(lambda tx: give_up(tx, command, why, self.clock()))
            return
        flush = await self._is_stale(command)
        if await self.store.write(lambda tx: submitting(tx, command, self.clock())):
            await self._submit(command, fport, data, flush=flush)

    async def _frame(self, command: Command) -> tuple[int, bytes]:
        """(FPort, bytes). Raises Refused where the device or its decoder is no longer there."""
        device = await self.store.read(lambda view: view.device(command.dev_eui))
        if device is None:
            raise Refused("the device was removed; the caller adds it and asks again")
        return encode(device, command)

    async def _is_queued(self, command: Command, data: bytes) -> bool:
        """Whether an earlier submission whose reply was lost is in the network server's queue."""
        if not any(step.what == "submitted" for step in command.history):
            return False
        item = (await self.network.queued(command.dev_eui)).get(data)
        if item:
            await self.store.write(
                lambda tx: enqueued(
                    tx,
                    command,
                    item,
                    self.clock(),
                    settings=self.settings,
                    flush=command.replaces,
                    found=True,
                )
            )
        return item is not None

    async def _is_stale(self, command: Command) -> bool:
        """Whether the network server's queue holds what no open command put there.

        Looked at only for a command that superseded one which was submitted. Raises Retry.
        """
        if not command.replaces:
            return False
        queued = await self.network.queued(command.dev_eui)
        wanted = await self.store.read(lambda view: view.open_commands(command.dev_eui))
        return not set(queued.values()) <= {one.queue_item_id for one in wanted}

    async def _submit(self, command: Command, fport: int, data: bytes, *, flush: bool) -> None:
        now = self.clock
        downlink = Downlink(
            dev_eui=command.dev_eui,
            fport=fport,
            data=data,
            confirmed=self.settings.confirmed,
            expires_at_ms=command.expires_at_ms,
            flush=flush,
        )
        try:
            receipt = await self.network.send(downlink)
        except Unknown:
            raise
        except Refused as error:
            why = str(error)
            await self.store.write(lambda tx: give_up(tx, command, why, now()))
        except Unsure as error:
            why = str(error)
            await self.store.write(lambda tx: repeat(tx, command, why, now()))
        except Retry as error:
            why = str(error)
            after_s = error.after_s or delay_s(len(command.history), 1, 60)
            await self.store.write(
                lambda tx: postpone(tx, command, why, now(), int(after_s * 1000))
            )
        else:
            item = receipt.queue_item_id
            own: dict[str, Any] = {"settings": self.settings, "flush": flush}
            await self.store.write(lambda tx: enqueued(tx, command, item, now(), **own))

    async def _deleted(self, command: Command, said: str) -> None:
        """The network server does not have the device: nothing can be sent to it."""
        now_ms = self.clock()

        def change(tx: Transaction) -> None:
            device = tx.device(command.dev_eui)
            why = absences.note(tx, device, now_ms, said) if device else said
            give_up(tx, command, why, now_ms)

        await self.store.write(change)

    async def _later(self, command: Command, after_s: float | None) -> None:
        wait_ms = int((after_s or delay_s(len(command.history), 1, 60)) * 1000)
        await self.store.write(lambda tx: wait(tx, command, self.clock(), wait_ms))

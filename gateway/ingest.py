"""From the network server's word to events in the store: parse, tell apart, decode, commit.

Only after the commit is a message acknowledged, in the order of receipt, on the connection it came
on. What cannot be read is kept whole in quarantine and acknowledged too: it would not get better
by coming again. What the store cannot take is not acknowledged.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from wire.codec import WireError

from gateway import lifecycle
from gateway.backoff import delay_s
from gateway.clock import Clock, rfc3339, wall_ms
from gateway.errors import Broken, Lost, Refused, Retry
from gateway.events import BootData, JoinedData, MissingData, QuarantinedData, ReadingData
from gateway.model import Device
from gateway.networks import Network
from gateway.normalise import decode, in_words, is_reading, record, start
from gateway.notices import Answered, Envelope, Joined, Notice, Transmitted, Trouble, Uplink
from gateway.seen import SETTLE_MS, WRAP, Seen, Signal
from gateway.settings import CommandSettings
from gateway.store import Store, Transaction

FOREIGN = "the operator looks at what publishes to the network server's topics"
MISMATCH = "the operator compares the device's firmware with the gateway's"
FAULT = "the gateway failed at it; the operator reports this"
LEAVE_S = 5.0
"""The store takes nothing for this long: leave the broker, which can keep more than we can."""
RESEND_MOST = 254
"""Readings one `resend` may ask for; see wire.schema."""
RESEND_EXPIRES_S = 86_400


class Context:
    """What `take` needs beside the transaction and the notice."""

    def __init__(self, network: Network, settings: CommandSettings) -> None:
        self.most_bytes = network.downlink_bytes
        self.settings = settings


class Ingest:
    """Takes what the network gives, for ever, and answers for it."""

    def __init__(
        self, store: Store, network: Network, settings: CommandSettings, clock: Clock = wall_ms
    ) -> None:
        self.store, self.network, self.clock = store, network, clock
        self.context = Context(network, settings)
        self._unsettled: set[str] = set()

    async def run(self) -> None:
        """Take batches until cancelled. Raises Broken."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._settle_forever())
            async for batch in self.network.uplinks():
                await self.commit(batch)

    async def commit(self, batch: Sequence[Envelope]) -> None:
        """Keep a batch, however long it takes, then acknowledge it. Raises Broken."""
        loop = asyncio.get_running_loop()
        began, failures, left = loop.time(), 0, False
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
            return
        try:
            unsettled = await self.store.write(
                lambda tx: take(tx, self.context, envelope, notice, now_ms)
            )
        except (Retry, Broken):
            raise
        except Exception as error:  # noqa: BLE001 - a fault of ours must not stop or lose a frame
            reason = f"{FAULT} ({type(error).__name__}: {error})"
            await self._quarantine(envelope, reason, notice.dev_eui)
            return
        if unsettled:
            self._unsettled.add(notice.dev_eui)

    async def _quarantine(self, envelope: Envelope, reason: str, dev_eui: str) -> None:
        now_ms = self.clock()
        await self.store.write(lambda tx: quarantine(tx, envelope, reason, dev_eui, now_ms))

    async def _settle_forever(self) -> None:
        """Report holes that did not close, also when the device says nothing more."""
        while True:
            await asyncio.sleep(SETTLE_MS / 1000)
            for dev_eui in sorted(self._unsettled):
                try:
                    if not await self.store.write(self._settling(dev_eui)):
                        self._unsettled.discard(dev_eui)
                except Retry:
                    continue  # the hole is in the store; it is tried again in the next round

    def _settling(self, dev_eui: str) -> Callable[[Transaction], bool]:
        now_ms = self.clock()
        return lambda tx: settle(tx, self.context, dev_eui, now_ms)


def quarantine(
    tx: Transaction, envelope: Envelope, reason: str, dev_eui: str, now_ms: int
) -> None:
    """Keep a message whole, with the reason why it could not be read, and say so."""
    number = tx.quarantine(now_ms, dev_eui, envelope.topic, envelope.body, reason)
    size = len(envelope.body)
    data = QuarantinedData(id=number, dev_eui=dev_eui, reason=reason, size=size)
    tx.append("quarantined", dev_eui, now_ms, data)


def take(
    tx: Transaction, context: Context, envelope: Envelope, notice: Notice, now_ms: int
) -> bool:
    """Take one notice; one that was taken before changes nothing.

    Returns whether a hole in the device's readings waits to be reported.
    """
    device = tx.device(notice.dev_eui)
    if device is None:
        reason = f"no device has the DevEUI {notice.dev_eui}; add it with `lamplighter device add`"
        quarantine(tx, envelope, reason, notice.dev_eui, now_ms)
        return False
    taking = _Taking(tx, context, device, now_ms)
    if not taking.seen.admits(notice):
        return taking.seen.unsettled
    match notice:
        case Uplink():
            taking.uplink(notice, envelope)
        case Joined():
            taking.joined(notice)
        case _:
            taking.word(notice)
    return taking.finish()


def settle(tx: Transaction, context: Context, dev_eui: str, now_ms: int) -> bool:
    """Report the holes that have had their time; returns whether some still wait."""
    device = tx.device(dev_eui)
    return device is not None and _Taking(tx, context, device, now_ms).finish()


class _Taking:
    """One notice of one registered device, inside a transaction."""

    def __init__(self, tx: Transaction, context: Context, device: Device, now_ms: int) -> None:
        self.tx, self.context, self.device, self.now_ms = tx, context, device, now_ms
        self.dev_eui = device.dev_eui
        self.seen = Seen.load(tx.seen(device.dev_eui))

    def finish(self) -> bool:
        """Report ripe holes, write down what was seen; returns whether holes still wait."""
        self._report_holes()
        self.tx.put_seen(self.dev_eui, self.seen.dump())
        return self.seen.unsettled

    def joined(self, joined: Joined) -> None:
        data = JoinedData(dev_eui=self.dev_eui, device=self.device.name, dev_addr=joined.dev_addr)
        self.tx.append("joined", self.dev_eui, joined.at_ms, data)

    def word(self, notice: Notice) -> None:
        """A word of the network server about a downlink."""
        match notice:
            case Transmitted():
                signal = Signal(notice.queue_item_id, "transmitted")
            case Answered():
                what = "acknowledged" if notice.acknowledged else "unacknowledged"
                signal = Signal(notice.queue_item_id, what)
            case Trouble() if notice.dropped and notice.queue_item_id:
                note = f"{notice.code}: {notice.description}"
                signal = Signal(notice.queue_item_id, "dropped", note)
            case _:
                return
        settings = self.context.settings
        lifecycle.heard(
            self.tx, self.seen, self.dev_eui, signal, now_ms=self.now_ms, settings=settings
        )

    def uplink(self, uplink: Uplink, envelope: Envelope) -> None:
        if not uplink.fport or not uplink.data:  # the radio's own business
            return
        try:
            name, records = decode(uplink.fport, uplink.data)
        except WireError as error:
            reason = f"frame {uplink.fcnt}: {error}; {MISMATCH}"
            quarantine(self.tx, envelope, reason, self.dev_eui, self.now_ms)
            return
        for fields in reversed(records):  # oldest first
            if is_reading(name):
                self._reading(uplink, fields)
            elif name == "boot":
                self._boot(uplink, fields)
            elif name == "applied":
                lifecycle.reported(self.tx, self.dev_eui, fields, self.now_ms)

    def _reading(self, uplink: Uplink, fields: dict[str, Any]) -> None:
        one = record(fields)
        if not self.seen.admits_reading(one.seq, one.age_s, uplink.at_ms, self.now_ms):
            return
        observed_ms = uplink.at_ms - 1000 * (one.age_s or 0)
        data = ReadingData(
            dev_eui=self.dev_eui,
            device=self.device.name,
            profile=self.device.profile,
            seq=one.seq,
            observed_at=rfc3339(observed_ms),
            received_at=rfc3339(uplink.at_ms),
            values=one.values,
            link=uplink.link,
        )
        self.tx.append("reading", self.dev_eui, uplink.at_ms, data)
        self.tx.put_latest(self.dev_eui, one.seq, data.observed_at, one.values)

    def _boot(self, uplink: Uplink, fields: dict[str, Any]) -> None:
        if not self.seen.admits_boot(uplink):
            return
        values, at = start(fields), rfc3339(uplink.at_ms)
        wiped = in_words(fields)["cause"] == "wiped"
        self.seen.restarts(fields["first_seq"], fields["next_seq"], uplink.at_ms, wiped=wiped)
        data = BootData(
            dev_eui=self.dev_eui,
            device=self.device.name,
            received_at=at,
            values=values,
            link=uplink.link,
        )
        self.tx.append("boot", self.dev_eui, uplink.at_ms, data)
        self.tx.put_latest(self.dev_eui, fields["next_seq"], at, values)

    def _report_holes(self) -> None:
        """Name the readings that did not come, and ask the device for them, once."""
        for first, last in self.seen.settled(self.now_ms):
            count = last - first + 1
            numbers = {"first_seq": first % WRAP, "last_seq": last % WRAP, "count": count}
            data = MissingData(dev_eui=self.dev_eui, **numbers)
            self.tx.append("missing", self.dev_eui, self.now_ms, data)
            asked = min(count, RESEND_MOST)  # the newest of them
            with suppress(Refused):  # a data rate so slow carries no command at all
                lifecycle.ask(
                    self.tx,
                    self.dev_eui,
                    "resend",
                    {"first": (last - asked + 1) % WRAP, "count": asked},
                    now_ms=self.now_ms,
                    expires_in_s=RESEND_EXPIRES_S,
                    most_bytes=self.context.most_bytes,
                )

"""The outbox: every event to every matching endpoint, at least once, in order per device.

One task per endpoint, so that a hanging or dead one never delays another; inside an endpoint one
attempt per device at a time, so that a device's events arrive in order. The store decides what is
delivered: a process killed after an endpoint took an event and before the mark was committed sends
the same bytes again.

Each endpoint has a width, the limit of concurrent attempts: a failure halves it, a success adds
one. So an endpoint that fails is probed by one request, not by many.

A deliverer that has the store to itself keeps the next events in memory, see gateway.line: a
commit of this process brings them; the store is read at the start, where memory is full and where
another process wrote, which is looked for every poll_s. Several deliverers at one store are
workers: each claims what it sends, for a lease; when that ends, another may take over, and a mark
that comes too late changes nothing. The endpoint may then get an event twice, as after a crash.
"""

import asyncio
import contextlib
import random
import time
from collections.abc import Callable, Sequence

import msgspec
import structlog
from msgspec.structs import replace

from gateway import webhooks
from gateway.clock import Clock, wall_ms
from gateway.errors import GatewayError, Refused, Retry
from gateway.line import READ_EACH, Line, Queue, counted, widest
from gateway.marks import PATIENCE_S, Marks, T, patiently
from gateway.model import Attempt, Delivery, Waiting
from gateway.schedule import REFUSED, Schedule
from gateway.sinks import Gone, Outlet
from gateway.store import Appended, Store, Transaction, View

POLL_S = 0.5
"""How often rows that another process (the CLI) wrote, or that became due, are looked for, s."""
STEP_MS = 5_000
"""A clock that is set back by less only makes what waits so much later."""
HASTEN_EVERY_MS = 60_000
"""How often a worker makes what waits due, which counts as an attempt there."""

log = structlog.get_logger("gateway.delivery")


class Worker(msgspec.Struct, frozen=True):
    """One of several deliverers at a store.

    name: unique among those that run.  lease_s: how long what it claims is its own; longer than an
    attempt may take, as long as a crash may delay what was claimed.
    """

    name: str
    lease_s: float


class _Served:
    """A Line and what serves it. version: of the store's rows that it was read from."""

    def __init__(self, line: Line, version: int) -> None:
        self.line = line
        self.version = version
        self.read_again = True
        self.gone = False
        self.wake = asyncio.Event()
        self.hasten_from_ms = 0
        self.task: asyncio.Task[None]


class Deliverer:
    """Empties the outbox until cancelled.

    parallel: devices of one endpoint served at a time.  draw: 0..1, the jitter.
    poll_s: how often changes of other processes and due retries are looked for.
    patience_s: see gateway.marks.  worker: None when no other deliverer uses the store.
    """

    def __init__(
        self,
        store: Store,
        sink: Outlet,
        *,
        schedule: Schedule,
        clock: Clock = wall_ms,
        parallel: int = 8,
        draw: Callable[[], float] = random.random,
        poll_s: float = POLL_S,
        patience_s: float = PATIENCE_S,
        worker: Worker | None = None,
    ) -> None:
        self._store = store
        self._sink = sink
        self._clock = clock
        self._schedule = schedule
        self._parallel = parallel
        self._draw = draw
        self._poll_s = poll_s
        self._worker = worker
        self._marks = Marks(store, patience_s)
        self._served: dict[str, _Served] = {}
        self._changed = asyncio.Event()
        self._set_back_ms = 0  # in all

    async def run(self) -> None:
        """Serve every enabled endpoint, those added later too; ends only by cancellation."""
        self._store.on_commit(self._committed)
        self._store.on_endpoints(self._changed.set)
        ahead_ms = self._ahead_ms()
        try:
            async with asyncio.TaskGroup() as group:
                while True:
                    self._changed.clear()
                    ahead_ms = self._follow_clock(ahead_ms)
                    await self._follow(group)
                    for served in self._served.values():
                        served.wake.set()
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(self._poll_s):
                            await self._changed.wait()
        finally:
            await self._marks.close()

    def _ahead_ms(self) -> int:
        """The clock against the one that nobody sets."""
        return self._clock() - int(asyncio.get_running_loop().time() * 1000)

    def _follow_clock(self, before_ms: int) -> int:
        """Nothing waits longer for a clock that was set back; ahead, what waits is due earlier."""
        ahead_ms = self._ahead_ms()
        if before_ms - ahead_ms >= STEP_MS:
            log.warning("the clock was set back", by_s=(before_ms - ahead_ms) // 1000)
            self._set_back_ms += before_ms - ahead_ms
            for served in self._served.values():
                served.line.set_back(before_ms - ahead_ms)
        return ahead_ms

    def _committed(self, events: Sequence[Appended]) -> None:
        for served in self._served.values():
            if self._worker is None:
                served.line.committed(events)
            served.wake.set()

    async def _follow(self, group: asyncio.TaskGroup) -> None:
        """Start a line for each new endpoint, end those of removed or disabled ones."""
        endpoints, versions, last = await patiently(
            lambda: self._store.read(
                lambda view: (view.endpoints(), view.endpoint_versions(), view.last_cursor())
            )
        )
        wanted = {
            one.id: one for one in endpoints if not (one.disabled_reason or one.paused_at_ms)
        }
        for id_, served in list(self._served.items()):
            if served.task.done() or served.line.endpoint != wanted.get(id_):
                served.task.cancel()
                del self._served[id_]
            elif served.version != versions[id_]:
                served.version = versions[id_]
                served.read_again = True
            served.line.heard = max(served.line.heard, last)
        for id_ in wanted.keys() - self._served.keys():
            line = Line(wanted[id_], widest(wanted[id_], self._parallel))
            served = _Served(line, versions[id_])
            self._served[id_] = served
            served.task = group.create_task(self._serve(served))

    async def _serve(self, served: _Served) -> None:
        line = served.line
        async with asyncio.TaskGroup() as attempts:
            while not served.gone:
                if self._worker is None:
                    await self._catch_up(served)
                elif line.under_way < line.width and not line.pause_ms(self._clock()):
                    await self._claim(line, self._worker)
                self._start(served, attempts)
                if line.unread and line.under_way < line.width:
                    await self._read_on(line)
                    continue
                pause_ms = line.pause_ms(self._clock())
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause_ms / 1000 if pause_ms else None):
                        await served.wake.wait()
                served.wake.clear()

    def _start(self, served: _Served, attempts: asyncio.TaskGroup) -> None:
        """Begin what can be begun; first attempts of events that go in batches, together."""
        line = served.line
        now_ms = self._clock()
        most = line.endpoint.batch
        fresh: list[Queue] = []
        while line.under_way < line.width and (queue := line.take(now_ms)):
            line.under_way += 1
            if most > 1 and not queue.events[0].attempts:
                fresh.append(queue)
            else:
                attempts.create_task(self._work(served, queue))
        for at in range(0, len(fresh), most):
            attempts.create_task(self._together(served, attempts, fresh[at : at + most]))

    async def _catch_up(self, served: _Served) -> None:
        """Learn from the store what this process was not told."""
        line = served.line
        id_ = line.endpoint.id
        if served.read_again:
            served.read_again = False
            await self._marks.flushed()  # or what is delivered would be read as pending
            line.reset(*await self._since(id_, 0))
        while line.behind:
            line.found(*await self._since(id_, line.sure))

    async def _since(self, endpoint_id: str, cursor: int) -> tuple[list[Waiting], int]:
        """What is pending beyond a cursor, and up to where that is told."""
        return await self._ask(
            lambda view: (view.waiting(endpoint_id, cursor), view.last_cursor())
        )

    async def _read_on(self, line: Line) -> None:
        """Read the next events of the devices at their turn."""
        id_ = line.endpoint.id
        queues = line.wanted()
        wanted = [(one.subject, one.read_to) for one in queues]

        def look(view: View) -> tuple[list[list[Delivery]], int]:
            return [
                view.next_deliveries(id_, *one, READ_EACH) for one in wanted
            ], view.last_cursor()

        found, last = await self._ask(look)
        for queue, rows in zip(queues, found, strict=True):
            line.fill(queue, rows, last, self._clock())

    async def _ask(self, question: Callable[[View], T]) -> T:
        return await patiently(lambda: self._store.read(question))

    async def _claim(self, line: Line, worker: Worker) -> None:
        """A worker claims no more than it can begin at once."""
        now_ms = self._clock()
        until_ms = now_ms + int(worker.lease_s * 1000)
        limit = 1 if line.endpoint.rate else line.width - line.under_way
        to = (line.endpoint.id, worker.name, now_ms, until_ms)
        busy = line.busy
        rows = await self._write(lambda tx: tx.claim(*to, limit=limit, without=busy))
        line.claimed(rows)

    async def _work(
        self, served: _Served, queue: Queue | None, began_s: float | None = None
    ) -> None:
        """Attempts, one after another, as long as devices are at their turn.

        began_s: of the first, where it was made together with others.
        """
        line = served.line
        try:
            while queue:
                await self._attempt(served, queue, began_s or time.monotonic())
                began_s = None
                fits = line.under_way <= line.width and not (served.gone or served.read_again)
                queue = line.take(self._clock()) if fits else None
        finally:
            line.under_way -= 1
            served.wake.set()

    async def _together(
        self, served: _Served, attempts: asyncio.TaskGroup, queues: Sequence[Queue]
    ) -> None:
        """The first attempt of events that go together."""
        line = served.line
        now_ms = self._clock()
        due = [counted(one.events[0], now_ms) for one in queues]
        began_s = time.monotonic()
        try:
            await self._sink.deliver(line.endpoint, due)
        except GatewayError:  # each learns by itself what became of it
            for queue in queues:
                attempts.create_task(self._work(served, queue, began_s))
            return
        line.under_way -= len(queues)
        await self._taken(served, queues, due)
        served.wake.set()

    async def _attempt(self, served: _Served, queue: Queue, began_s: float) -> None:
        line = served.line
        taken = queue.events[0]
        due = counted(taken, self._clock())
        try:
            await self._sink.deliver(line.endpoint, [due])
        except Gone as error:
            served.gone = True
            self._log(due, began_s, str(error))
            await self._disable(line, taken, due, str(error))
        except Refused as error:
            line.refusals[due.cursor] += 1
            wait_s = REFUSED.wait_s(line.refusals[due.cursor], self._draw())
            queue.own = True
            self._log(due, began_s, str(error), self._after_ms(wait_s))
            self._put_off(served, queue, due, wait_s, str(error))
        except Retry as error:
            now_ms = self._clock()
            asked_s = error.after_s or 0.0
            line.failed(now_ms, int(asked_s * 1000))
            if queue.early:
                self._log(replace(due, attempts=0), began_s, str(error), taken.next_at_ms)
                line.put_off(queue, [taken], now_ms)
                return
            wait_s = self._schedule.wait_s(due.attempts, self._draw(), asked_s)
            self._log(due, began_s, str(error), self._after_ms(wait_s))
            self._put_off(served, queue, due, wait_s, str(error))
        else:
            if due.attempts > 1:  # a first success is in its delivery already
                self._log(due, began_s)
            await self._taken(served, [queue], [due])

    async def _taken(
        self, served: _Served, queues: Sequence[Queue], due: Sequence[Delivery]
    ) -> None:
        """The endpoint took the first event of each device."""
        line = served.line
        for one in due if line.refusals else ():
            line.refusals.pop(one.cursor, None)
        self._over(served, queues, [replace(one, state="delivered", note="") for one in due])
        most = widest(line.endpoint, self._parallel)
        if line.succeeded(self._clock(), most, len(due)):
            await self._hasten(served)

    def _log(self, due: Delivery, began_s: float, error: str = "", next_at_ms: int = 0) -> None:
        took_ms = int((time.monotonic() - began_s) * 1000)
        at_ms = self._clock() - took_ms
        of = (due.endpoint_id, due.cursor, due.event_id, due.attempts)
        self._marks.log(Attempt(*of, at_ms, took_ms, error, next_at_ms))

    def _after_ms(self, wait_s: float | None) -> int:
        return 0 if wait_s is None else self._clock() + int(wait_s * 1000)

    def _over(
        self, served: _Served, queues: Sequence[Queue], outcomes: Sequence[Delivery]
    ) -> None:
        """Delivered or dead: the devices go on once that is on the disk."""

        def then() -> None:
            now_ms = self._clock()
            for queue in queues:
                served.line.end(queue, 1, now_ms)
            served.wake.set()

        marks = list(zip([one.events[0] for one in queues], outcomes, strict=True))
        self._marks.add(marks, then, urgent=any(queue.goes_on for queue in queues))

    async def _hasten(self, served: _Served) -> None:
        """The endpoint takes events again: what waits for it is due."""
        now_ms = self._clock()
        if self._worker is None:
            served.line.hasten(now_ms)
        elif now_ms >= served.hasten_from_ms:
            served.hasten_from_ms = now_ms + HASTEN_EVERY_MS
            await self._write(lambda tx: tx.hasten(served.line.endpoint.id, now_ms))

    async def _disable(self, line: Line, taken: Delivery, due: Delivery, why: str) -> None:
        """Stop delivering; what is pending waits until the endpoint is enabled or removed."""
        now_ms = self._clock()
        log.warning("webhook disabled", id=line.endpoint.id, url=line.endpoint.url, why=why)

        def change(tx: Transaction) -> None:
            tx.mark(taken, replace(due, note=why))
            webhooks.disable(tx, line.endpoint.id, why, now_ms)

        await self._write(change)

    def _put_off(
        self, served: _Served, queue: Queue, due: Delivery, wait_s: float | None, why: str
    ) -> None:
        facts = {"webhook": due.endpoint_id, "event_id": due.event_id, "attempts": due.attempts}
        if wait_s is None:
            served.line.refusals.pop(due.cursor, None)
            log.warning("dead letter", **facts, why=why)
            note = f"{why}; `lamplighter webhook replay {due.endpoint_id}` sends it again"
            self._over(served, [queue], [replace(due, state="dead", note=note)])
            return
        log.info("delivery put off", **facts, wait_s=round(wait_s, 1), why=why)
        next_at_ms = self._clock() + int(wait_s * 1000)
        note = f"{why}; the gateway tries again"
        outcome = replace(due, next_at_ms=next_at_ms, note=note)
        release = self._worker is not None
        tried_ms = self._clock()
        before_ms = self._set_back_ms

        def then() -> None:
            if release:
                served.line.release(queue)
                return
            by_ms = self._set_back_ms - before_ms
            waits = replace(outcome, worker="", until_ms=0, next_at_ms=next_at_ms - by_ms)
            served.line.put_off(queue, [waits], tried_ms - by_ms)

        self._marks.add([(queue.events[0], outcome)], then, urgent=release)

    async def _write(self, change: Callable[[Transaction], T]) -> T:
        return await patiently(lambda: self._store.write(change))

"""The outbox: every event to every matching endpoint, at least once, in order per device.

One task per endpoint, so that a hanging or dead one never delays another; inside an endpoint one
attempt per device at a time, so that a device's events arrive in order. The store decides what is
delivered: a process killed after an endpoint took an event and before the mark was committed sends
the same bytes again.

Each endpoint has a width, the limit of concurrent attempts: a failure halves it, a success adds
one. So an endpoint that fails is probed by one request, not by many.

A deliverer that has the store to itself reads what is due. Several at one store are workers: each
claims what it sends, for a lease; when that ends, another may take over, and a mark that comes too
late changes nothing. The endpoint may then get an event twice, as after a crash.
"""

import asyncio
import contextlib
import random
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec
import structlog
from msgspec.structs import replace

from gateway.backoff import delay_s
from gateway.clock import Clock, wall_ms
from gateway.errors import Refused, Retry
from gateway.model import Delivery, Endpoint
from gateway.sinks import Gone, Outlet
from gateway.store import Store, Transaction

REFUSED_STEPS_S = (60.0, 540.0)
"""Waits between the three tries of an event which the endpoint refuses, ten minutes in all."""
JITTER = 0.2
POLL_S = 0.5
"""How often rows that another process (the CLI) wrote, or that became due, are looked for, s."""
HASTEN_EVERY_MS = 60_000
LOOK = 200
"""Devices read at one look into the outbox, which takes some 50 ms when 10 000 wait."""

T = TypeVar("T")
log = structlog.get_logger("gateway.delivery")


class Schedule(msgspec.Struct, frozen=True):
    """When an attempt is repeated.

    steps_s: waits after the first, second, ... failed attempt; at their end the event is dead.
    """

    steps_s: tuple[float, ...]

    def wait_s(self, attempts: int, draw: float, asked_s: float | None = None) -> float | None:
        """Seconds until the next attempt, None when there is none.

        attempts: failed so far, 1...  draw: 0..1, spreads the wait by +-20 %, so that events that
        failed together are not all sent again together.  asked_s: the endpoint's Retry-After, a
        lower bound.
        """
        if attempts > len(self.steps_s):
            return None
        wait = self.steps_s[attempts - 1] * (1 + JITTER * (2 * draw - 1))
        return max(wait, asked_s or 0.0)


REFUSED = Schedule(REFUSED_STEPS_S)


class Worker(msgspec.Struct, frozen=True):
    """One of several deliverers at a store.

    name: unique among those that run.  lease_s: how long what it claims is its own; longer than an
    attempt may take, as long as a crash may delay what was claimed.
    """

    name: str
    lease_s: float


class _Line:
    """The state of delivery to one endpoint.

    ready: due and not begun, one per device.  busy: devices with an attempt under way.
    ended: those of them whose attempt is over and marked in the store.
    width: most attempts at a time.  refusals: by cursor, how often the endpoint refused the event.
    """

    def __init__(self, endpoint: Endpoint, width: int) -> None:
        self.endpoint = endpoint
        self.width = width
        self.ready: deque[Delivery] = deque()
        self.busy: set[str] = set()
        self.ended: set[str] = set()
        self.wake = asyncio.Event()
        self.gone = False
        self.failing = True  # nothing is known before the first success, also after a restart
        self.hasten_from_ms = 0
        self.refusals: Counter[int] = Counter()


class Deliverer:
    """Empties the outbox until cancelled.

    parallel: devices of one endpoint served at a time.  draw: 0..1, the jitter.
    poll_s: how often rows of other processes and due retries are looked for.
    worker: None when no other deliverer uses the store.
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
        self._lines: dict[str, tuple[_Line, asyncio.Task[None]]] = {}
        self._appended = asyncio.Event()

    async def run(self) -> None:
        """Serve every enabled endpoint, those added later too; ends only by cancellation."""
        self._store.on_append(lambda _cursor: self._appended.set())
        async with asyncio.TaskGroup() as group:
            while True:
                await self._follow(group)
                for line, _ in self._lines.values():
                    line.wake.set()
                # not wait_for: CPython 3.11's can lose a cancellation
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._poll_s):
                        await self._appended.wait()
                self._appended.clear()

    async def _follow(self, group: asyncio.TaskGroup) -> None:
        """Start a line for each new endpoint, end those of removed or disabled ones."""
        endpoints = await _patiently(lambda: self._store.read(lambda view: view.endpoints()))
        wanted = {one.id: one for one in endpoints if not one.disabled_reason}
        for id_, (line, task) in list(self._lines.items()):
            if task.done() or line.endpoint != wanted.get(id_):
                task.cancel()
                del self._lines[id_]
        for id_ in wanted.keys() - self._lines.keys():
            line = _Line(wanted[id_], self._parallel)
            self._lines[id_] = (line, group.create_task(self._serve(line)))

    async def _serve(self, line: _Line) -> None:
        async with asyncio.TaskGroup() as attempts:
            while not line.gone:
                line.busy -= line.ended  # before the look: what is read must show their marks
                line.ended.clear()
                if not line.ready and len(line.busy) < line.width:
                    due = await self._due(line)
                    line.ready.extend(one for one in due if one.subject not in line.busy)
                while line.ready and len(line.busy) < line.width:
                    due = line.ready.popleft()
                    line.busy.add(due.subject)
                    attempts.create_task(self._attempt(line, due))
                await line.wake.wait()
                line.wake.clear()

    async def _due(self, line: _Line) -> list[Delivery]:
        """What may be sent now. A worker claims no more than it can begin at once."""
        endpoint_id = line.endpoint.id
        worker = self._worker
        now_ms = self._clock()
        if worker is None:
            limit = LOOK + len(line.busy)
            return await _patiently(
                lambda: self._store.read(
                    lambda view: view.due_deliveries(endpoint_id, now_ms, limit)
                )
            )
        until_ms = now_ms + int(worker.lease_s * 1000)
        limit = line.width - len(line.busy)
        busy = frozenset(line.busy)
        return await self._write(
            lambda tx: tx.claim(
                endpoint_id, worker.name, now_ms, until_ms, limit=limit, without=busy
            )
        )

    async def _attempt(self, line: _Line, taken: Delivery) -> None:
        first_at_ms = taken.first_at_ms or self._clock()
        due = replace(taken, attempts=taken.attempts + 1, first_at_ms=first_at_ms)
        try:
            await self._sink.deliver(line.endpoint, [due])
        except Gone as error:
            line.gone = True
            await self._disable(line, due, str(error))
        except Refused as error:
            line.refusals[due.cursor] += 1
            wait_s = REFUSED.wait_s(line.refusals[due.cursor], self._draw())
            await self._put_off(line, due, wait_s, str(error))
        except Retry as error:
            await self._failed(line, due, error)
        else:
            await self._mark(replace(due, state="delivered", note=""))
            del line.refusals[due.cursor]
            await self._succeeded(line)
        line.ended.add(due.subject)
        line.wake.set()

    async def _disable(self, line: _Line, due: Delivery, why: str) -> None:
        """Stop delivering; what is pending waits until the endpoint is enabled or removed."""
        log.warning("webhook disabled", id=line.endpoint.id, url=line.endpoint.url, why=why)

        def change(tx: Transaction) -> None:
            tx.mark(_taken(due), replace(due, note=why))
            endpoint = tx.endpoint(line.endpoint.id)
            if endpoint:
                reason = f"{why}; `lamplighter webhook enable {endpoint.id}` delivers again"
                tx.put_endpoint(replace(endpoint, disabled_reason=reason))

        await self._write(change)

    async def _succeeded(self, line: _Line) -> None:
        """Widen; after a failure, make what waits for its next try due now, once a minute."""
        line.width = min(self._parallel, line.width + 1)
        now_ms = self._clock()
        if not line.failing or now_ms < line.hasten_from_ms:
            return
        line.failing = False
        line.hasten_from_ms = now_ms + HASTEN_EVERY_MS
        await self._write(lambda tx: tx.hasten(line.endpoint.id, now_ms))

    async def _failed(self, line: _Line, due: Delivery, error: Retry) -> None:
        line.failing = True
        line.width = max(1, line.width // 2)
        asked_s = error.after_s or 0.0
        line.hasten_from_ms = max(line.hasten_from_ms, self._clock() + int(asked_s * 1000))
        wait_s = self._schedule.wait_s(due.attempts, self._draw(), asked_s)
        await self._put_off(line, due, wait_s, str(error))

    async def _put_off(self, line: _Line, due: Delivery, wait_s: float | None, why: str) -> None:
        facts = {"webhook": due.endpoint_id, "event_id": due.event_id, "attempts": due.attempts}
        if wait_s is None:
            del line.refusals[due.cursor]
            log.warning("dead letter", **facts, why=why)
            note = f"{why}; `lamplighter webhook replay {due.endpoint_id}` sends it again"
            await self._mark(replace(due, state="dead", note=note))
            return
        log.info("delivery put off", **facts, wait_s=round(wait_s, 1), why=why)
        next_at_ms = self._clock() + int(wait_s * 1000)
        note = f"{why}; the gateway tries again"
        await self._mark(replace(due, next_at_ms=next_at_ms, note=note))

    async def _mark(self, outcome: Delivery) -> None:
        """Record an attempt, unless another worker took the delivery over."""
        if not await self._write(lambda tx: tx.mark(_taken(outcome), outcome)):
            facts = {"webhook": outcome.endpoint_id, "event_id": outcome.event_id}
            log.info("attempt not recorded: the delivery was withdrawn or taken over", **facts)

    async def _write(self, change: Callable[[Transaction], T]) -> T:
        return await _patiently(lambda: self._store.write(change))


def _taken(outcome: Delivery) -> Delivery:
    """The delivery as it was before the attempt, which `mark` compares with the store."""
    return replace(outcome, attempts=outcome.attempts - 1)


async def _patiently(call: Callable[[], Awaitable[T]]) -> T:
    """Call until the store answers: a full disk delays delivery and loses nothing."""
    attempt = 0
    while True:
        try:
            return await call()
        except Retry as error:
            attempt += 1
            log.warning("the store cannot answer now", why=str(error))
            await asyncio.sleep(delay_s(attempt, 0.1, 10.0))

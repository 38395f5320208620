"""What waits for one endpoint: a queue per device, in memory, and where it goes on in the store.

The store holds every delivery; a Line holds the next ones, so that the way from a commit to an
attempt reads nothing. A device's queue goes on in the store where `newest` is beyond `read_to`:
at the start, when another process wrote, and when the Line is full. Nothing here waits or reads;
gateway.delivery does both.

Bound: a Line holds HELD deliveries, those of one more reading, one more of each device that had
nothing pending, and per device with something pending some 200 bytes.
"""

import heapq
import itertools
from collections import Counter, deque
from collections.abc import Sequence

from msgspec.structs import replace

from gateway.model import Delivery, Endpoint, Waiting
from gateway.store import Appended

HELD = 5000
"""Deliveries a Line takes as they are committed, some 5 MB; the rest are read later."""
READ_DEVICES = 32
READ_EACH = 32
"""Devices of one reading, and deliveries of each."""
PACE_PART = 10
PACE_LEAST_MS = 1_000
PACE_MOST_MS = 60_000


def pace_ms(since_ms: int, now_ms: int) -> int:
    """Least time between two attempts outside the schedule: a tenth of the trouble, 1 to 60 s."""
    return max(PACE_LEAST_MS, min((now_ms - since_ms) // PACE_PART, PACE_MOST_MS))


class Queue:
    """A device's next deliveries, oldest first, and what is known of the others.

    state: unread (the next are in the store) | reading | ready | waiting (until due_ms) | busy.
    read_to: the highest cursor that was taken into memory.  newest: the highest there is.
    stale: the rows were changed behind our back; read again from back_to when it is not busy.
    tried_ms: the last attempt.  early: the next attempt is outside the schedule and not counted.
    own: it waits for a fault of its own event, not of the endpoint's.
    """

    __slots__ = (
        "back_to", "due_ms", "early", "events", "newest", "own", "read_to", "stale", "state",
        "subject", "tried_ms",
    )  # fmt: skip

    def __init__(self, subject: str, read_to: int, newest: int) -> None:
        self.subject = subject
        self.read_to = read_to
        self.newest = newest
        self.events: list[Delivery] = []
        self.state = ""
        self.due_ms = 0
        self.tried_ms = 0
        self.early = False
        self.own = False
        self.stale = False
        self.back_to = 0

    @property
    def goes_on(self) -> bool:
        """Whether an event waits behind the first."""
        return len(self.events) > 1 or self.newest > self.read_to or self.stale


class Line:
    """One endpoint's queues.

    width: most attempts at a time; under_way: how many there are.
    failing: the last attempt failed, since failing_ms; not_before_ms: what the endpoint asked.
    sure: every event up to this cursor is in a queue, or noted there, or needs no delivery.
    refusals: by cursor, how often the endpoint refused the event.
    """

    def __init__(self, endpoint: Endpoint, width: int) -> None:
        self.endpoint = endpoint
        self.width = width
        self.under_way = 0
        self.failing = False
        self.failing_ms = 0
        self.failed_ms = 0
        self.not_before_ms = 0
        self.refusals: Counter[int] = Counter()
        self.sure = 0
        self.heard = 0
        self._begun = False  # until what waited at the start was read in its order: of few devices
        self._fresh = False
        self._held = 0
        self._queues: dict[str, Queue] = {}
        self._unread: deque[Queue] = deque()
        self._ready: deque[Queue] = deque()
        self._waiting: list[tuple[int, int, Queue]] = []
        self._number = itertools.count()
        self._paced_ms = 0.0

    @property
    def behind(self) -> bool:
        """Whether there are events that this line was not told of in order."""
        return self.heard > self.sure

    @property
    def unread(self) -> bool:
        """Whether a device is at its turn whose events are in the store."""
        return bool(self._unread)

    @property
    def busy(self) -> frozenset[str]:
        """Devices with an attempt under way, or one whose mark is not yet on the disk."""
        return frozenset(one.subject for one in self._queues.values() if one.state == "busy")

    def committed(self, events: Sequence[Appended]) -> None:
        """Take what this process committed. Where another's come between, the store is asked."""
        self.heard = max(self.heard, events[-1].cursor)
        for event in events:
            if event.cursor <= self.sure:
                continue
            in_order = event.cursor == self.sure + 1
            if self.endpoint.id in event.endpoints:
                if in_order:
                    self._push(event)
                else:
                    self._note(event.subject, event.cursor, self.sure)
            if in_order:
                self.sure = event.cursor

    def found(self, rows: Sequence[Waiting], last_cursor: int) -> None:
        """Take what the store has beyond `sure`. last_cursor: up to where it was asked."""
        for one in rows:
            self._note(one.subject, one.newest, one.oldest - 1)
        self.sure = max(self.sure, last_cursor)
        self.heard = max(self.heard, self.sure)

    def reset(self, rows: Sequence[Waiting], last_cursor: int) -> None:
        """Begin again with all that is pending in the store."""
        for queue in list(self._queues.values()):
            if queue.state in ("busy", "reading"):
                queue.stale = True
                queue.back_to = queue.events[0].cursor - 1 if queue.events else queue.read_to
                queue.newest = max(queue.newest, last_cursor)
            else:
                self._drop(queue)
        for one in rows:
            queue = self._queues.get(one.subject)
            if queue:
                queue.back_to = min(queue.back_to, one.oldest - 1)
        self.sure = last_cursor  # what came since then was put into queues that are gone
        self.found(rows, last_cursor)

    def wanted(self) -> list[Queue]:
        """The devices to read on, at their turn; each then gets `fill`."""
        found: list[Queue] = []
        while self._unread and len(found) < READ_DEVICES:
            queue = self._unread.popleft()
            if queue.state == "unread":
                queue.state = "reading"
                found.append(queue)
        return found

    def fill(self, queue: Queue, rows: list[Delivery], last_cursor: int, now_ms: int) -> None:
        """Take what was read of a device. last_cursor: up to where the store was asked.

        A reader may see a commit before this line is told of it; then the telling brings it.
        """
        if not queue.stale:
            whole = len(rows) < READ_EACH or rows[-1].cursor > self.sure
            rows = [one for one in rows if one.cursor <= self.sure]
            queue.events += rows
            self._held += len(rows)
            queue.read_to = min(last_cursor, self.sure) if whole else rows[-1].cursor
            queue.newest = max(queue.newest, queue.read_to)
            if rows and rows[0].attempts and rows[0].next_at_ms > now_ms and not self.failing:
                self.failing = True  # before this process began
                self.failing_ms = now_ms
        self._go_on(queue, now_ms)

    def claimed(self, rows: Sequence[Delivery]) -> None:
        """Take what this worker claimed, one of each device."""
        for one in rows:
            queue = Queue(one.subject, one.cursor, one.cursor)
            queue.events.append(one)
            self._held += 1
            self._queues[one.subject] = queue
            self._turn(queue)

    def pause_ms(self, now_ms: int) -> float:
        """How long the endpoint's rate lets nothing be sent; 0: something may be."""
        return max(0.0, self._paced_ms - now_ms)

    def take(self, now_ms: int) -> Queue | None:
        """The next device with a due event, now busy; None when there is none or its rate says so.

        An endpoint with a rate is sent one event at a time, evenly.
        """
        if self.pause_ms(now_ms):
            return None
        taken = self._taken(now_ms)
        if taken and self.endpoint.rate:
            self._paced_ms = max(now_ms, self._paced_ms) + 1000 / self.endpoint.rate
        return taken

    def _taken(self, now_ms: int) -> Queue | None:
        first = 0 < len(self._unread) <= READ_DEVICES
        self._begun = self._begun or not (first or self.behind)
        while self._waiting and self._waiting[0][0] <= now_ms:
            due_ms, _, queue = heapq.heappop(self._waiting)
            if queue.state == "waiting" and queue.due_ms == due_ms:
                self._turn(queue)
        while self._ready:
            queue = self._ready.popleft()
            if queue.state == "ready":
                queue.state = "busy"
                return queue
        return self._probe(now_ms)

    def end(self, queue: Queue, count: int, now_ms: int) -> None:
        """The first `count` events of a busy device need nothing more; the store says so too."""
        del queue.events[:count]
        self._held -= count
        queue.tried_ms = 0
        queue.own = False
        self._go_on(queue, now_ms)

    def put_off(self, queue: Queue, events: Sequence[Delivery], now_ms: int) -> None:
        """The first events of a busy device wait; `events` are as the store has them now."""
        queue.events[: len(events)] = events
        queue.tried_ms = now_ms
        self._go_on(queue, now_ms)

    def release(self, queue: Queue) -> None:
        """Forget a busy device: another worker may claim it."""
        self._drop(queue)

    def failed(self, now_ms: int, asked_ms: int) -> None:
        """The endpoint failed: halve the width."""
        if not self.failing:
            self.failing_ms = now_ms
        self.failing = True
        self.failed_ms = now_ms
        self._fresh = False
        self.width = max(1, self.width // 2)
        self.not_before_ms = max(self.not_before_ms, now_ms + asked_ms)

    def succeeded(self, now_ms: int, widest: int, count: int = 1) -> bool:
        """The endpoint took events: widen. Returns whether what waits may be hastened."""
        self.width = min(widest, self.width + count)
        if not self.failing or now_ms < self.not_before_ms:
            return False
        self.failing = False
        return True

    def hasten(self, now_ms: int) -> None:
        """Make what waits for the endpoint due now, or as soon as its pace allows.

        Such an attempt is not counted: an event that fails while others arrive keeps its schedule.
        """
        for _, _, queue in list(self._waiting):
            if queue.state == "waiting" and not queue.own:
                first_ms = queue.events[0].first_at_ms if queue.events else now_ms
                due_ms = max(now_ms, queue.tried_ms + pace_ms(first_ms, now_ms))
                if due_ms < queue.due_ms:
                    queue.early = True
                    self._wait(queue, due_ms)

    def set_back(self, by_ms: int) -> None:
        """The clock was set back: what waits is due so much earlier by it, as long as before."""
        self.failing_ms -= by_ms
        self.failed_ms -= by_ms
        self.not_before_ms -= by_ms
        self._paced_ms -= by_ms
        self._waiting = [(due_ms - by_ms, number, one) for due_ms, number, one in self._waiting]
        for queue in self._queues.values():
            queue.due_ms -= by_ms
            queue.tried_ms -= by_ms
            if queue.state == "waiting" and queue.events:
                head = queue.events[0]
                queue.events[0] = replace(head, next_at_ms=head.next_at_ms - by_ms)

    def _probe(self, now_ms: int) -> Queue | None:
        """While the endpoint fails and events go on coming: one of the waiting, at the pace."""
        pace = pace_ms(self.failing_ms, now_ms)
        soon = max(self.failed_ms + pace, self.not_before_ms)
        if not (self.failing and self._fresh) or self.under_way > 1 or now_ms < soon:
            return None
        self._fresh = False
        waiting = (one for _, _, one in self._waiting if one.state == "waiting" and not one.own)
        queue = next((one for one in waiting if one.events), None)
        if queue:
            queue.early = True
            queue.state = "busy"
        return queue

    def _push(self, event: Appended) -> None:
        self._fresh = True
        cursor = event.cursor
        queue = self._queues.get(event.subject)
        new = queue is None
        if queue is None:
            queue = self._queues[event.subject] = Queue(event.subject, cursor - 1, cursor - 1)
        whole = queue.read_to >= queue.newest and not queue.stale
        # a device that had nothing waiting does not wait for what others had
        in_memory = whole and self._begun and (new or self._held < HELD)
        queue.newest = cursor
        if in_memory:
            queue.read_to = cursor
            queue.events.append(
                Delivery(
                    endpoint_id=self.endpoint.id,
                    cursor=cursor,
                    event_id=event.id,
                    type=event.type,
                    subject=event.subject,
                    body=event.body,
                )
            )
            self._held += 1
        if new:
            self._turn(queue)

    def _note(self, subject: str, newest: int, read_to: int) -> None:
        """A device has events in the store up to `newest`; those after read_to are not here."""
        queue = self._queues.get(subject)
        if queue:
            queue.newest = max(queue.newest, newest)
            return
        queue = self._queues[subject] = Queue(subject, read_to, newest)
        self._turn(queue)

    def _turn(self, queue: Queue) -> None:
        """A device is at its turn."""
        queue.state = "ready" if queue.events else "unread"
        (self._ready if queue.events else self._unread).append(queue)

    def _go_on(self, queue: Queue, now_ms: int) -> None:
        """What becomes of a device that is not busy any more."""
        queue.early = False
        if queue.stale:
            self._held -= len(queue.events)
            queue.events.clear()
            queue.read_to = queue.back_to
            queue.stale = False
        if queue.events or queue.newest > queue.read_to:
            self._place(queue, now_ms)
        else:
            self._drop(queue)

    def _place(self, queue: Queue, now_ms: int) -> None:
        """To its turn, or among those that wait; there a full line keeps no events."""
        head = queue.events[0] if queue.events else None
        due_ms = max(head.next_at_ms, head.until_ms) if head else 0
        if head is None or due_ms <= now_ms:
            self._turn(queue)
            return
        if self._held > HELD:
            self._held -= len(queue.events)
            queue.events.clear()
            queue.read_to = head.cursor - 1
        self._wait(queue, due_ms)

    def _wait(self, queue: Queue, due_ms: int) -> None:
        queue.state = "waiting"
        queue.due_ms = due_ms
        heapq.heappush(self._waiting, (due_ms, next(self._number), queue))

    def _drop(self, queue: Queue) -> None:
        self._held -= len(queue.events)
        queue.events = []
        queue.state = "gone"
        self._queues.pop(queue.subject, None)


def counted(one: Delivery, now_ms: int) -> Delivery:
    """A delivery as its next attempt makes it."""
    return replace(one, attempts=one.attempts + 1, first_at_ms=one.first_at_ms or now_ms)


def widest(endpoint: Endpoint, parallel: int) -> int:
    """Most devices served at a time: of batches, one that is sent and one that is gathered.

    parallel: as configured, where the endpoint has no limit of its own.
    """
    parallel = endpoint.parallel or parallel
    return max(parallel, 2 * endpoint.batch) if endpoint.batch > 1 else parallel

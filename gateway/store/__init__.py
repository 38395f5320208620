"""The store: everything the gateway has accepted, kept through a loss of power.

Two calls: `read` asks a question of a View, `write` runs a change on a Transaction. Both take a
plain function, so that what must be committed together is one function, tested by itself::

    device = await store.read(lambda view: view.device(dev_eui))
    command = await store.write(lambda tx: asking.ask(tx, ...))

The function given to `write` runs in the store's writer thread, and again when its caller tries
again: it changes nothing but the transaction, awaits nothing, and keeps no reference. When `write`
returns, the change is on the disk (fsync). Calls are carried out in the order they were made;
those that wait together share one commit. An exception of the function undoes its own change alone
and is raised at its caller.

Cursors are in the order of commits: a reader that has seen cursor n never finds a smaller one
later. In SQLite the write lock is taken before the first cursor is drawn (BEGIN IMMEDIATE) and
held until the commit. A database whose commits overlap keeps it with a lock of its own, taken
before the first statement of a group (PostgreSQL: `pg_advisory_xact_lock`, held until the commit,
before any row is locked: two writers cannot wait for each other).

`sql` answers and changes for every SQL database, the other folders hold one database each;
`gateway/tests/contract/test_store.py` runs over all of them.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Any, Protocol, Self, TypeVar

from msgspec import Struct

from gateway.events import Event, Value
from gateway.model import ApiKey, Attempt, AuditEntry, Command, Delivery, Device, Endpoint
from gateway.store.questions import View

__all__ = ["ATTEMPTS_MOST", "LAST", "Appended", "Plan", "Store", "Transaction", "View"]
T = TypeVar("T")
ATTEMPTS_MOST = 1000
"""Logged attempts kept of one endpoint: some 200 kB."""
LAST = "9999"
"""After every instant in RFC 3339."""


class Appended(Struct, frozen=True):
    """An event that was committed, and the endpoints that get it. body: its JSON, frozen."""

    cursor: int
    id: str
    type: str
    subject: str
    body: bytes
    endpoints: tuple[str, ...]


class Plan(Protocol):
    """A Struct of gateway.plans."""

    @property
    def id(self) -> str: ...  # noqa: D102 - see gateway.plans
    @property
    def due_at_ms(self) -> int | None: ...  # noqa: D102


class Transaction(View, Protocol):
    """Changes; they see each other at once, and others see them after the commit, all or none."""

    def append(self, kind: str, dev_eui: str, at_ms: int, data: Any) -> Event:
        """Add an event and one pending delivery for each enabled endpoint that wants it.

        kind: one of model.KINDS.  at_ms: the event's time.  data: a Struct of model.EVENT_DATA.
        Gives the event its id and its device's next sequence number.
        """
        ...

    def add_device(self, device: Device) -> None:
        """Register a device. Raises Refused when the DevEUI or the name is taken."""

    def put_device(self, device: Device) -> None:
        """Replace a device; its name stays as it is. Raises Unknown."""

    def remove_device(self, dev_eui: str) -> None:
        """Delete a device and its latest values; its events and commands stay. Raises Unknown."""

    def put_latest(
        self,
        dev_eui: str,
        seq: int | None,
        observed_at: str,
        values: tuple[Value, ...],
        now: str = LAST,
    ) -> None:
        """Replace the newest values, each unless the one kept was observed later.

        now: RFC 3339; one that was observed after it comes from a wrong clock and is replaced.
        """

    def put_seen(self, dev_eui: str, seen: bytes) -> None:
        """Replace what ingest keeps of a device."""

    def quarantine(self, at_ms: int, dev_eui: str, topic: str, body: bytes, reason: str) -> int:
        """Keep what could not be read; returns its id."""
        ...

    def release(self, number: int) -> None:
        """Forget what was kept under an id, as it has been read since."""

    def put_command(self, command: Command) -> None:
        """Add or replace a command.

        Its queue_item_id stays findable when a later one replaces it, its key for ever.
        """

    def put_key(self, key: str, of_id: str) -> None:
        """Keep whose idempotency key this is; one that is kept already stays."""

    def put_plan(self, plan: Plan) -> None:
        """Add or replace a plan."""

    def remove_plan(self, plan: Plan) -> None:
        """Forget a plan."""

    def next_token(self, dev_eui: str) -> int:
        """A device's next command token: 1..65535, then 1 again."""
        ...

    def add_endpoint(self, endpoint: Endpoint) -> None:
        """Add an endpoint; it gets the events appended from now on.

        Raises Refused when its id is taken.
        """
        ...

    def put_endpoint(self, endpoint: Endpoint) -> None:
        """Replace an endpoint, for instance to disable it.

        A disabled one gets no new deliveries. Raises Unknown.
        """
        ...

    def remove_endpoint(self, endpoint_id: str) -> None:
        """Remove an endpoint; its pending and dead deliveries become withdrawn. Raises Unknown."""
        ...

    def claim(
        self,
        endpoint_id: str,
        worker: str,
        now_ms: int,
        until_ms: int,
        *,
        limit: int = 100,
        each: int = 1,
        without: Collection[str] = (),
    ) -> list[Delivery]:
        """Take `due_deliveries` for one of several workers; no other gets them before `until_ms`.

        Then another may take them, also while this one still works at them; `mark` says so.
        worker: unique among the running workers.  without: devices whose attempts it has under
        way; they do not count for `limit`.
        """
        ...

    def mark(self, taken: Delivery, outcome: Delivery) -> bool:
        """Record an attempt, which ends the claim: state, attempts, times and note of `outcome`.

        taken: as `claim` or `due_deliveries` gave it. Returns False and changes nothing when the
        delivery is not pending any more, or another attempt was recorded or another worker claimed
        it since then.
        """
        ...

    def mark_all(self, marks: Sequence[tuple[Delivery, Delivery]]) -> int:
        """`mark` each (taken, outcome); returns how many were recorded."""
        ...

    def log_attempts(self, attempts: Sequence[Attempt]) -> None:
        """Keep these for `attempts`; of each endpoint the last ATTEMPTS_MOST stay."""
        ...

    def put_delivery(self, delivery: Delivery) -> None:
        """Replace state, attempts, times and note of a delivery, whoever claimed it.

        Does nothing when it is withdrawn meanwhile. Raises Unknown when there never was one.
        """
        ...

    def deliver(self, endpoint_id: str, entries: Sequence[tuple[int, str]]) -> int:
        """Add pending deliveries of events of the store; returns how many.

        entries: (cursor, subject), ascending. One that has a delivery stays as it is.
        """
        ...

    def freeze(self, endpoint_id: str, cursors: Sequence[int]) -> None:
        """From now on these deliveries are a batch, instead of what they were part of before."""
        ...

    def thaw(self, endpoint_id: str) -> None:
        """Forget the batches of which no delivery is pending."""
        ...

    def hasten(self, endpoint_id: str, now_ms: int) -> int:
        """Make every pending delivery that waits after a failure due now; returns how many."""
        ...

    def add_api_key(self, key: ApiKey) -> None:
        """Add a key. Raises Refused when its name is taken."""
        ...

    def remove_api_key(self, key_id: str) -> None:
        """Revoke a key. Raises Unknown."""
        ...

    def put_record(self, key: str, record: Struct) -> None:
        """Add or replace a record; its kind is its Struct, one of `gateway.records.RECORDS`."""
        ...

    def remove_record(self, kind: type[Struct], key: str) -> bool:
        """Remove a record; returns whether there was one."""
        ...

    def forget(self, before_ms: int, after: int, limit: int) -> int:
        """Drop events from before an instant, with their deliveries; the oldest first.

        Looks at `limit` events with a cursor greater than `after`; returns the cursor up to which
        it looked, 0 when no older one is left. An event stays while one of its deliveries is
        pending or in a batch, and so does the newest of all. Nothing else is dropped.
        """
        ...

    def add_audit(self, entry: AuditEntry) -> None:
        """Add an entry to the audit log, under the next number; none is ever changed."""
        ...

    def forget_audit(self, before_ms: int, limit: int) -> int:
        """Drop the oldest entries from before an instant, at most so many; returns how many."""
        ...

    def take_lease(self, name: str, holder: str, now_ms: int, until_ms: int) -> int:
        """Take a lease that is free or over, or keep one's own; returns its epoch.

        Returns 0 when another holds it. until_ms: `now_ms` gives it back.
        """
        ...


class Store(Protocol):
    """Where the gateway keeps everything. An async context manager: open while inside."""

    async def read(self, question: Callable[[View], T]) -> T:
        """Answer a question on the last committed state; on a file, never waits for a writer.

        Raises Retry when the store cannot answer now, Broken when it is damaged.
        """
        ...

    async def write(self, change: Callable[[Transaction], T], *, within_s: float = 0.0) -> T:
        """Carry out a change and return its result once it is durable.

        within_s: nobody waits for it; it may wait so long for a commit that it can share.
        Raises what the change raised; Retry when nothing was kept (disk full, locked); Broken when
        the disk failed: then no later commit can be relied on, and the process must end.
        """
        ...

    def troubles(self) -> list[str]:
        """Why it keeps nothing new at present, a sentence that says who acts next; else empty."""
        ...

    def on_commit(self, listener: Callable[[Sequence[Appended]], None]) -> None:
        """Call `listener(events)` on the loop after each commit of this process with events.

        In the order of cursors; those of other processes (the CLI) are missing: poll as well.
        """
        ...

    def on_endpoints(self, listener: Callable[[], None]) -> None:
        """Call `listener()` after commits of this process that change `View.endpoint_versions`."""
        ...

    async def __aenter__(self) -> Self:
        """Open; creates or migrates what is needed. Raises ConfigError, Retry or Broken."""
        ...

    async def __aexit__(self, *exc: object) -> None:
        """Carry out the changes that wait, then close."""
        ...

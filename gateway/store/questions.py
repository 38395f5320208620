"""The questions that a store answers."""

from collections.abc import Collection
from typing import Protocol, TypeVar

from msgspec import Struct

from gateway.events import Entry
from gateway.model import (
    ApiKey,
    Attempt,
    AuditEntry,
    Command,
    Counts,
    Delivery,
    Device,
    Endpoint,
    Latest,
    Lease,
    Quarantined,
    Totals,
    Waiting,
)

S = TypeVar("S", bound=Struct)


class View(Protocol):
    """Questions. Lists have a stable order; what does not exist is None or an empty list."""

    def device(self, dev_eui: str) -> Device | None:
        """The registered device."""

    def tags_of(self, dev_eui: str) -> tuple[str, ...]:
        """The tags of a device, none of one that is not registered."""
        ...

    def devices(self) -> list[Device]:
        """All devices, by name."""
        ...

    def latest(self, dev_eui: str) -> list[Latest]:
        """The newest value of each property of a device, by property."""
        ...

    def counts(self) -> Counts:
        """How many devices, unread messages and open commands there are."""
        ...

    def seen(self, dev_eui: str) -> bytes:
        """What ingest keeps of a device's frames, in its own encoding; empty when nothing."""
        ...

    def event(self, event_id: str) -> Entry | None:
        """One event."""
        ...

    def events(
        self, after: int = 0, limit: int = 100, kind: str = "", subject: str = ""
    ) -> list[Entry]:
        """Events with a cursor greater than `after`, oldest first. kind, subject: empty is any."""
        ...

    def newest_events(self, limit: int = 100, kind: str = "", subject: str = "") -> list[Entry]:
        """The newest events, newest first. kind, subject: empty is any."""
        ...

    def last_cursor(self) -> int:
        """Cursor of the newest event, 0 when there is none."""
        ...

    def cursor_before(self, at_ms: int) -> int:
        """The greatest cursor before every event of that instant or later.

        Events are in the order of their commits: of a network server that was away, later ones may
        tell of earlier instants.
        """
        ...

    def command(self, command_id: str) -> Command | None:
        """One command."""
        ...

    def commands(self, dev_eui: str = "", limit: int = 100) -> list[Command]:
        """Commands, newest first. dev_eui: empty is any."""
        ...

    def open_commands(self, dev_eui: str = "") -> list[Command]:
        """Commands that have not ended, oldest first. dev_eui: empty is any."""
        ...

    def due_commands(self, now_ms: int, limit: int = 100) -> list[Command]:
        """Commands that have not ended and whose next step is due, by the time it is due."""
        ...

    def command_of_item(self, queue_item_id: str) -> Command | None:
        """The command one of whose submissions has this id at the network server."""
        ...

    def command_of_key(self, key: str) -> Command | None:
        """The command that was asked for with this idempotency key."""
        ...

    def id_of_key(self, key: str) -> str:
        """Whose idempotency key this is; empty for an unknown one."""
        ...

    def commands_since(self, at_ms: int) -> int:
        """How many commands were asked for since an instant."""
        ...

    def plan(self, kind: type[S], plan_id: str) -> S | None:
        """A plan of this kind, see gateway.plans."""
        ...

    def plans(self, kind: type[S], limit: int = 100) -> list[S]:
        """Plans of this kind, the greatest id first."""
        ...

    def due_plans(self, kind: type[S], now_ms: int, limit: int = 100) -> list[S]:
        """Plans of this kind whose next step is due, by the time it is due."""
        ...

    def command_of_token(self, dev_eui: str, token: int) -> Command | None:
        """The newest command of a device with this token."""
        ...

    def endpoint(self, endpoint_id: str) -> Endpoint | None:
        """One endpoint, unless it was removed."""
        ...

    def endpoints(self) -> list[Endpoint]:
        """All endpoints that were not removed, in the order they were added.

        Decoded once for each change of one, not at each call.
        """
        ...

    def endpoint_versions(self) -> dict[str, int]:
        """A number of each endpoint that was not removed, by id.

        It changes when the endpoint does, or rows of its outbox other than by `append`, `claim`
        and `mark`: then what is known of them from before is to be read again.
        """
        ...

    def totals(self, endpoint_id: str) -> Totals:
        """The sums of an endpoint; a removed one keeps them."""
        ...

    def recount(self) -> dict[str, Totals]:
        """The sums of every endpoint, removed ones too, from the deliveries themselves.

        Looks at every row of the outbox; what was dropped by age is counted where it is dropped.
        """
        ...

    def due_deliveries(
        self, endpoint_id: str, now_ms: int, limit: int = 100, each: int = 1
    ) -> list[Delivery]:
        """What may be sent to an endpoint now: of each device, its oldest pending events.

        A device counts when its oldest pending event is due and not claimed; it gives at most
        `each` events, in order, up to the first that is not. So an event waits for the earlier
        ones of its device, and for nothing else. limit: devices, in the order of their oldest
        cursors.
        """
        ...

    def waiting(self, endpoint_id: str, after: int = 0) -> list[Waiting]:
        """The devices with pending deliveries beyond cursor `after`, the oldest first."""
        ...

    def next_deliveries(
        self, endpoint_id: str, subject: str, after: int, limit: int
    ) -> list[Delivery]:
        """A device's pending deliveries beyond cursor `after`, oldest first, due or not."""
        ...

    def next_delivery_at_ms(self, endpoint_id: str) -> int | None:
        """When the earliest of an endpoint's foremost pending events is due.

        None when nothing is pending.
        """
        ...

    def deliveries(
        self, endpoint_id: str = "", state: str = "", event_id: str = "", limit: int = 100
    ) -> list[Delivery]:
        """Deliveries by endpoint, state and event (each empty is any), oldest first."""
        ...

    def attempts(self, endpoint_id: str, limit: int = 100, cursor: int = 0) -> list[Attempt]:
        """The last attempts at an endpoint that were logged, newest first.

        cursor: of one event alone; 0 is any.
        """
        ...

    def batched(self, endpoint_id: str, cursors: Collection[int]) -> set[int]:
        """Those of these deliveries that are part of a batch, see `frozen`; by cursor."""
        ...

    def frozen(self, endpoint_id: str, cursor: int) -> list[Delivery]:
        """The deliveries that go in one request with this one, by cursor; none: it has no batch.

        In whatever state they are now: some may be marked as delivered and others not yet.
        """
        ...

    def api_key(self, digest: str) -> ApiKey | None:
        """The key with this SHA-256, unless it was revoked."""
        ...

    def api_keys(self) -> list[ApiKey]:
        """All keys that were not revoked, in the order they were made."""
        ...

    def quarantined(self, after: int = 0, limit: int = 100) -> list[Quarantined]:
        """What could not be read, with an id greater than `after`, oldest first."""
        ...

    def lease(self, name: str) -> Lease | None:
        """The newest lease of this name, also one that is over."""
        ...

    def record(self, kind: type[S], key: str) -> S | None:
        """A record of one kind of `gateway.records.RECORDS`."""

    def records(self, kind: type[S]) -> list[S]:
        """All records of one kind, by key."""
        ...

    def audit(self, after: int = 0, limit: int = 100) -> list[AuditEntry]:
        """Entries of the audit log with a number greater than `after`, oldest first."""
        ...

    def newest_audit(self, limit: int = 100) -> list[AuditEntry]:
        """The newest entries, newest first."""
        ...

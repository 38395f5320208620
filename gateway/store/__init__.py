"""The store: what the gateway knows, and the promise that it still knows it after a power cut.

Two calls: `read` asks a question of a View, `write` runs a change on a Transaction. Both take a
plain function, so that what must happen together is one function, tested without a database::

    device = await store.read(lambda view: view.device(dev_eui))
    command = await store.write(lambda tx: lifecycle.ask(tx, ...))

The function given to `write` runs in the SQLite store's writer thread, and again when its caller
tries again: it changes nothing but the transaction, awaits nothing, and keeps no reference. When
`write` returns, the change is on the disk (fsync). Calls are carried out in the order they were
made; those that wait together share one commit. An exception of the function undoes its own change
alone and is raised at its caller.

Folders here are the stores; `gateway/tests/contract/test_store.py` runs over all of them.
"""

from collections.abc import Callable
from typing import Any, Protocol, Self, TypeVar

from gateway.events import Entry, Event, Value
from gateway.model import ApiKey, Command, Delivery, Device, Endpoint, Latest, Quarantined, Totals

T = TypeVar("T")


class View(Protocol):
    """Questions. Lists come in a stable order; what is not there is None or an empty list."""

    def device(self, dev_eui: str) -> Device | None:
        """The registered device."""
        ...

    def devices(self) -> list[Device]:
        """All devices, by name."""
        ...

    def latest(self, dev_eui: str) -> list[Latest]:
        """The newest value of each property of a device, by property."""
        ...

    def seen(self, dev_eui: str) -> bytes:
        """What ingest remembers of a device's frames (its own encoding); empty when nothing."""
        ...

    def event(self, event_id: str) -> Entry | None:
        """One event."""
        ...

    def events(
        self, after: int = 0, limit: int = 100, kind: str = "", subject: str = ""
    ) -> list[Entry]:
        """Events with a cursor greater than `after`, oldest first. kind, subject: empty is any."""
        ...

    def last_cursor(self) -> int:
        """Cursor of the newest event, 0 when there is none."""
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

    def command_of_token(self, dev_eui: str, token: int) -> Command | None:
        """The newest command of a device with this token."""
        ...

    def endpoint(self, endpoint_id: str) -> Endpoint | None:
        """One webhook, unless it was removed."""
        ...

    def endpoints(self) -> list[Endpoint]:
        """All webhooks that were not removed, in the order they were added."""
        ...

    def totals(self, endpoint_id: str) -> Totals:
        """The sums of a webhook; a removed one keeps them."""
        ...

    def due_deliveries(self, endpoint_id: str, now_ms: int, limit: int = 100) -> list[Delivery]:
        """What may be sent to an endpoint now: each device's oldest pending event, when due.

        So an event of a device waits for the earlier ones of the same device, and for nothing
        else. In the order of their cursors.
        """
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

    def api_key(self, digest: str) -> ApiKey | None:
        """The key with this SHA-256, unless it was revoked."""
        ...

    def api_keys(self) -> list[ApiKey]:
        """All keys that were not revoked, in the order they were made."""
        ...

    def quarantined(self, after: int = 0, limit: int = 100) -> list[Quarantined]:
        """What could not be read, with an id greater than `after`, oldest first."""
        ...


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
        ...

    def remove_device(self, dev_eui: str) -> None:
        """Forget a device and its latest values; its events and commands stay. Raises Unknown."""
        ...

    def put_latest(
        self, dev_eui: str, seq: int | None, observed_at: str, values: tuple[Value, ...]
    ) -> None:
        """Keep these as the newest values, each unless a value observed later is there."""
        ...

    def put_seen(self, dev_eui: str, seen: bytes) -> None:
        """Replace what ingest remembers of a device."""
        ...

    def quarantine(self, at_ms: int, dev_eui: str, topic: str, body: bytes, reason: str) -> int:
        """Keep what could not be read; returns its id."""
        ...

    def put_command(self, command: Command) -> None:
        """Add or replace a command.

        Its queue_item_id stays findable when a later one replaces it.
        """
        ...

    def next_token(self, dev_eui: str) -> int:
        """A device's next command token.

        1..65535 round and round, so that answers find their command.
        """
        ...

    def add_endpoint(self, endpoint: Endpoint) -> None:
        """Add a webhook; it gets the events appended from now on.

        Raises Refused when its id is taken.
        """
        ...

    def put_endpoint(self, endpoint: Endpoint) -> None:
        """Replace a webhook, for instance to disable it.

        A disabled one gets no new deliveries. Raises Unknown.
        """
        ...

    def remove_endpoint(self, endpoint_id: str) -> None:
        """Remove a webhook; its pending and dead deliveries become withdrawn. Raises Unknown."""
        ...

    def put_delivery(self, delivery: Delivery) -> None:
        """Record an attempt: replaces state, attempts, times and note of a delivery.

        Does nothing when it is withdrawn meanwhile. Raises Unknown when it never was.
        """
        ...

    def hasten(self, endpoint_id: str, now_ms: int) -> int:
        """Let every pending delivery that waits after a failure be due now; returns how many."""
        ...

    def add_api_key(self, key: ApiKey) -> None:
        """Add a key. Raises Refused when its name is taken."""
        ...

    def remove_api_key(self, key_id: str) -> None:
        """Revoke a key. Raises Unknown."""
        ...


class Store(Protocol):
    """Where the gateway keeps everything. An async context manager: open inside, closed after."""

    async def read(self, question: Callable[[View], T]) -> T:
        """Answer a question on the last committed state; never waits for a writer.

        Raises Retry when the store cannot answer now, Broken when it is damaged.
        """
        ...

    async def write(self, change: Callable[[Transaction], T]) -> T:
        """Carry out a change and return its result once it is durable.

        Raises what the change raised; Retry when nothing was kept and trying again may help (disk
        full, locked); Broken when the disk failed: nothing of this process may be trusted then, it
        must end.
        """
        ...

    def on_append(self, listener: Callable[[int], None]) -> None:
        """Call `listener(cursor of the newest event)` on the loop after each commit with events.

        Only commits of this process are seen: another process (the CLI) may write too, so poll
        slowly beside it.
        """
        ...

    async def __aenter__(self) -> Self:
        """Open; creates or migrates what is needed. Raises ConfigError, Retry or Broken."""
        ...

    async def __aexit__(self, *exc: object) -> None:
        """Finish what was begun and close."""
        ...

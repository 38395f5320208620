"""The store's questions and changes over SQL, the same for every database.

A database adds a folder beside this one: `queries.sql`, which holds every statement named in
`view` and `changes`, numbered migrations, a `Connection`, and a `Store` that opens, commits and
translates errors. Nothing here knows which database it is.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

from gateway.model import Latest

Row = tuple[Any, ...]
APART = frozenset(
    {
        "device", "devices", "endpoint", "endpoints", "endpoints_version", "api_key", "quarantine",
        "trim_quarantine", "release", "put_command", "put_command_item", "command",
        "command_of_item", "command_of_key", "command_of_token", "put_command_key",
        "commands_of_device", "open_commands_of_device", "open_commands", "lease", "take_lease",
        "id_of_key", "commands_since", "plan", "plans", "due_plans", "put_plan", "remove_plan",
        "record", "records", "put_record", "remove_record",
        "add_audit",
    }
)  # fmt: skip
"""Statements on tables to which no event, delivery or reading adds a row: a Connection may collect
those rows and write them after such a statement."""


class Connection(Protocol):
    """Runs named statements inside the transaction that its owner began."""

    def rows(self, name: str, *values: Any) -> list[Row]:
        """Every row that a statement gives."""
        ...

    def row(self, name: str, *values: Any) -> Row | None:
        """The first row that a statement gives."""
        ...

    def change(self, name: str, *values: Any) -> int:
        """Run a statement; returns how many rows it inserted, updated or deleted."""
        ...

    def many(self, name: str, rows: Iterable[Row]) -> int:
        """`change` with the values of each row; returns how many rows that were in all."""
        ...


class Collecting(Connection, Protocol):
    """A Connection for the changes of one group, which collects rows to write them together.

    What an event writes has a method of its own: it is called a thousand times in a group.
    """

    def next_sequence(self, dev_eui: str) -> int:
        """A device's next sequence number."""
        ...

    def append(self, event_id: str, kind: str, dev_eui: str, body: bytes) -> int:
        """Add an event; returns its cursor."""
        ...

    def put_outbox(self, endpoint_id: str, cursor: int, dev_eui: str) -> None:
        """Add a pending delivery, and count it as matched."""

    def put_latest(self, dev_eui: str, values: Sequence[Latest], now: str) -> None:
        """See gateway.store.Transaction."""

    def put_seen(self, dev_eui: str, seen: bytes) -> None:
        """See gateway.store.Transaction."""

    def flush(self) -> None:
        """Write what was collected."""

    def undo(self) -> None:
        """Forget what was collected and known: the change that did it is undone."""


def statements(file: Path) -> dict[str, str]:
    """The statements of a `.sql` file by name; each begins with a line `-- name: NAME`."""
    parts = file.read_text(encoding="utf-8").split("-- name: ")[1:]
    return {name.strip(): text.strip() for name, _, text in (one.partition("\n") for one in parts)}

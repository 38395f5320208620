"""What the gateway is to do later or in many steps, as the store keeps it.

All are frozen, as in gateway.model. Each has an `id`, by which it is kept, and `due_at_ms`: when
its next step is due; None when there is none.
"""

from typing import Literal

from msgspec import Struct

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""Of the week, as datetime.date.weekday counts."""


class Selection(Struct, frozen=True):
    """Which devices: those that fit each of what is given.

    devices: DevEUIs.  tags: a device has all of these.  profile: of our boards, empty is any.
    """

    devices: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    profile: str = ""


class Bulk(Struct, frozen=True, kw_only=True):
    """One command for many devices, which are asked one after another.

    who: asked for it.  parts: the values of each command that a device gets, in order.
    targets: DevEUIs.  state: `waiting` for a second person; `running` while some were not asked;
    `done` when all were; `cancelled`, `expired`: those not asked yet will not be.
    next: number of the command to ask next, of len(targets) * len(parts).  pace_ms: between two.
    faults: {DevEUI: why it was not asked}.  approved_by: the second person.
    """

    id: str
    who: str
    name: str
    parts: tuple[dict[str, int], ...]
    selection: Selection
    targets: tuple[str, ...]
    state: Literal["waiting", "running", "done", "cancelled", "expired"] = "running"
    next: int = 0
    pace_ms: int = 0
    next_at_ms: int = 0
    created_at_ms: int = 0
    expires_at_ms: int = 0
    approve_until_ms: int = 0
    approved_by: str = ""
    faults: dict[str, str] = {}

    @property
    def due_at_ms(self) -> int | None:
        """When its next step is due."""
        if self.state == "waiting":
            return self.approve_until_ms
        return self.next_at_ms if self.state == "running" else None

    @property
    def count(self) -> int:
        """How many commands it is."""
        return len(self.targets) * len(self.parts)

    def key_of(self, number: int) -> str:
        """The idempotency key of its command with this number."""
        return f"bulk {self.id} {number}"


class Programme(Struct, frozen=True, kw_only=True):
    """One version of a lamps' programme. A version has one number of its own, for every name.

    source: as the operator wrote it, see gateway.lighting.source.  who: wrote it.
    """

    id: str
    name: str
    version: int
    source: str
    who: str
    created_at_ms: int

    @property
    def due_at_ms(self) -> None:
        """It waits for nothing."""
        return


class Turn(Struct, frozen=True):
    """What became of one date of a schedule. what: `begun` (note: the bulk), `refused`, `missed`.

    on: local date.  at_ms: when it was decided.
    """

    on: str
    at_ms: int
    what: Literal["begun", "refused", "missed"]
    note: str


class Schedule(Struct, frozen=True, kw_only=True):
    """A bulk by the clock on the wall.

    zone, at: of the tz database, HH:MM.  days: of the week, empty is all.  late_s: how late a turn
    may begin.  expires_in_s: of each bulk, 0 as by default.  next_date, next_at_ms: the next turn.
    turns: the newest last.
    """

    id: str
    who: str
    zone: str
    at: str
    name: str
    values: dict[str, int]
    selection: Selection
    days: tuple[str, ...] = ()
    late_s: int = 600
    expires_in_s: int = 0
    state: Literal["waiting", "active"] = "active"
    approve_until_ms: int = 0
    approved_by: str = ""
    created_at_ms: int = 0
    next_date: str = ""
    next_at_ms: int = 0
    turns: tuple[Turn, ...] = ()

    @property
    def due_at_ms(self) -> int | None:
        """When its next turn is."""
        return self.next_at_ms if self.state == "active" else None


PLANS: tuple[type[Struct], ...] = (Bulk, Programme, Schedule)
"""Every kind; the store keeps each under the name of its class."""

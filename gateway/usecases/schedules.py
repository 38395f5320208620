"""Schedules: a bulk by the clock on the wall, exactly once a date."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from gateway import bulks, daily
from gateway.clock import Instant, rfc3339, time_zone
from gateway.lighting.source import Clock, Day
from gateway.plans import Schedule
from gateway.store import Transaction, View
from gateway.usecases import Done, Parts
from gateway.usecases.bulks import BulkRequest, selection_of


class ScheduleRequest(BulkRequest, kw_only=True, forbid_unknown_fields=True):
    """A bulk each day, or on these days, at a local time.

    zone: of the tz database.  late_s: how late a turn may begin, as after a restart.
    """

    zone: Annotated[str, Meta(examples=["Europe/Paris"])]
    local_time: Annotated[Clock, Meta(examples=["22:00"])]
    days: tuple[Day, ...] = ()
    late_s: Annotated[int, Meta(ge=1, le=43_200)] = 600


class TurnView(Struct):
    """One date of a schedule. note: the bulk that it began, or why none."""

    on: str
    at: Instant
    what: Literal["begun", "refused", "missed"]
    note: str


class ScheduleView(Struct):
    """A schedule. next_at: of its next turn, null while it waits for a second person."""

    id: str
    who: str
    approved_by: str
    state: Literal["waiting", "active"]
    local_time: str
    zone: str
    days: list[str]
    name: str
    values: dict[str, int]
    devices: list[str]
    tags: list[str]
    profile: str
    next_at: Instant | None
    turns: list[TurnView]


class Schedules(Struct):
    """Schedules, newest first."""

    schedules: list[ScheduleView]


async def add(parts: Parts, *, body: ScheduleRequest, caller: str) -> ScheduleView:
    """Ask something of many devices at a local time, each day or on some days of the week."""
    time_zone(body.zone)
    wanted = Schedule(
        id="", who=caller, zone=body.zone, at=body.local_time, days=body.days, name=body.name,
        values=body.values, selection=selection_of(body.devices, body.tags, body.profile),
        late_s=body.late_s, expires_in_s=body.expires_in_s or 0,
    )  # fmt: skip
    region = await bulks.region_of(parts.network)
    now_ms = parts.clock()
    settings = parts.commands.settings
    key = f"schedule-key {body.idempotency_key}" if body.idempotency_key else ""

    def change(tx: Transaction) -> Schedule:
        before = tx.plan(Schedule, tx.id_of_key(key)) if key else None
        made = before or daily.add(tx, wanted, settings, region, now_ms)
        if key and not before:
            tx.put_key(key, made.id)
        return made

    return _shown(await parts.store.write(change))


async def find_all(parts: Parts) -> Schedules:
    """Schedules, newest first."""

    def question(view: View) -> list[Schedule]:
        return view.plans(Schedule, 1000)

    return Schedules([_shown(one) for one in await parts.store.read(question)])


async def remove(parts: Parts, schedule_id: str) -> Done:
    """End a schedule; what it began goes on."""
    await parts.store.write(lambda tx: tx.remove_plan(daily.known(tx, schedule_id)))
    return Done()


async def approve(parts: Parts, schedule_id: str, *, caller: str) -> ScheduleView:
    """Let a schedule that waits for a second person begin; one's own is refused."""
    now_ms = parts.clock()
    return _shown(
        await parts.store.write(lambda tx: daily.approve(tx, schedule_id, caller, now_ms))
    )


def _shown(one: Schedule) -> ScheduleView:
    return ScheduleView(
        id=one.id,
        who=one.who,
        approved_by=one.approved_by,
        state=one.state,
        local_time=one.at,
        zone=one.zone,
        days=list(one.days),
        name=one.name,
        values=one.values,
        devices=list(one.selection.devices),
        tags=list(one.selection.tags),
        profile=one.selection.profile,
        next_at=rfc3339(one.next_at_ms) if one.state == "active" else None,
        turns=[TurnView(turn.on, rfc3339(turn.at_ms), turn.what, turn.note) for turn in one.turns],
    )

"""Commands by the clock on the wall: each day at 22:00, exactly once.

A schedule keeps the local date of its next turn. The turn, the bulk that it begins and the date of
the turn after are one commit, and the bulk's idempotency key has the date: so neither a crash nor
a clock that steps back repeats a date. A turn that the gateway slept through is made up within
`late_s`, and else recorded as missed. A local time that the clocks skip comes as long after
midnight as without the change (02:30 is then 03:30); one that comes twice counts the first time.
"""

import secrets
from collections.abc import Callable
from datetime import date, datetime, timedelta

from msgspec.structs import replace

from gateway import bulks
from gateway.bulk_trial import Request, trial
from gateway.clock import time_zone
from gateway.due import Due, approvable
from gateway.errors import Refused, Unknown
from gateway.plans import DAYS, Schedule, Turn
from gateway.settings import CommandSettings
from gateway.store import Transaction

KEPT = 30
"""Turns that a schedule remembers."""


def instant_ms(zone: str, at: str, on: date) -> int:
    """When it is a local time on a date, ms since 1970."""
    hours, _, minutes = at.partition(":")
    local = datetime(on.year, on.month, on.day, int(hours), int(minutes), tzinfo=time_zone(zone))
    return int(local.timestamp() * 1000)


def turn_from(schedule: Schedule, first: date) -> date:
    """The first date from one on that has a turn."""
    while DAYS[first.weekday()] not in (schedule.days or DAYS):
        first += timedelta(days=1)
    return first


def local_date(zone: str, now_ms: int) -> date:
    """The date on the wall."""
    return datetime.fromtimestamp(now_ms / 1000, time_zone(zone)).date()


def _at(schedule: Schedule, on: date) -> Schedule:
    """The schedule with this date as that of its next turn."""
    return replace(
        schedule, next_date=on.isoformat(), next_at_ms=instant_ms(schedule.zone, schedule.at, on)
    )


def add(
    tx: Transaction, wanted: Schedule, settings: CommandSettings, region: str, now_ms: int
) -> Schedule:
    """Keep a schedule; its first turn is the next that comes. Raises Refused, Unknown."""
    request = _request(wanted)
    found = trial(tx, request, settings, region, now_ms)
    for said in found.refusals:
        raise Refused(said, "values")
    on = turn_from(wanted, local_date(wanted.zone, now_ms))
    made = replace(
        _at(wanted, on),
        id=f"{now_ms:012x}{secrets.token_hex(6)}",
        created_at_ms=now_ms,
        state="waiting" if found.approval else "active",
        approve_until_ms=now_ms + settings.limits.approve_within_s * 1000,
    )
    if made.next_at_ms <= now_ms:
        made = _at(made, turn_from(made, on + timedelta(days=1)))
    tx.put_plan(made)
    return made


def _request(schedule: Schedule, key: str = "") -> Request:
    return Request(
        who=schedule.who,
        name=schedule.name,
        parts=(schedule.values,),
        selection=schedule.selection,
        expires_in_s=schedule.expires_in_s or None,
        key=key,
        approved_by=schedule.approved_by,
    )


def known(tx: Transaction, schedule_id: str) -> Schedule:
    """A schedule. Raises Unknown."""
    found = tx.plan(Schedule, schedule_id)
    if found is None:
        said = f"there is no schedule {schedule_id}; `lamplighter schedule list` shows them"
        raise Unknown(said)
    return found


def approve(tx: Transaction, schedule_id: str, who: str, now_ms: int) -> Schedule:
    """Let a schedule that waits begin. Raises Unknown, Refused for one's own, and when late."""
    found = known(tx, schedule_id)
    approvable(found, who, now_ms, made="made")
    begun = replace(found, state="active", approved_by=who)
    tx.put_plan(begun)
    return begun


def fire(
    tx: Transaction, schedule_id: str, settings: CommandSettings, region: str, now_ms: int
) -> None:
    """Take the turn that is due, and set the date of the next."""
    schedule = tx.plan(Schedule, schedule_id)
    if schedule is None or schedule.due_at_ms is None or schedule.due_at_ms > now_ms:
        return
    on = date.fromisoformat(schedule.next_date)
    late_ms = now_ms - schedule.next_at_ms
    if late_ms > schedule.late_s * 1000:
        turn = Turn(schedule.next_date, now_ms, "missed", "the gateway did not run in time")
    else:
        turn = _begin(tx, schedule, settings, region, now_ms)
    later = on + timedelta(days=1)
    back_ms = now_ms - schedule.late_s * 1000
    later = max(later, local_date(schedule.zone, back_ms))  # what is hopelessly late is one miss
    moved = _at(schedule, turn_from(schedule, later))
    tx.put_plan(replace(moved, turns=(*schedule.turns, turn)[-KEPT:]))


def _begin(
    tx: Transaction, schedule: Schedule, settings: CommandSettings, region: str, now_ms: int
) -> Turn:
    request = _request(schedule, f"schedule {schedule.id} {schedule.next_date}")
    try:
        bulk = bulks.begin(tx, request, settings, region, now_ms)
    except (Refused, Unknown) as error:
        return Turn(schedule.next_date, now_ms, "refused", str(error))
    return Turn(schedule.next_date, now_ms, "begun", bulk.id)


class Schedules(Due):
    """Begins bulks at their time."""

    async def step(self) -> None:
        """Take the turns that are due now."""
        now_ms = self.clock()
        due = await self.store.read(lambda view: view.due_plans(Schedule, now_ms))
        if not due:
            return
        region = await bulks.region_of(self.network)
        for one in due:
            await self.store.write(self._fire(one.id, region, now_ms))

    def _fire(self, schedule_id: str, region: str, now_ms: int) -> Callable[[Transaction], None]:
        return lambda tx: fire(tx, schedule_id, self.settings, region, now_ms)

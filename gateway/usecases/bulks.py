"""Bulks: one command for many devices, with one progress and a result per device."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from gateway import bulk_trial, bulks
from gateway.bulk_trial import Request, Trial
from gateway.clock import Instant, rfc3339
from gateway.errors import Unknown
from gateway.expiry import LONGEST_S
from gateway.plans import Bulk, Selection
from gateway.store import Transaction, View
from gateway.usecases import Eui, Limit, Name, Parts, Tag, listed
from gateway.usecases.commands import NAMES, VALUES


class BulkRequest(Struct, forbid_unknown_fields=True):
    """A command for the devices that fit all of what is given; at least one thing is.

    tags: a device has all of these.  profile: of our boards.  values: as of one command.
    expires_in_s: of the whole; without it, time to ask all and then as of one command.
    """

    name: Annotated[Name, listed(*NAMES)]
    values: Annotated[dict[str, int], VALUES] = {}
    devices: Annotated[list[Eui], Meta(max_length=1000)] = []
    tags: Annotated[list[Tag], Meta(max_length=20)] = []
    profile: Annotated[str, Meta(max_length=24)] = ""
    expires_in_s: Annotated[int, Meta(ge=1, le=LONGEST_S)] | None = None
    idempotency_key: Annotated[str, Meta(max_length=200)] = ""


class BulkTrial(Struct):
    """What a bulk would do now, if it began.

    targets, left_out: names; the latter are selected and take no such command.  airtime_s: of the
    first transmissions.  eta: when the last is asked.  refusals: which limit refuses it, and who
    may raise it.  needs_approval: by a second person.
    """

    targets: list[str]
    left_out: list[str]
    airtime_s: float
    eta: Instant
    refusals: list[str]
    needs_approval: bool


class BulkResult(Struct):
    """What became of one device. state: `waiting` before it is asked, `not asked`, or a command's.

    commands: their ids, in order.
    """

    dev_eui: str
    state: str
    reason: str
    commands: list[str]


class BulkView(Struct):
    """A bulk and how far it came.

    asked: commands so far, of `count`.  progress: {state: devices}.  eta: when the last is asked;
    null once all are, or none will be.  results: empty in a list.
    """

    id: str
    name: str
    values: dict[str, int]
    who: str
    approved_by: str
    state: Literal["waiting", "running", "done", "cancelled", "expired"]
    created_at: Instant
    expires_at: Instant
    eta: Instant | None
    devices: int
    count: int
    asked: int
    progress: dict[str, int]
    results: list[BulkResult]


class Bulks(Struct):
    """Bulks, newest first, without results."""

    bulks: list[BulkView]


class BulksQuery(Struct):
    """How many."""

    limit: Limit = 20


async def ask(parts: Parts, *, body: BulkRequest, caller: str) -> BulkView:
    """Ask something of many devices, paced within the airtime budget."""
    return await begin(parts, request_of(body, caller))


async def begin(parts: Parts, request: Request) -> BulkView:
    """Keep a bulk and show it."""
    region = await bulks.region_of(parts.network)
    now_ms = parts.clock()
    settings = parts.commands.settings

    def change(tx: Transaction) -> BulkView:
        return shown(tx, bulks.begin(tx, request, settings, region, now_ms))

    return await parts.store.write(change)


async def attempt(parts: Parts, *, body: BulkRequest, caller: str) -> BulkTrial:
    """What a bulk would do: to whom, airtime, until when, and which limit refuses it."""
    return await trial(parts, request_of(body, caller))


async def trial(parts: Parts, request: Request) -> BulkTrial:
    """What a request would do."""
    region = await bulks.region_of(parts.network)
    now_ms = parts.clock()
    settings = parts.commands.settings
    found: Trial = await parts.store.read(
        lambda view: bulk_trial.trial(view, request, settings, region, now_ms)
    )
    return BulkTrial(
        targets=[one.name for one in found.targets],
        left_out=[one.name for one in found.left_out],
        airtime_s=found.airtime_ms / 1000,
        eta=rfc3339(now_ms + found.takes_ms),
        refusals=list(found.refusals),
        needs_approval=found.approval,
    )


def request_of(body: BulkRequest, caller: str) -> Request:
    """The request of a body."""
    return Request(
        who=caller,
        name=body.name,
        parts=(body.values,),
        selection=selection_of(body.devices, body.tags, body.profile),
        expires_in_s=body.expires_in_s,
        key=body.idempotency_key,
    )


def selection_of(devices: list[str], tags: list[str], profile: str) -> Selection:
    """A selection of a request."""
    euis = tuple(sorted({one.lower() for one in devices}))
    return Selection(euis, tuple(sorted(set(tags))), profile)


async def find_all(parts: Parts, *, query: BulksQuery) -> Bulks:
    """Bulks, newest first."""

    def question(view: View) -> Bulks:
        return Bulks([shown(view, one, whole=False) for one in view.plans(Bulk, query.limit)])

    return await parts.store.read(question)


async def find(parts: Parts, bulk_id: str) -> BulkView:
    """One bulk, with a result per device."""

    def question(view: View) -> BulkView:
        found = view.plan(Bulk, bulk_id)
        if found is None:
            raise Unknown(f"there is no bulk {bulk_id}; `lamplighter bulk list` shows them")
        return shown(view, found)

    return await parts.store.read(question)


async def cancel(parts: Parts, bulk_id: str) -> BulkView:
    """Ask no more, and cancel what was not transmitted yet."""
    now_ms = parts.clock()
    return await parts.store.write(lambda tx: shown(tx, bulks.cancel(tx, bulk_id, now_ms)))


async def approve(parts: Parts, bulk_id: str, *, caller: str) -> BulkView:
    """Let a bulk that waits for a second person begin; one's own is refused."""
    now_ms = parts.clock()
    return await parts.store.write(
        lambda tx: shown(tx, bulks.approve(tx, bulk_id, caller, now_ms))
    )


def shown(view: View, bulk: Bulk, *, whole: bool = True) -> BulkView:
    """A bulk as callers see it."""
    results: list[BulkResult] = []
    progress: dict[str, int] = {}
    for eui, found in bulks.commands_of(view, bulk).items() if whole else ():
        state, reason = bulks.result(bulk, eui, found)
        results.append(BulkResult(eui, state, reason, [one.id for one in found]))
        progress[state] = progress.get(state, 0) + 1
    left_ms = bulk.pace_ms * max(bulk.count - bulk.next - 1, 0)
    return BulkView(
        id=bulk.id,
        name=bulk.name,
        values=bulk.parts[0] if len(bulk.parts) == 1 else {},
        who=bulk.who,
        approved_by=bulk.approved_by,
        state=bulk.state,
        created_at=rfc3339(bulk.created_at_ms),
        expires_at=rfc3339(bulk.expires_at_ms),
        eta=rfc3339(bulk.next_at_ms + left_ms) if bulk.state == "running" else None,
        devices=len(bulk.targets),
        count=bulk.count,
        asked=bulk.next,
        progress=progress,
        results=results,
    )

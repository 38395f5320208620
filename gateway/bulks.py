"""One command for many devices: whom it is for, what it takes, and the loop that asks it.

A bulk is kept whole in one commit, with its idempotency key; each of its commands has a key of its
own and is asked in the commit that counts it. So a crash, whenever it comes, neither leaves out
nor repeats one. The loop asks no faster than the airtime budget allows.
"""

import secrets
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from gateway import asking
from gateway.asking import Room
from gateway.blast_radius import NO_LIMITS
from gateway.bulk_trial import Request, Trial, running, trial
from gateway.due import POLL_S, Due, approvable
from gateway.errors import ConfigError, Refused, Retry, Unknown
from gateway.expiry import LONGEST_S, default_s
from gateway.model import Command
from gateway.networks import Network
from gateway.plans import Bulk
from gateway.settings import CommandSettings
from gateway.store import Transaction, View

AT_ONCE = 50
"""Commands of a bulk that are asked in one commit at most."""
NOBODY = (
    "it was not asked before the bulk was cancelled or its time was over; the caller asks again"
)


def begin(
    tx: Transaction, request: Request, settings: CommandSettings, region: str, now_ms: int
) -> Bulk:
    """Keep a bulk that the loop will ask. Raises Refused, Unknown.

    A request with the key of an earlier one gives that one and does nothing else.
    """
    known = tx.plan(Bulk, tx.id_of_key(f"bulk-key {request.key}")) if request.key else None
    if known:
        return _same(known, request)
    plan = trial(tx, request, settings, region, now_ms)
    for said in plan.refusals:
        raise Refused(said, "values")
    wait_s = request.expires_in_s or _default_s(tx, plan, settings)
    if plan.takes_ms > wait_s * 1000:
        raise Refused(
            f"it takes {plan.takes_ms // 1000} s within the airtime budget, and expires in "
            f"{wait_s:g} s: select fewer devices or give more time; the operator may raise "
            "`commands.airtime`",
            "expires_in_s",
        )
    until_ms = now_ms + settings.limits.approve_within_s * 1000
    bulk = Bulk(
        id=f"{now_ms:012x}{secrets.token_hex(6)}",
        who=request.who,
        name=request.name,
        parts=request.parts,
        selection=request.selection,
        targets=tuple(one.dev_eui for one in plan.targets),
        state="waiting" if plan.approval else "running",
        pace_ms=plan.pace_ms,
        next_at_ms=now_ms,
        created_at_ms=now_ms,
        expires_at_ms=now_ms + int(wait_s * 1000),
        approve_until_ms=min(until_ms, now_ms + int(wait_s * 1000)) if plan.approval else 0,
        approved_by=request.approved_by,
    )
    tx.put_plan(bulk)
    if request.key:
        tx.put_key(f"bulk-key {request.key}", bulk.id)
    return bulk


def _default_s(view: View, plan: Trial, settings: CommandSettings) -> float:
    """Time to ask all, and for the last what it would have alone."""
    alone_s = max(default_s(view, one, settings.expires_in_s) for one in plan.targets)
    return min(plan.takes_ms / 1000 + alone_s, LONGEST_S)


def _same(known: Bulk, request: Request) -> Bulk:
    asked = (request.name, request.parts, request.selection)
    if (known.name, known.parts, known.selection) != asked:
        raise Refused(
            f"the idempotency key is that of bulk {known.id}, which asked for something else; "
            "the caller makes a new key for each request",
            "idempotency_key",
        )
    return known


def _known(tx: Transaction, bulk_id: str) -> Bulk:
    bulk = tx.plan(Bulk, bulk_id)
    if bulk is None:
        raise Unknown(f"there is no bulk {bulk_id}; `lamplighter bulk list` shows them")
    return bulk


def approve(tx: Transaction, bulk_id: str, who: str, now_ms: int) -> Bulk:
    """Let a bulk that waits begin. Raises Unknown, Refused for one's own, and when it is late."""
    bulk = _known(tx, bulk_id)
    approvable(bulk, who, now_ms, made="asked for")
    bulk = replace(bulk, state="running", approved_by=who, next_at_ms=now_ms)
    tx.put_plan(bulk)
    return bulk


def cancel(tx: Transaction, bulk_id: str, now_ms: int) -> Bulk:
    """Ask no more of a bulk, and cancel what was not transmitted. Raises Unknown, Refused."""
    bulk = _known(tx, bulk_id)
    if bulk.state == "expired":
        raise Refused(f"bulk {bulk_id} is expired: it has ended")
    for number in range(bulk.next):
        command = tx.command_of_key(bulk.key_of(number))
        if command and not command.final and command.state not in {"sent", "acked"}:
            asking.cancel(tx, command.id, now_ms)
    bulk = replace(bulk, state="cancelled")
    tx.put_plan(bulk)
    return bulk


def advance(
    tx: Transaction, bulk_id: str, settings: CommandSettings, room: Room, now_ms: int
) -> None:
    """Ask what is due of a bulk, end it when all was asked or its time is over."""
    bulk = tx.plan(Bulk, bulk_id)
    if bulk is None or bulk.due_at_ms is None or bulk.due_at_ms > now_ms:
        return
    if bulk.state == "waiting" or now_ms >= bulk.expires_at_ms:
        tx.put_plan(replace(bulk, state="expired"))
        return
    pace_ms = bulk.pace_ms * max(len(running(tx)), 1)
    next_at_ms = max(
        bulk.next_at_ms, now_ms - int(POLL_S * 1000)
    )  # what was missed is not made up
    faults = dict(bulk.faults)
    number = bulk.next
    while number < min(bulk.count, bulk.next + AT_ONCE) and next_at_ms <= now_ms:
        _ask(tx, bulk, number, settings, room, faults=faults, now_ms=now_ms)
        number += 1
        next_at_ms += pace_ms
    state = "done" if number == bulk.count else "running"
    tx.put_plan(replace(bulk, state=state, next=number, next_at_ms=next_at_ms, faults=faults))


def _ask(
    tx: Transaction,
    bulk: Bulk,
    number: int,
    settings: CommandSettings,
    room: Room,
    *,
    faults: dict[str, str],
    now_ms: int,
) -> None:
    """Ask one of its commands; limits hold that may have been reached since it began."""
    eui = bulk.targets[number // len(bulk.parts)]
    limits = replace(settings.limits, commands_an_hour=0)  # it was counted when it began
    try:
        asking.ask(
            tx, eui, bulk.name, bulk.parts[number % len(bulk.parts)],
            now_ms=now_ms, expires_in_s=(bulk.expires_at_ms - now_ms) / 1000, room=room,
            key=bulk.key_of(number), limits=NO_LIMITS if bulk.name == "programme" else limits,
        )  # fmt: skip
    except (Refused, Unknown) as error:
        faults[eui] = str(error)


def commands_of(view: View, bulk: Bulk) -> dict[str, list[Command]]:
    """{DevEUI: its commands so far}, every target."""
    found: dict[str, list[Command]] = {eui: [] for eui in bulk.targets}
    for number in range(bulk.next):
        command = view.command_of_key(bulk.key_of(number))
        if command:
            found[command.dev_eui].append(command)
    return found


async def region_of(network: Network) -> str:
    """The region of the network server; empty where it does not say, for the slowest data rate."""
    try:
        return await network.region()
    except (ConfigError, Refused, Retry):
        return ""


class Bulks(Due):
    """Asks the commands of bulks as their time comes."""

    async def step(self) -> None:
        """Ask what is due now."""
        now_ms = self.clock()
        for bulk in await self.store.read(lambda view: view.due_plans(Bulk, now_ms)):
            await self.store.write(self._advance(bulk.id, now_ms))

    def _advance(self, bulk_id: str, now_ms: int) -> Callable[[Transaction], None]:
        room = self.network.most_bytes
        return lambda tx: advance(tx, bulk_id, self.settings, room, now_ms)


def result(bulk: Bulk, dev_eui: str, commands: Sequence[Command]) -> tuple[str, str]:
    """(state, reason) of one device: of its command that is furthest behind."""
    if dev_eui in bulk.faults:
        return "not asked", bulk.faults[dev_eui]
    if len(commands) < len(bulk.parts):
        over = bulk.state in {"cancelled", "expired"}
        return ("not asked", NOBODY) if over else ("waiting", "")
    behind = next((one for one in commands if one.state != "applied"), commands[-1])
    return behind.state, behind.reason

"""Commands: ask something of a device, and follow it."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from gateway import devices as decoders
from gateway.clock import Instant, rfc3339
from gateway.errors import Unknown
from gateway.expiry import LONGEST_S
from gateway.model import Command, CommandState
from gateway.usecases import Limit, Name, Parts, listed

TAKEN = decoders.taken()
"""{decoder: its commands with their fields and ranges}."""
NAMES = tuple(dict.fromkeys(one.partition(" ")[0] for known in TAKEN.values() for one in known))
_FIELDS = "; ".join(f"{name}: {', '.join(known)}" for name, known in TAKEN.items() if known)

VALUES = Meta(description=f"by the device's decoder: {_FIELDS}")


class CommandRequest(Struct, forbid_unknown_fields=True):
    """A command by the wire table.

    values: {name: integer}.  expires_in_s: it is not carried out later; without it as configured,
    and at least three report periods of a class A device.  idempotency_key: a request that is
    repeated with it, as after a lost answer, gives the command of the first.
    """

    name: Annotated[Name, listed(*NAMES)]
    values: Annotated[dict[str, int], VALUES] = {}
    expires_in_s: Annotated[int, Meta(ge=1, le=LONGEST_S)] | None = None
    idempotency_key: Annotated[str, Meta(max_length=200)] = ""


class CommandsQuery(Struct):
    """Which commands. dev_eui: of one device, empty is any."""

    dev_eui: str = ""
    limit: Limit = 100


class StepView(Struct):
    """One thing that happened to a command."""

    at: Instant
    what: str
    note: str


class CommandView(Struct):
    """A command and how far it came.

    due_at: when the gateway takes its next step by itself, if nothing is heard before; null once
    it has ended.
    """

    id: str
    dev_eui: str
    name: str
    values: dict[str, int]
    state: CommandState
    reason: str
    applied: dict[str, Any] | None
    created_at: Instant
    expires_at: Instant
    updated_at: Instant
    due_at: Instant | None
    attempts: int
    history: list[StepView]


class Commands(Struct):
    """Commands, newest first."""

    commands: list[CommandView]


async def ask(parts: Parts, dev_eui: str, *, body: CommandRequest) -> CommandView:
    """Ask something of a device; the answer's id names it in `command` events."""
    asked = await parts.commands.request(
        dev_eui.lower(), body.name, body.values, body.expires_in_s, body.idempotency_key
    )
    return command_view(asked)


async def find_all(parts: Parts, *, query: CommandsQuery) -> Commands:
    """Commands, newest first."""
    dev_eui = query.dev_eui.lower()
    found = await parts.store.read(lambda view: view.commands(dev_eui, query.limit))
    return Commands([command_view(one) for one in found])


async def find(parts: Parts, command_id: str) -> CommandView:
    """One command."""
    found = await parts.store.read(lambda view: view.command(command_id))
    if found is None:
        raise Unknown(f"there is no command {command_id}; `lamplighter command list` shows them")
    return command_view(found)


async def cancel(parts: Parts, command_id: str) -> CommandView:
    """Cancel a command that was not transmitted yet; it has ended when it is `cancelled`."""
    return command_view(await parts.commands.cancel(command_id))


def command_view(command: Command) -> CommandView:
    """A command as callers see it."""
    return CommandView(
        id=command.id,
        dev_eui=command.dev_eui,
        name=command.name,
        values=command.values,
        state=command.state,
        reason=command.reason,
        applied=command.applied,
        created_at=rfc3339(command.created_at_ms),
        expires_at=rfc3339(command.expires_at_ms),
        updated_at=rfc3339(command.updated_at_ms),
        due_at=None if command.final else rfc3339(command.next_at_ms),
        attempts=command.attempts,
        history=[StepView(rfc3339(step.at_ms), step.what, step.note) for step in command.history],
    )

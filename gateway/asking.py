"""What a caller may do with a command: ask for it, and cancel it while it is not transmitted."""

import secrets
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from gateway.blast_radius import NO_LIMITS, check
from gateway.devices import encode
from gateway.errors import Refused, Unknown
from gateway.expiry import LONGEST_S
from gateway.lifecycle import end, move, publish
from gateway.model import Command, Device, Step
from gateway.seen import Seen
from gateway.settings import LimitSettings
from gateway.store import Transaction

REPLACEABLE = ("dim", "interval")
"""Commands that supersede an open one of the same name."""
Room = Callable[[Device, int | None], int]
"""What one downlink to a device carries, bytes; see gateway.networks.Network.most_bytes."""
TRANSMITTED = (
    "it is transmitted already, and the device may have carried it out; the caller asks for the "
    "opposite"
)


def ask(
    tx: Transaction,
    dev_eui: str,
    name: str,
    values: dict[str, int],
    *,
    now_ms: int,
    expires_in_s: float,
    room: Room,
    key: str = "",
    limits: LimitSettings = NO_LIMITS,
) -> Command:
    """Keep a command that the loop will submit.

    values: as the device's decoder takes them, without token and expiry.
    key: asked with the same key before, the command of then is returned and nothing else is done.
    Supersedes an open `dim` or `interval` of the same device and name.
    limits: what it may not pass.
    Raises Unknown for the device, Refused for whatever could never be applied.
    """
    known = tx.command_of_key(key) if key else None
    if known:
        return _same(known, dev_eui, name, values)
    device = tx.device(dev_eui)
    if not device:
        raise Unknown(f"no device has the DevEUI {dev_eui!r}; list the devices", "dev_eui")
    _check_expiry(expires_in_s)
    command = Command(
        id=f"{now_ms:012x}{secrets.token_hex(6)}",
        dev_eui=dev_eui,
        name=name,
        values=values,
        token=tx.next_token(dev_eui),
        key=key,
        created_at_ms=now_ms,
        expires_at_ms=now_ms + int(expires_in_s * 1000),
        updated_at_ms=now_ms,
        next_at_ms=now_ms,
        history=(Step(now_ms, "desired"),),
    )
    _, data = encode(device, command)
    _check_size(name, len(data), room(device, Seen.load(tx.seen(dev_eui)).frames.dr))
    check(tx, limits, [device], name=name, values=values, now_ms=now_ms)
    command = replace(command, replaces=_supersede(tx, command))
    tx.put_command(command)
    publish(tx, command)
    return command


def _same(known: Command, dev_eui: str, name: str, values: dict[str, int]) -> Command:
    if (known.dev_eui, known.name, known.values) != (dev_eui, name, values):
        raise Refused(
            f"the idempotency key is that of command {known.id}, which asked for something else; "
            "the caller makes a new key for each request",
            "idempotency_key",
        )
    return known


def _check_expiry(expires_in_s: float) -> None:
    if not 0 < expires_in_s <= LONGEST_S:
        raise Refused(
            f"expires_in_s is {expires_in_s:g}, not within 1 to {LONGEST_S}", "expires_in_s"
        )


def _check_size(name: str, size: int, most: int) -> None:
    if not most:
        raise Refused(
            "no downlinks go this way: the caller reaches the device where its data come from",
            "name",
        )
    if size > most:
        raise Refused(
            f"{name} needs {size} bytes, the device's data rate carries {most}; "
            "ask for less, or again when its reception is better",
            "name",
        )


def _supersede(tx: Transaction, command: Command) -> bool:
    """End the open commands that a new one replaces.

    Returns whether the network server's queue may hold a frame of one of them.
    """
    if command.name not in REPLACEABLE:
        return False
    submitted = False
    for other in tx.open_commands(command.dev_eui):
        if other.name == command.name:
            submitted |= _may_be_queued(other)
            end(tx, other, "superseded", f"by command {command.id}", command.created_at_ms)
    return submitted


def _may_be_queued(command: Command) -> bool:
    """Whether the network server's queue may hold a frame of it, or of one that it superseded."""
    return command.replaces or command.touched


def cancel(tx: Transaction, command_id: str, now_ms: int) -> Command:
    """Cancel a command that was not transmitted.

    One that the network server may have ends `cancelled` when its queue was flushed and no notice
    of a transmission came meanwhile; such a notice lets it go on. Again for a cancelled one
    changes nothing. Raises Unknown, Refused.
    """
    command = tx.command(command_id)
    if command is None:
        raise Unknown(f"there is no command {command_id}; `lamplighter command list` shows them")
    if command.state == "cancelled" or (command.cancel and not command.final):
        return command
    if command.final:
        raise Refused(f"command {command_id} is {command.state}: it has ended")
    if command.state in {"sent", "acked"}:
        raise Refused(f"command {command_id} is {command.state}: {TRANSMITTED}")
    if not _may_be_queued(command):
        end(tx, command, "cancelled", "", now_ms)
    else:
        step: dict[str, Any] = {"cancel": "asked"}
        move(tx, command, now_ms, "cancel asked", **step)
    return tx.command(command_id) or command

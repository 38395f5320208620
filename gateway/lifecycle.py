"""The life of a command: queued, sent, and followed until the device reports the result.

    queued -> sent -> acked -> applied | refused | expired | failed | superseded
                                  `-> reverted

`queued`: the gateway or the network server keeps it. `sent`: a radio gateway took it for
transmission. `acked`: the device's radio acknowledged it. `applied`, `refused`: the device's
application reported it. `reverted`: the device undid it, see gateway/reverts.py. A command only
moves to the right, to one end, not later than its expiry and a grace; only `applied` may be
`reverted` later. Between two submissions to the network server the history always has `unknown`,
or `put off` where the device refused it for a passing cause; a repeated one has the same token, so
that the device executes it once.

Every change is a function over a Transaction here; gateway/commands.py talks to the network
server.
"""

import secrets
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from gateway.devices import Applied, encode
from gateway.errors import Refused, Unknown
from gateway.events import CommandData
from gateway.expiry import LONGEST_S
from gateway.model import Command, CommandState, Device, Step
from gateway.seen import Seen
from gateway.seen.signals import Signal
from gateway.settings import CommandSettings
from gateway.store import Transaction

REPLACEABLE = ("dim", "interval")
"""Commands that supersede an open one of the same name."""
RANK = {"queued": 0, "sent": 1, "acked": 2}
Room = Callable[[Device, int | None], int]
"""What one downlink to a device carries, bytes; see gateway.networks.Network.most_bytes."""
LATE = "it reached the device after its expiry; the caller asks again"
TIMED_OUT = "its time ran out before it was transmitted; the caller asks again"
NO_REPORT = "it was transmitted, but the device did not report in time; the caller asks again"
NO_CHANCE = "the network server had no chance to transmit it in time; the caller asks again"
TOO_LONG = "it is too long for the device's data rate; the caller asks for less at a time"
PUT_OFF = "put off"
"""The step of a command that the device refused for a passing cause."""
AGAIN_FIRST_MS = 2_000
AGAIN_MOST_MS = 120_000
"""Waits before a class C device gets such a command again; the first and the longest."""
HISTORY = 40
LOOK_MS = 60_000
"""Without a notice about a queue item for this long, the network server's queue is read."""
CLASS_A_PATIENCE = 10
"""A class A device receives only after an uplink: it has this many times longer to report."""


def ask(
    tx: Transaction,
    dev_eui: str,
    name: str,
    values: dict[str, int],
    *,
    now_ms: int,
    expires_in_s: float,
    room: Room,
) -> Command:
    """Queue a command.

    values: as the device's decoder takes them, without token and expiry.
    Supersedes an open `dim` or `interval` of the same device and name.
    Raises Unknown for the device, Refused for whatever could never be applied.
    """
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
        created_at_ms=now_ms,
        expires_at_ms=now_ms + int(expires_in_s * 1000),
        updated_at_ms=now_ms,
        next_at_ms=now_ms,
        history=(Step(now_ms, "queued"),),
    )
    _, data = encode(device, command)
    _check_size(name, len(data), room(device, Seen.load(tx.seen(dev_eui)).frames.dr))
    command = replace(command, replaces=_supersede(tx, command))
    tx.put_command(command)
    publish(tx, command)
    return command


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
            submitted |= other.replaces or other.attempts > 0
            end(tx, other, "superseded", f"by command {command.id}", command.created_at_ms)
    return submitted


# Notices of the network server and reports of the device


def signalled(
    tx: Transaction,
    seen: Seen,
    dev_eui: str,
    signal: Signal,
    *,
    now_ms: int,
    settings: CommandSettings,
) -> None:
    """Take a signal of the network server about a queue item.

    One about an unknown item is kept in `seen`: it may have overtaken the reply that names the
    item.
    """
    command = tx.command_of_item(signal.queue_item_id)
    if not command:
        seen.signals.remember(signal)
        return
    running = command.queue_item_id == signal.queue_item_id
    if signal.what == "transmitted":
        answer_ms = _answer_ms(tx, dev_eui, settings) + _ramp_ms(command)
        due: dict[str, Any] = {"next_at_ms": now_ms + answer_ms} if running else {}
        _move(tx, command, now_ms, "sent", state="sent", **due)
    elif signal.what == "acknowledged":
        _move(tx, command, now_ms, "acked", state="acked")
    elif not running:
        _move(tx, command, now_ms, signal.what, signal.note)
    elif signal.what == "unacknowledged":
        repeat(tx, command, "the device did not acknowledge it", now_ms)
    else:
        _dropped(tx, command, signal, now_ms)


def _dropped(tx: Transaction, command: Command, signal: Signal, now_ms: int) -> None:
    code = signal.note.partition(":")[0]
    if code == "EXPIRED":
        end(tx, command, "expired", NO_CHANCE, now_ms)
    elif code == "DOWNLINK_PAYLOAD_SIZE":
        end(tx, command, "failed", TOO_LONG, now_ms)
    else:
        repeat(tx, command, f"the network server dropped it ({signal.note})", now_ms)


def reported(tx: Transaction, dev_eui: str, applied: Applied, now_ms: int) -> bool:
    """Take the device's report on a command. Returns whether there is such a command.

    A refusal for a passing cause does not end the command; it is sent again.
    """
    command = _command_of(tx, dev_eui, applied)
    if not command:
        return False
    if applied.again:
        _put_off(tx, command, applied.reason, now_ms)
        return True
    result = applied.result
    reason = LATE if result == "expired" else applied.reason
    _move(tx, command, now_ms, result, reason, state=result, applied=applied.values)
    return True


def _put_off(tx: Transaction, command: Command, why: str, now_ms: int) -> None:
    """Record a refusal for a passing cause: it is due again, and the attempt does not count.

    A class A device gets it after its next uplink; a class C device, which would refuse at once
    again, after a wait that doubles.
    """
    device = tx.device(command.dev_eui)
    wait_ms = 0
    if device and device.device_class == "C":
        times = [step.what for step in command.history].count(PUT_OFF)
        wait_ms = min(AGAIN_FIRST_MS * 2**times, AGAIN_MOST_MS)
    step: dict[str, Any] = {
        "queue_item_id": "",
        "attempts": max(command.attempts - 1, 0),
        "next_at_ms": now_ms + wait_ms,
    }
    _move(tx, command, now_ms, PUT_OFF, why, **step)


def _command_of(tx: Transaction, dev_eui: str, applied: Applied) -> Command | None:
    """By its token; without one, the oldest open command that was sent and asked for this."""
    if applied.token is not None:
        return tx.command_of_token(dev_eui, applied.token)
    for command in tx.open_commands(dev_eui):
        same = command.name == applied.name and applied.values.items() <= command.values.items()
        if same and command.attempts:
            return command
    return None


# Steps of the loop in gateway/commands.py


def submitting(tx: Transaction, command: Command, now_ms: int) -> bool:
    """Record, before the network server is asked, that it will be.

    False when the command ended.
    """
    step: dict[str, Any] = {
        "submitted": True,
        "attempts": command.attempts + 1,
        "queue_item_id": "",
    }
    return not _move(tx, command, now_ms, "submitted", **step).final


def enqueued(
    tx: Transaction,
    command: Command,
    item: str,
    now_ms: int,
    *,
    settings: CommandSettings,
    flushed: bool,
) -> None:
    """Record the network server's reply, and take the signals that overtook it.

    flushed: the other frames of the device were removed from the network server's queue.
    """
    step: dict[str, Any] = {
        "submitted": False,
        "queue_item_id": item,
        "next_at_ms": now_ms + LOOK_MS,
    }
    _move(tx, command, now_ms, "enqueued", str(item), **step)
    if flushed:
        _flushed(tx, command, now_ms)
    seen = Seen.load(tx.seen(command.dev_eui))
    signals = seen.signals.recall(item)
    if signals:
        tx.put_seen(command.dev_eui, seen.dump())
    for signal in signals:
        signalled(tx, seen, command.dev_eui, signal, now_ms=now_ms, settings=settings)


def _flushed(tx: Transaction, command: Command, now_ms: int) -> None:
    """Submit again what is still wanted of a queue that was flushed for `command`.

    An item that was being transmitted is still in the queue and is found there.
    """
    why = f"the network server's queue was flushed for command {command.id}"
    for other in tx.open_commands(command.dev_eui):
        if other.id != command.id and other.queue_item_id and other.state == "queued":
            step: dict[str, Any] = {
                "queue_item_id": "",
                "attempts": other.attempts - 1,
                "next_at_ms": now_ms,
            }
            _move(tx, other, now_ms, "unknown", why, **step)


def repeat(tx: Transaction, command: Command, why: str, now_ms: int) -> None:
    """Record that it is unknown whether the device received it; it is due for another attempt."""
    step: dict[str, Any] = {"submitted": False, "queue_item_id": "", "next_at_ms": now_ms}
    _move(tx, command, now_ms, "unknown", why, **step)


def postpone(tx: Transaction, command: Command, why: str, now_ms: int, wait_ms: int) -> None:
    """Record that the network server did not take it; the attempt does not count."""
    attempts = max(command.attempts - 1, 0)
    step: dict[str, Any] = {
        "submitted": False,
        "attempts": attempts,
        "next_at_ms": now_ms + wait_ms,
    }
    _move(tx, command, now_ms, "not taken", why, **step)


def wait(tx: Transaction, command: Command, now_ms: int, wait_ms: int) -> None:
    """Look again later."""
    current = tx.command(command.id)
    if current and not current.final:
        tx.put_command(_in_time(replace(current, next_at_ms=now_ms + wait_ms), now_ms))


def end(tx: Transaction, command: Command, state: CommandState, reason: str, now_ms: int) -> None:
    """End a command."""
    _move(tx, command, now_ms, state, reason, state=state)


def end_late(tx: Transaction, command: Command, now_ms: int) -> None:
    """End a command whose time is over."""
    if any(step.what == PUT_OFF for step in command.history):
        cause = next(one.note for one in reversed(command.history) if one.what == PUT_OFF)
        reason = (
            f"{cause.partition(';')[0]}, and the command's time ran out; the caller asks again"
        )
        end(tx, command, "failed", reason, now_ms)
    elif command.state == "queued":
        end(tx, command, "expired", TIMED_OUT, now_ms)
    else:
        end(tx, command, "failed", NO_REPORT, now_ms)


def last_chance_ms(command: Command, settings: CommandSettings) -> int:
    """When a command ends at the latest.

    A late report has a grace, and a ramp its time, but only for a command that was submitted.
    """
    grace_ms = settings.grace_s * 1000 + _ramp_ms(command) if command.attempts else 0
    return command.expires_at_ms + int(grace_ms)


def _answer_ms(tx: Transaction, dev_eui: str, settings: CommandSettings) -> int:
    device = tx.device(dev_eui)
    patience = 1 if device and device.device_class == "C" else CLASS_A_PATIENCE
    return int(settings.answer_s * 1000) * patience


def _ramp_ms(command: Command) -> int:
    """The ramp of a `dim`, at whose end the device reports."""
    return (command.values.get("ramp") or 0) * 1000


def _move(
    tx: Transaction,
    command: Command,
    now_ms: int,
    what: str,
    note: str = "",
    **changed: Any,
) -> Command:
    """The only way a command changes: forward; after its end only its history grows."""
    command = tx.command(command.id) or command
    step = Step(now_ms, f"late {what}" if command.final else what, note)
    history = command.history
    if history and (history[-1].what, history[-1].note) == (step.what, step.note):
        history = history[:-1]  # a repetition keeps its latest time only
    command = replace(command, history=(*history, step)[-HISTORY:], updated_at_ms=now_ms)
    if command.final:
        tx.put_command(command)
        return command
    state = changed.pop("state", command.state)
    forward = RANK.get(state, len(RANK)) > RANK[command.state]
    if forward:
        changed |= {"state": state, "reason": note}
    if now_ms >= command.expires_at_ms:  # the end is scheduled and is not postponed
        changed["next_at_ms"] = min(changed.get("next_at_ms", now_ms), command.next_at_ms)
    command = _in_time(replace(command, **changed), now_ms)
    if command.final:
        command = replace(command, submitted=False)
    tx.put_command(command)
    if forward:
        publish(tx, command)
    return command


def _in_time(command: Command, now_ms: int) -> Command:
    """Be due at the expiry at the latest."""
    if now_ms < command.expires_at_ms < command.next_at_ms:
        return replace(command, next_at_ms=command.expires_at_ms)
    return command


def publish(tx: Transaction, command: Command) -> None:
    """Append the event of a command's state."""
    data = CommandData(
        id=command.id,
        dev_eui=command.dev_eui,
        name=command.name,
        values=command.values,
        state=command.state,
        reason=command.reason,
        applied=command.applied,
    )
    tx.append("command", command.dev_eui, command.updated_at_ms, data)

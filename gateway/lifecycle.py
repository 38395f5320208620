"""The life of a command: desired, queued, sent, and followed until the device reports the result.

    desired -> queued -> sent -> acked -> applied | refused | expired | failed | superseded
                                             |      | cancelled | unknown
                                             `-> reverted

`desired`: the gateway keeps it. `queued`: the network server keeps it in its queue. `sent`: a
radio gateway took it for transmission. `acked`: the device's radio acknowledged it. `applied`,
`refused`: the device's application reported it. `expired`, `failed`, `cancelled`: it was not
carried out. `unknown`: it may have been, and the device did not report. `reverted`: the device
undid it, see gateway/reverts.py. A command only moves to the right, to one end, not later than its
expiry and a grace; only `applied` may be `reverted` later. Between two submissions to the network
server the history always has `unknown`, or `put off` where the device refused it for a passing
cause; a repeated one has the same token, so that the device executes it once.

Every change is a function over a Transaction: those of the loop are here, those of a caller in
gateway/asking.py, those of a notice in gateway/outcomes.py. gateway/commands.py talks to the
network server.
"""

from typing import Any

from msgspec.structs import replace

from gateway.events import CommandData
from gateway.model import Command, CommandState, Step
from gateway.settings import CommandSettings
from gateway.store import Transaction

RANK = {"desired": 0, "queued": 1, "sent": 2, "acked": 3}
TIMED_OUT = "its time ran out before it was transmitted; the caller asks again"
NO_REPORT = (
    "it was transmitted, but the device did not report in time: it may have carried it out; "
    "the caller asks again"
)
NO_TRACE = (
    "nobody can say whether it was transmitted, and the device did not report in time; "
    "the caller asks again"
)
TOO_LATE_TO_CANCEL = (
    "it was transmitted before it could be cancelled, and the device did not report"
)
NOT_SEEN_TO_CANCEL = (
    "it was not in the network server's queue when it was to be cancelled, and no notice says "
    "whether it was transmitted"
)
PUT_OFF = "put off"
"""The step of a command that the device refused for a passing cause."""
HISTORY = 40
IN_FLIGHT = 16
"""Most commands of a device from the oldest that may be repeated to the newest submitted.

A node knows the tokens of its last 16 commands (firmware/node/commands.py, `_KEPT`): with more
between, it would carry out a repeated one twice.
"""
TOKENS = 65535
LOOK_MS = 60_000
"""Without a notice about a queue item for this long, the network server's queue is read."""
SETTLE_MS = 10_000
"""After a flush a frame that was under way is heard of within this time.

Both receive windows (RX2 opens 2 s after the uplink by default, at most 16 s) and the notice.
"""


def submitting(tx: Transaction, command: Command, now_ms: int) -> bool:
    """Record, before the network server is asked, that it will be.

    False when the command ended, is to be cancelled, or waits for an earlier one to end.
    """
    current = tx.command(command.id)
    if current and current.cancel:
        return False
    if _is_held(tx, command):
        wait(tx, command, now_ms, LOOK_MS)
        return False
    step: dict[str, Any] = {
        "submitted": True,
        "attempts": command.attempts + 1,
        "queue_item_id": "",
    }
    return not move(tx, command, now_ms, "submitted", **step).final


def _is_held(tx: Transaction, command: Command) -> bool:
    """Whether it must not be submitted before an earlier one has ended; see IN_FLIGHT."""
    if command.touched:
        return False
    earlier = (one for one in tx.open_commands(command.dev_eui) if one.touched)
    return any(IN_FLIGHT <= (command.token - one.token) % TOKENS < TOKENS // 2 for one in earlier)


def _release(tx: Transaction, ended: Command, now_ms: int) -> None:
    """Have those due that may have waited for this one to end."""
    for one in tx.open_commands(ended.dev_eui):
        if one.state == "desired" and not one.touched and one.next_at_ms > now_ms:
            tx.put_command(replace(one, next_at_ms=now_ms))


def flushed(tx: Transaction, command: Command, now_ms: int) -> None:
    """Submit again what is still wanted of a queue that was flushed for `command`.

    An item that was being transmitted is still in the queue and is found there.
    """
    why = f"the network server's queue was flushed for command {command.id}"
    for other in tx.open_commands(command.dev_eui):
        if other.id != command.id and other.queue_item_id and other.state == "queued":
            lost(tx, other, why, now_ms)


def lost(tx: Transaction, command: Command, why: str, now_ms: int) -> None:
    """Record that the network server may have dropped it unsent; the attempt does not count."""
    step: dict[str, Any] = {
        "submitted": False,
        "queue_item_id": "",
        "attempts": max(command.attempts - 1, 0),
        "loose": command.loose + 1,
        "next_at_ms": now_ms,
    }
    move(tx, command, now_ms, "unknown", why, **step)


def repeat(
    tx: Transaction, command: Command, why: str, now_ms: int, *, dropped: bool = False
) -> None:
    """Record that it is unknown whether the device received it; it is due for another attempt.

    dropped: the network server says that it was not transmitted.
    """
    step: dict[str, Any] = {
        "submitted": False,
        "queue_item_id": "",
        "loose": command.loose + (not dropped),
        "next_at_ms": now_ms,
    }
    move(tx, command, now_ms, "unknown", why, **step)


def postpone(tx: Transaction, command: Command, why: str, now_ms: int, wait_ms: int) -> None:
    """Record that the network server did not take it; the attempt does not count."""
    attempts = max(command.attempts - 1, 0)
    step: dict[str, Any] = {
        "submitted": False,
        "attempts": attempts,
        "next_at_ms": now_ms + wait_ms,
    }
    move(tx, command, now_ms, "not taken", why, **step)


def wait(tx: Transaction, command: Command, now_ms: int, wait_ms: int) -> None:
    """Look again later."""
    current = tx.command(command.id)
    if current and not current.final:
        tx.put_command(_in_time(replace(current, next_at_ms=now_ms + wait_ms), now_ms))


def withdrawn(tx: Transaction, command: Command, now_ms: int, *, here: bool) -> None:
    """Record that the network server's queue was flushed to cancel a command.

    here: its frame was in the queue, so that this one was not transmitted before. A notice of one
    that was under way comes within SETTLE_MS.
    """
    loose = command.loose + (not here) if command.queue_item_id else command.loose - here
    step: dict[str, Any] = {
        "cancel": "withdrawn",
        "loose": max(loose, 0),
        "next_at_ms": now_ms + SETTLE_MS,
    }
    move(tx, command, now_ms, "withdrawn", **step)
    flushed(tx, command, now_ms)


def end(tx: Transaction, command: Command, state: CommandState, reason: str, now_ms: int) -> None:
    """End a command."""
    move(tx, command, now_ms, state, reason, state=state)


def give_up(tx: Transaction, command: Command, why: str, now_ms: int) -> None:
    """End a command that is not submitted again: `failed` only where it was not carried out.

    A submission that is under way was refused.
    """
    current = replace(tx.command(command.id) or command, submitted=False)
    end(tx, command, "unknown" if may_have_run(current) else "failed", why, now_ms)


def end_withdrawn(tx: Transaction, command: Command, now_ms: int) -> None:
    """End a command that was taken from the network server's queue, and of which nothing came."""
    if may_have_run(command):
        end(tx, command, "unknown", NOT_SEEN_TO_CANCEL, now_ms)
    else:
        end(tx, command, "cancelled", "", now_ms)


def end_late(tx: Transaction, command: Command, now_ms: int, *, waits: bool) -> None:
    """End a command whose time is over.

    waits: the network server still has its frame, so that this one was not transmitted.
    """
    command = tx.command(command.id) or command
    if may_have_run(command, waits=waits):
        reason = NO_REPORT if command.state in {"sent", "acked"} else NO_TRACE
        end(tx, command, "unknown", reason, now_ms)
    elif any(step.what == PUT_OFF for step in command.history):
        cause = next(one.note for one in reversed(command.history) if one.what == PUT_OFF)
        reason = (
            f"{cause.partition(';')[0]}, and the command's time ran out; the caller asks again"
        )
        end(tx, command, "failed", reason, now_ms)
    elif command.cancel:
        end(tx, command, "cancelled", "", now_ms)
    else:
        end(tx, command, "expired", TIMED_OUT, now_ms)


def since_put_off(command: Command) -> list[str] | None:
    """Its steps since the device last refused it for a passing cause; None if it never did."""
    whats = [step.what for step in command.history]
    if PUT_OFF not in whats:
        return None
    return whats[len(whats) - whats[::-1].index(PUT_OFF) :]


def transmitted(command: Command) -> bool:
    """Whether a transmission was noticed that the device did not refuse for a passing cause."""
    whats = since_put_off(command)
    if whats is None:
        return command.state in {"sent", "acked"}
    return "sent" in whats or "acked" in whats


def may_have_run(command: Command, *, waits: bool = True) -> bool:
    """Whether the device may have carried it out although it did not report."""
    gone = bool(command.queue_item_id) and not waits
    return transmitted(command) or gone or command.submitted or command.loose > 0


def last_chance_ms(command: Command, settings: CommandSettings) -> int:
    """When a command ends at the latest.

    A late report has a grace, and a ramp its time, but only for a command that was submitted.
    """
    grace_ms = settings.grace_s * 1000 + ramp_ms(command) if command.attempts else 0
    return command.expires_at_ms + int(grace_ms)


def ramp_ms(command: Command) -> int:
    """The ramp of a `dim`, at whose end the device reports."""
    return (command.values.get("ramp") or 0) * 1000


def move(
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
        changed |= {"state": state, "reason": note if state not in RANK else ""}
    command = _in_time(_due(command, changed, now_ms), now_ms)
    if command.final:
        command = replace(command, submitted=False)
    tx.put_command(command)
    if forward:
        publish(tx, command)
    if command.final and command.touched:
        _release(tx, command, now_ms)
    return command


def _due(command: Command, changed: dict[str, Any], now_ms: int) -> Command:
    """The command with its changes; its end is scheduled, and no step of ours postpones it."""
    next_at_ms = changed.get("next_at_ms", now_ms)
    if now_ms >= command.expires_at_ms:
        changed["next_at_ms"] = min(next_at_ms, command.next_at_ms)
    elif changed.get("cancel", command.cancel) == "asked":
        changed["next_at_ms"] = now_ms
    return replace(command, **changed)


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

"""What becomes of a command: notices of the network server, and reports of the device."""

from typing import Any

from gateway.devices import Applied
from gateway.lifecycle import (
    LOOK_MS,
    PUT_OFF,
    end,
    flushed,
    lost,
    move,
    ramp_ms,
    repeat,
    since_put_off,
)
from gateway.model import Command
from gateway.seen import Seen
from gateway.seen.signals import Signal
from gateway.settings import CommandSettings
from gateway.store import Transaction

LATE = "it reached the device after its expiry; the caller asks again"
NO_CHANCE = "the network server had no chance to transmit it in time; the caller asks again"
TOO_LONG = "it is too long for the device's data rate; the caller asks for less at a time"
JOINED = "the device joined, and the network server may have dropped what waited for it"
AGAIN_FIRST_MS = 2_000
AGAIN_MOST_MS = 120_000
"""Waits before a class C device gets a refused command again; the first and the longest."""
CLASS_A_PATIENCE = 10
"""A class A device receives only after an uplink: it has this many times longer to report."""


def enqueued(
    tx: Transaction,
    command: Command,
    item: str,
    now_ms: int,
    *,
    settings: CommandSettings,
    flush: bool,
    found: bool = False,
) -> None:
    """Record the network server's reply, and take the signals that overtook it.

    flush: the other frames of the device were removed from the network server's queue.
    found: the reply was lost, and the frame was found in the queue.
    """
    step: dict[str, Any] = {
        "submitted": False,
        "queue_item_id": item,
        "loose": max(command.loose - found, 0),
        "next_at_ms": now_ms + LOOK_MS,
    }
    move(tx, command, now_ms, "enqueued", str(item), state="queued", **step)
    if flush:
        flushed(tx, command, now_ms)
    seen = Seen.load(tx.seen(command.dev_eui))
    signals = seen.signals.recall(item)
    if signals:
        tx.put_seen(command.dev_eui, seen.dump())
    for signal in signals:
        signalled(tx, seen, command.dev_eui, signal, now_ms=now_ms, settings=settings)


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
        answer_ms = _answer_ms(tx, dev_eui, settings) + ramp_ms(command)
        due: dict[str, Any] = {"next_at_ms": now_ms + answer_ms} if running else {}
        move(tx, command, now_ms, "sent", state="sent", **due)
    elif signal.what == "acknowledged":
        move(tx, command, now_ms, "acked", state="acked")
    elif not running:
        move(tx, command, now_ms, signal.what, signal.note)
    elif signal.what == "unacknowledged":
        repeat(tx, command, "the device did not acknowledge it", now_ms)
    else:
        _dropped(tx, command, signal, now_ms)


def _dropped(tx: Transaction, command: Command, signal: Signal, now_ms: int) -> None:
    code = signal.note.partition(":")[0]
    if code == "EXPIRED":
        end(tx, command, "unknown" if command.loose else "expired", NO_CHANCE, now_ms)
    elif code == "DOWNLINK_PAYLOAD_SIZE":
        end(tx, command, "unknown" if command.loose else "failed", TOO_LONG, now_ms)
    else:
        why = f"the network server dropped it ({signal.note})"
        repeat(tx, command, why, now_ms, dropped=True)


def rejoined(tx: Transaction, dev_eui: str, now_ms: int) -> None:
    """Look for what the network server had in its queue when the device joined.

    ChirpStack drops it without a notice where the device profile says `flush_queue_on_activate`.
    Source: ChirpStack 4.20.0, chirpstack/src/uplink/join.rs.
    """
    for command in tx.open_commands(dev_eui):
        if command.queue_item_id:
            lost(tx, command, JOINED, now_ms)


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
    move(tx, command, now_ms, result, reason, state=result, applied=applied.values)
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
        "loose": _loose(command),
        "next_at_ms": now_ms + wait_ms,
    }
    move(tx, command, now_ms, PUT_OFF, why, **step)


def _loose(command: Command) -> int:
    """How many frames of unknown fate are left once the device refused one.

    A refusal may come twice: the second says nothing of what was submitted after the first.
    """
    whats = since_put_off(command)
    if whats is None or "sent" in whats:
        return 0
    return command.loose + ("submitted" in whats)


def _command_of(tx: Transaction, dev_eui: str, applied: Applied) -> Command | None:
    """By its token; without one, the oldest open command that was sent and asked for this."""
    if applied.token is not None:
        return tx.command_of_token(dev_eui, applied.token)
    for command in tx.open_commands(dev_eui):
        same = command.name == applied.name and applied.values.items() <= command.values.items()
        if same and command.attempts:
            return command
    return None


def _answer_ms(tx: Transaction, dev_eui: str, settings: CommandSettings) -> int:
    device = tx.device(dev_eui)
    patience = 1 if device and device.device_class == "C" else CLASS_A_PATIENCE
    return int(settings.answer_s * 1000) * patience

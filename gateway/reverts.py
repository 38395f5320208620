"""What a restart of a device undoes: an applied command becomes `reverted`, with the reason.

Two rules, taken from a report of a start:

- A `dim` lasts until its hold ends or the lamp restarts: a lamp keeps no command over a restart.
- A setting is undone when the device reports a lower `configVersion` than it did when it applied
  the command: it went back to settings of before.

The gateway does not ask again by itself: whoever asked may have acted on the `applied` meanwhile,
and gets the `reverted` as an event.
"""

from typing import Any

from msgspec.structs import replace

from gateway.events import Value
from gateway.lifecycle import HISTORY, publish
from gateway.model import Command, Latest, Step
from gateway.store import Transaction

LOOK_BACK = 100
"""Commands of a device that are looked at, newest first."""
_SAME = ("bootCount", "bootCause")
"""Together they tell one start of a device from the next."""


def after_boot(
    tx: Transaction, dev_eui: str, boot: tuple[Value, ...], at_ms: int, now_ms: int
) -> None:
    """End what this start undid; call before the latest values are replaced.

    boot: values of the report.  at_ms: when it was received.
    """
    values = {one.property: one.value for one in boot}
    if _is_known(tx.latest(dev_eui), values):
        return
    applied = [one for one in tx.commands(dev_eui, LOOK_BACK) if one.state == "applied"]
    dim = next((one for one in applied if one.name == "dim"), None)
    if dim and not _hold_ended(dim, at_ms):
        cause = values.get("bootCause", "unknown")
        why = f"the device restarted (cause: {cause}) and keeps no dim; the caller asks again"
        _revert(tx, dim, why, now_ms)
    version = values.get("configVersion")
    for command in applied:
        reported = (command.applied or {}).get("config_version")
        if command.name == "interval" and _is_lower(version, reported):
            why = (
                f"the device went back from its settings of version {reported} to version "
                f"{version}; a technician reads its log, the caller asks again"
            )
            _revert(tx, command, why, now_ms)


def _revert(tx: Transaction, command: Command, reason: str, now_ms: int) -> None:
    step = Step(now_ms, "reverted", reason)
    reverted = replace(
        command,
        state="reverted",
        reason=reason,
        history=(*command.history, step)[-HISTORY:],
        updated_at_ms=now_ms,
    )
    tx.put_command(reverted)
    publish(tx, reverted)


def _is_known(latest: list[Latest], values: dict[str, Any]) -> bool:
    """Whether this start was reported before, in a frame that was repeated."""
    known = {one.property: one.value for one in latest}
    return all(name in values and values[name] == known.get(name) for name in _SAME)


def _hold_ended(dim: Command, at_ms: int) -> bool:
    """Whether its hold was over by itself. A `dim` without one lasts until the next."""
    hold_min = (dim.applied or {}).get("hold") or dim.values.get("hold")
    if not hold_min:
        return False
    applied_ms = next(step.at_ms for step in dim.history if step.what == "applied")
    return applied_ms + hold_min * 60_000 <= at_ms


def _is_lower(version: Any, reported: Any) -> bool:
    """Whether a version counted modulo 65536 is before the one reported."""
    if not isinstance(version, int) or not isinstance(reported, int):
        return False
    return 0 < (reported - version) % 65536 < 32768

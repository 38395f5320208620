"""Versions of programmes in the store, and which of them a lamp has."""

from msgspec import Struct

from gateway.errors import Refused, Unknown
from gateway.lighting import encoded, source
from gateway.model import Command, Device
from gateway.plans import Bulk, Programme
from gateway.store import Transaction, View

NEWEST = 1000
"""Versions that are looked through."""
LAST = 65_535
LOOK_BACK = 100
"""Commands of a lamp that are looked through, newest first."""


def edit(tx: Transaction, text: str, who: str, now_ms: int) -> Programme:
    """Keep the next version of a programme; the same text again gives the version that is kept.

    Raises Refused for a programme that a lamp could not follow.
    """
    read = source.read(text)
    kept = versions(tx)
    same = [one for one in kept if one.name == read.name][:1]
    if same and same[0].source == text:
        return same[0]
    version = max((one.version for one in kept), default=0) + 1
    if version > LAST:
        raise Refused(f"version {LAST} was the last that a lamp can tell: start a new store")
    encoded.encode(read, version)
    made = Programme(
        id=f"{version:05}", name=read.name, version=version, source=text, who=who,
        created_at_ms=now_ms,
    )  # fmt: skip
    tx.put_plan(made)
    return made


def versions(view: View) -> list[Programme]:
    """Every version, newest first."""
    return view.plans(Programme, NEWEST)


def find(view: View, named: str) -> Programme:
    """A version by its number, or the newest of a name. Raises Unknown."""
    for one in versions(view):
        if named in {one.name, str(one.version)}:
            return one
    raise Unknown(f"there is no programme {named!r}; `lamplighter programme list` shows them")


def before(view: View, programme: Programme) -> Programme | None:
    """The version of the same name before."""
    older = (one for one in versions(view) if one.version < programme.version)
    return next((one for one in older if one.name == programme.name), None)


class Lamp(Struct, frozen=True):
    """What a lamp follows. version: in force, by its newest report; None: it told of none.

    pushed: version of its newest push, 0: none.  state: `in force`, `none`, or how far the push
    came: `incomplete` when every part was applied and the lamp misses some.
    """

    dev_eui: str
    name: str
    version: int | None
    pushed: int
    state: str
    reason: str


def lamp(view: View, device: Device) -> Lamp:
    """What a lamp follows, and how far its newest push came."""
    found = [one for one in view.commands(device.dev_eui, LOOK_BACK) if one.name == "programme"]
    force = next((one for one in map(_in_force, found) if one is not None), None)
    if not found:
        return Lamp(device.dev_eui, device.name, None, 0, "none", "")
    pushed = found[0].values["version"]
    state, reason = _state([one for one in found if one.values["version"] == pushed], force)
    return Lamp(device.dev_eui, device.name, force, pushed, state, reason)


def _in_force(command: Command) -> int | None:
    return (command.applied or {}).get("version") if command.state == "applied" else None


def _state(parts: list[Command], force: int | None) -> tuple[str, str]:
    if force == parts[0].values["version"]:
        return "in force", ""
    behind = next((one for one in parts if one.state != "applied"), None)
    if behind:
        return behind.state, behind.reason
    return "incomplete", "it misses a part, as after a start in between: push it again"


def check_free(targets: set[str], running: list[Bulk]) -> None:
    """Raise Refused while another push to one of these lamps runs: a lamp collects but one."""
    for one in running:
        both = targets & set(one.targets)
        if one.name == "programme" and both:
            raise Refused(
                f"bulk {one.id} still pushes a programme to {len(both)} of these lamps: wait, or "
                f"`lamplighter bulk cancel {one.id}`"
            )

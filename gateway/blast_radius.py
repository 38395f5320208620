"""Limits that no command may pass, whoever asks: a level floor, darkness, commands an hour.

They hold where a command is kept, so that every way in passes them. What a limit refuses is
refused whole, with the name of the limit and who may raise it.
"""

from collections import defaultdict
from collections.abc import Sequence

from gateway import devices
from gateway.errors import Refused
from gateway.model import FINAL_STATES, Device
from gateway.settings import LimitSettings
from gateway.store import View

HOUR_MS = 3_600_000
NO_LIMITS = LimitSettings()
LOOK_BACK = 20
"""Commands of a lamp that are looked at for its newest `dim`."""
STANDING = frozenset({"applied", "unknown"})
"""Ends after which a lamp may have the level that was asked for."""
PARTS = (
    "a part of a programme does not show its levels, and `commands.limits.floor` is set: push "
    "the whole one with `lamplighter programme push`"
)
WHO = "the operator may raise `commands.limits.{}`"


def tag_value(device: Device, name: str) -> str:
    """What a device's tag `name=...` says; empty where it has none."""
    found = [one for one in device.tags if one.startswith(f"{name}=")]
    return found[0].partition("=")[2] if found else ""


def alone(limits: LimitSettings) -> LimitSettings:
    """The limits of one command by itself. Raises Refused where a second person approves each."""
    if limits.two_person_from == 1:
        raise Refused(
            "a second person approves each command (`commands.limits.two_person_from`): ask it "
            "with `lamplighter bulk send` or POST /v1/bulks, for this device alone"
        )
    return limits


def check(view: View, limits: LimitSettings, wanted: Sequence[Device], **asked: object) -> None:
    """Raise Refused for the first limit that a command would pass; see `refusals`."""
    for said in refusals(view, limits, wanted, **asked):  # pyright: ignore[reportArgumentType]
        raise Refused(said, "values")


def refusals(
    view: View,
    limits: LimitSettings,
    wanted: Sequence[Device],
    *,
    name: str,
    values: dict[str, int],
    now_ms: int,
    count: int = 1,
    pending: int = 0,
) -> list[str]:
    """What refuses a command to these devices, a sentence for each limit that it would pass.

    count: of commands that it is, 0 where they were counted before.  pending: others that were
    promised and not asked yet.
    """
    found = [_too_often(view, limits, now_ms, count, pending)]
    if name == "dim" and "level" in values:
        found.append(_below_floor(limits, wanted, values["level"]))
        found.append(_too_dark(view, limits, wanted, values["level"], now_ms))
    if name == "programme" and limits.floor and "data1" in values:
        found.append(PARTS)
    return [one for one in found if one]


def _too_often(view: View, limits: LimitSettings, now_ms: int, count: int, pending: int) -> str:
    most = limits.commands_an_hour
    if not most or not count:
        return ""
    asked = view.commands_since(now_ms - HOUR_MS) + pending
    if asked + count <= most:
        return ""
    return (
        f"commands_an_hour is {most}: {asked} were asked for within an hour or wait to be, and "
        f"this adds {count}: ask later, or {WHO.format('commands_an_hour')}"
    )


def _below_floor(limits: LimitSettings, wanted: Sequence[Device], level: int) -> str:
    below: dict[str, int] = defaultdict(int)
    for device in wanted:
        known = tag_value(device, "class")
        known = known if known in limits.floor else "other"
        if level < limits.floor.get(known, 0):
            below[known] += 1
    if not below:
        return ""
    told = ", ".join(f"{count} of class {one}" for one, count in sorted(below.items()))
    floors = ", ".join(f"{one} {limits.floor[one]} %" for one in sorted(below))
    return (
        f"level {level} is below the floor of {told} ({floors}): ask for more, or "
        f"{WHO.format('floor')}"
    )


def _too_dark(
    view: View, limits: LimitSettings, wanted: Sequence[Device], level: int, now_ms: int
) -> str:
    if level >= limits.dark_level or limits.dark_share >= 1:
        return ""
    euis = {one.dev_eui for one in wanted}
    streets = {tag_value(one, "street") for one in wanted}
    lamps = [one for one in view.devices() if _dims(one) and tag_value(one, "street") in streets]
    for street in sorted(streets):
        here = [one for one in lamps if tag_value(one, "street") == street]
        dark = [one for one in here if one.dev_eui in euis or _is_dark(view, limits, one, now_ms)]
        if len(dark) > limits.dark_share * len(here):
            where = f"street {street}" if street else "the lamps without a street"
            return (
                f"dark_share is {limits.dark_share:g}: {len(dark)} of {len(here)} lamps of "
                f"{where} would be below {limits.dark_level} % at once: ask for fewer, or for a "
                f"higher level, or {WHO.format('dark_share')}"
            )
    return ""


def _dims(device: Device) -> bool:
    """Whether it is a lamp."""
    if device.decoder == "lamplighter":
        return device.profile == "lamp"
    return "dim" in devices.decoder(device.decoder).TAKES


def _is_dark(view: View, limits: LimitSettings, device: Device, now_ms: int) -> bool:
    """Whether the newest `dim` that may hold put a lamp below the dark level."""
    for one in view.commands(device.dev_eui, LOOK_BACK):
        over = one.state in FINAL_STATES and one.state not in STANDING
        if one.name == "dim" and not over:
            hold_ms = one.values.get("hold", 0) * 60_000
            held = not hold_ms or now_ms < one.expires_at_ms + hold_ms
            return held and one.values.get("level", 100) < limits.dark_level
    return False

"""What a bulk would do: to whom, how long it is on the air, and which limit refuses it."""

from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from gateway import blast_radius
from gateway.devices import encode
from gateway.errors import Refused, Unknown
from gateway.model import Command, Device
from gateway.plans import Bulk, Selection
from gateway.regions import airtime_ms
from gateway.seen import Seen
from gateway.settings import CommandSettings
from gateway.store import View

EVER_MS = 2**53
MOST = 5000
"""Devices of one bulk."""


class Request(Struct, frozen=True, kw_only=True):
    """What a caller asks of many devices.

    parts: the values of each command, in order.  approved_by: the second person, where one did.
    least: lowest level of a programme whose parts these are, %.
    """

    who: str
    name: str
    parts: tuple[dict[str, int], ...]
    selection: Selection
    expires_in_s: float | None = None
    key: str = ""
    approved_by: str = ""
    least: int | None = None


class Trial(Struct, frozen=True):
    """What a request would do. left_out: of the selection, take no such command.

    airtime_ms: of all first transmissions.  pace_ms: between two of them.  refusals: a sentence
    for each limit that refuses it.  approval: a second person has to approve it.
    """

    targets: tuple[Device, ...]
    left_out: tuple[Device, ...]
    airtime_ms: int
    pace_ms: int
    refusals: tuple[str, ...]
    approval: bool
    commands: int

    @property
    def takes_ms(self) -> int:
        """From the first command to the last."""
        return self.pace_ms * max(self.commands - 1, 0)


def trial(
    view: View, request: Request, settings: CommandSettings, region: str, now_ms: int
) -> Trial:
    """What a request would do now. Raises Refused, Unknown for one that makes no sense."""
    targets, left_out = _chosen(view, request)
    frames = [_airtime_ms(view, region, one, request, now_ms) for one in targets]
    count = len(targets) * len(request.parts)
    pace_ms = int(sum(frames) / count / settings.airtime) + 1
    pending = sum(one.count - one.next for one in running(view))
    asked: dict[str, Any] = {"name": request.name, "values": request.parts[0], "now_ms": now_ms}
    if request.least is not None:
        asked |= {"name": "dim", "values": {"level": request.least}}
    found = blast_radius.refusals(
        view, settings.limits, targets, count=count, pending=pending, **asked
    )
    least = settings.limits.two_person_from
    approval = bool(least) and len(targets) >= least and not request.approved_by
    return Trial(
        tuple(targets), tuple(left_out), sum(frames), pace_ms, tuple(found), approval, count
    )


def _chosen(view: View, request: Request) -> tuple[list[Device], list[Device]]:
    """(devices that take the command, devices of the selection that do not)."""
    chosen = select(view, request.selection)
    taking: list[Device] = []
    left_out: list[Device] = []
    for device in chosen:
        try:
            encode(device, _example(device, request))
        except Refused as error:
            if error.field != "name" or device.dev_eui in request.selection.devices:
                raise Refused(f"{device.name}: {error}", error.field) from None
            left_out.append(device)
        else:
            taking.append(device)
    if not taking:
        raise Refused(f"no device of the selection takes `{request.name}`: select others", "name")
    if len(taking) > MOST:
        raise Refused(f"{len(taking)} devices are too many at once: select at most {MOST}", "tags")
    return taking, left_out


def select(view: View, selection: Selection) -> list[Device]:
    """The devices of a selection, by name. Raises Refused for an empty one, Unknown."""
    if not (selection.devices or selection.tags or selection.profile):
        raise Refused("nothing is selected: give `devices`, `tags` or `profile`", "tags")
    known = {one.dev_eui: one for one in view.devices()}
    for eui in selection.devices:
        if eui not in known:
            raise Unknown(f"no device has the DevEUI {eui!r}; list the devices", "devices")
    found = [one for one in known.values() if _fits(one, selection)]
    if not found:
        raise Refused("no device fits the selection: select others, or tag them", "tags")
    return found


def _fits(device: Device, selection: Selection) -> bool:
    if selection.devices and device.dev_eui not in selection.devices:
        return False
    if selection.profile and device.profile != selection.profile:
        return False
    return set(selection.tags) <= set(device.tags)


def _example(device: Device, request: Request) -> Command:
    """A command as the device would get it."""
    return Command(
        id="", dev_eui=device.dev_eui, name=request.name, values=request.parts[0], token=1,
        expires_at_ms=1,
    )  # fmt: skip


def _airtime_ms(view: View, region: str, device: Device, request: Request, now_ms: int) -> int:
    _, data = encode(device, replace(_example(device, request), expires_at_ms=now_ms))
    dr = Seen.load(view.seen(device.dev_eui)).frames.dr
    return airtime_ms(region, device.device_class, dr, len(data)) * len(request.parts)


def running(view: View) -> list[Bulk]:
    """The bulks of which some command was not asked yet."""
    return [one for one in view.due_plans(Bulk, EVER_MS, 1000) if one.state == "running"]

"""Explains one event or one device: what is known, why it is so, and who acts next."""

from typing import Any

import msgspec
from msgspec import Struct

from gateway import reasons
from gateway.clock import Instant, rfc3339
from gateway.errors import Unknown
from gateway.events import Entry, Event
from gateway.model import REPORT_S, Delivery, Endpoint
from gateway.seen import Seen
from gateway.seen.gaps import WRAP, Gap
from gateway.store import View
from gateway.usecases import Parts, devices
from gateway.usecases.attempts import AttemptView, attempts_of
from gateway.usecases.commands import CommandView, command_view
from gateway.usecases.devices import DeviceView, TroubleView
from gateway.usecases.webhooks import DeliveryView, delivery_view

LAST = 10
"""Holes, and messages that could not be read, that are told of a device."""
LOOKED = 100
"""Newest events of a device among which the last that came by radio is looked for."""
SILENT_PERIODS = 3
"""Without a word for so many report periods a device is called silent."""

_decode = msgspec.json.Decoder(Event).decode


class Reception(Struct):
    """How an event came in. at: when the network server had it.  gateway: the radio gateway.

    network: the kind of network server.  fcnt: LoRaWAN's FCntUp.
    """

    event_id: str
    network: str
    at: Instant
    bearer: str
    fcnt: int | None
    gateway: str | None
    rssi_dbm: int | None
    snr_db: float | None
    dr: int | None


class MatchView(Struct):
    """One webhook and an event. why: what decided.  act: who acts next; empty: it is not sent.

    attempts: oldest first, as far as they are kept.
    """

    webhook: str
    matched: bool
    why: str
    state: str
    act: str
    attempts: list[AttemptView]


class Story(Struct):
    """An event and what became of it at each webhook.

    reception: null where no frame brought it.  cursor: its place in the order of commits, since
    which it is on the disk.  deliveries: to the webhooks that get it.  matches: all webhooks.
    """

    event: Event
    reception: Reception | None
    cursor: int
    deliveries: list[DeliveryView]
    matches: list[MatchView]


class Hole(Struct):
    """Readings that did not arrive. open: some are still missing."""

    at: Instant
    first_seq: int
    last_seq: int
    open: bool


class Unread(Struct):
    """A message that could not be read; reason says who acts next."""

    at: Instant
    reason: str


class Behind(Struct):
    """A webhook for which events of a device wait. oldest: event id.  act: who acts next."""

    webhook: str
    oldest: str
    act: str


class DeviceStory(Struct):
    """A device, and what is the matter with it.

    heard: its last frame that became an event; null: none is kept.  holes, unread: newest first.
    commands: that have not ended.  act: who acts next, one sentence each, never empty.
    """

    device: DeviceView
    heard: Reception | None
    holes: list[Hole]
    unread: list[Unread]
    commands: list[CommandView]
    troubles: list[TroubleView]
    behind: list[Behind]
    act: list[str]


async def of_event(parts: Parts, event_id: str) -> Story:
    """An event: how it came, which webhooks get it and why, each attempt, who acts next."""
    found = await parts.store.read(lambda view: _story(parts, view, event_id))
    if found is None:
        raise Unknown(f"there is no event {event_id}; `lamplighter event list` shows them")
    return found


def _story(parts: Parts, view: View, event_id: str) -> Story | None:
    entry = view.event(event_id)
    if entry is None:
        return None
    sent = {one.endpoint_id: one for one in view.deliveries(event_id=event_id, limit=1000)}
    known = {one.id: one for one in view.endpoints()}
    return Story(
        event=_decode(entry.body),
        reception=_reception(parts, entry),
        cursor=entry.cursor,
        deliveries=[delivery_view(one) for one in sent.values()],
        matches=[
            _match(parts, view, entry, (key, known.get(key)), sent.get(key))
            for key in dict.fromkeys([*known, *sent])
        ],
    )


def _match(
    parts: Parts,
    view: View,
    entry: Entry,
    to: tuple[str, Endpoint | None],
    sent: Delivery | None,
) -> MatchView:
    id_, endpoint = to
    why = (
        reasons.match(view, endpoint, entry, sent is not None)
        if endpoint
        else "the webhook was removed since"
    )
    if sent is None:
        return MatchView(id_, matched=False, why=why, state="", act="", attempts=[])
    act = reasons.next_step(view, endpoint, sent, parts.clock())
    tried = attempts_of(sent, view.attempts(id_, LOOKED, entry.cursor))
    return MatchView(id_, matched=True, why=why, state=sent.state, act=act, attempts=tried)


def _reception(parts: Parts, entry: Entry) -> Reception | None:
    event = _decode(entry.body)
    link: dict[str, Any] | None = event.data.get("link")
    if link is None:
        return None
    of_radio = {name: link.get(name) for name in ("fcnt", "gateway", "rssi_dbm", "snr_db", "dr")}
    at = event.data.get("received_at", event.time)
    bearer = link.get("bearer", "lorawan")
    return Reception(event.id, parts.network_kind, at, bearer, **of_radio)


async def of_device(parts: Parts, dev_eui: str) -> DeviceStory:
    """A device: last heard, holes, what could not be read, commands, who acts next."""
    facts = await devices.find(parts, dev_eui)
    return await parts.store.read(lambda view: _device_story(parts, view, facts))


def _device_story(parts: Parts, view: View, facts: devices.DeviceFacts) -> DeviceStory:
    eui = facts.dev_eui
    newest = (_reception(parts, one) for one in view.newest_events(LOOKED, "", eui))
    shown = {name: getattr(facts, name) for name in DeviceView.__struct_fields__}
    made = DeviceStory(
        device=DeviceView(**shown),
        heard=next((one for one in newest if one), None),
        holes=_holes(view, eui),
        unread=_unread(view, eui),
        commands=[command_view(one) for one in view.open_commands(eui)],
        troubles=facts.troubles,
        behind=_behind(view, eui, parts.clock()),
        act=[],
    )
    made.act = _acts(made, _silence(view, made, parts.clock()))
    return made


def _holes(view: View, eui: str) -> list[Hole]:
    missing = [_decode(one.body) for one in view.newest_events(LAST, "missing", eui)]
    gaps = Seen.load(view.seen(eui)).gaps.gaps
    return [
        Hole(one.time, first, last, any(_overlap(gap, first, last) for gap in gaps))
        for one in missing
        for first, last in [(one.data["first_seq"], one.data["last_seq"])]
    ]


def _overlap(gap: Gap, first: int, last: int) -> bool:
    """Whether a gap, counted on over the wrap, has one of the numbers first..last."""
    inside = (first - gap.first) % WRAP <= gap.last - gap.first
    return inside or (gap.first - first) % WRAP <= (last - first) % WRAP


def _unread(view: View, eui: str) -> list[Unread]:
    found = [_decode(one.body) for one in view.newest_events(LAST, "quarantined", eui)]
    return [Unread(one.time, one.data["reason"]) for one in found]


def _behind(view: View, eui: str, now_ms: int) -> list[Behind]:
    found: list[Behind] = []
    for endpoint in view.endpoints():
        for first in view.next_deliveries(endpoint.id, eui, 0, 1):
            act = reasons.next_step(view, endpoint, first, now_ms)
            found.append(Behind(endpoint.id, first.event_id, act))
    return found


def _silence(view: View, made: DeviceStory, now_ms: int) -> str:
    """What it means that nothing comes; empty where something does."""
    if made.heard is None:
        return (
            "it was never heard: a technician checks its power and antenna, the operator compares "
            "its DevEUI, JoinEUI and AppKey with those at the network server"
        )
    of = view.device(made.device.dev_eui)
    report_s = (of.report_s if of else 0) or REPORT_S
    since = rfc3339(now_ms - SILENT_PERIODS * 1000 * report_s)
    if made.heard.at >= since:
        return ""
    return (
        f"nothing came since {made.heard.at}, and it reports every {report_s} s: `lamplighter "
        "check` looks at the network server, then a technician at its power and antenna"
    )


def _acts(made: DeviceStory, silence: str) -> list[str]:
    open_holes = [one for one in made.holes if one.open]
    acts = [silence] if silence else []
    acts += [one.reason for one in made.troubles]
    acts += [made.unread[0].reason] if made.unread else []
    acts += ["the device sends again what is missing, as it was asked to"] if open_holes else []
    acts += [
        f"the command {one.name} {one.id} is {one.state}: the gateway looks again at {one.due_at}"
        for one in made.commands
    ]
    acts += [f"webhook {one.webhook}: {one.act}" for one in made.behind]
    return list(dict.fromkeys(acts)) or [reasons.NOBODY]

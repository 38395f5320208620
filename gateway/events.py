"""What leaves the gateway: events in the form of CloudEvents, and the data of each kind.

All are frozen. Instants are RFC 3339 text in UTC with `Z`.
"""

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Raw, Struct

from gateway.clock import Instant
from gateway.model import CommandState
from gateway.notices import Link

KINDS = (
    "joined",
    "boot",
    "reading",
    "command",
    "missing",
    "quarantined",
    "trouble",
    "status",
    "test",
    "restored",
    "disabled",
)
"""Kinds of events; the CloudEvents type is `lamplighter.<kind>.v1`."""

EPOCH = 10**9
"""Cursors of one epoch. A store begins at 0; one that was restored goes on at the next multiple,
so that no cursor of an event that was lost is given again."""


def counted(first: int, last: int) -> int:
    """Events from one cursor to another; of the last epoch alone where they are of several."""
    return last - max(first, last // EPOCH * EPOCH) + 1


def event_type(kind: str) -> str:
    """The CloudEvents type of a kind of event."""
    return f"lamplighter.{kind}.v1"


class Event(Struct, frozen=True, kw_only=True):
    """One immutable fact in the form of CloudEvents 1.0, structured JSON.

    source: `lamplighter/<site>`.  subject: dev_eui; of `test` and `disabled` a webhook's id.
     time: RFC 3339 with `Z`.
    sequence: per subject, increasing by one, as decimal text.  data: one of EVENT_DATA, or its
    dict.
    Source: CloudEvents 1.0.2, sections 3 and 3.1; Sequence extension.
    """

    id: str
    source: str
    type: str
    subject: str
    time: Instant
    sequence: str
    data: Any
    specversion: str = "1.0"
    datacontenttype: str = "application/json"


class Entry(Struct, frozen=True):
    """An Event in the store.

    cursor: its place in the order of commits.  body: its JSON, frozen.
    """

    cursor: int
    body: Raw


class Heading(Struct):
    """The part of a stored Event that says what it is about; its data stay unread."""

    id: str
    type: str
    subject: str
    time: Instant


heading: Callable[[bytes | Raw], Heading] = msgspec.json.Decoder(Heading).decode


class Value(Struct, frozen=True):
    """One measured property.

    value: None when the sensor did not answer.  unit: UCUM code.
    quality: flags of a closed list; `ok` first when none of them casts doubt on the value.
    """

    property: str
    value: float | int | str | None
    unit: str
    quality: tuple[str, ...] = ("ok",)


class ReadingData(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Data of `reading`: what a device measured at one instant.

    seq: the device's number of the reading, modulo 65536; null where it does not number them.
    corrects: the `id` of a `quarantined` message that could be read only now; else absent.
    """

    dev_eui: str
    device: str
    profile: str
    seq: int | None
    observed_at: Instant
    received_at: Instant
    values: tuple[Value, ...]
    link: Link
    corrects: int | None = None


class BootData(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Data of `boot`: a device started.

    values as in a reading (cause, firmware, profile, boots, ...).  corrects: as in a reading.
    """

    dev_eui: str
    device: str
    received_at: Instant
    values: tuple[Value, ...]
    link: Link
    corrects: int | None = None


class StatusData(BootData, frozen=True, kw_only=True):
    """Data of `status`: facts about the device itself.

    values as in a reading (firmware, last exception, flash erases, sick sensors, ...).
    """


class JoinedData(Struct, frozen=True, kw_only=True):
    """Data of `joined`: a device has a new session."""

    dev_eui: str
    device: str
    dev_addr: str


class CommandData(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Data of `command`: a command reached a state. applied: what the device reports it set."""

    id: str
    dev_eui: str
    name: str
    values: dict[str, int]
    state: CommandState
    reason: str = ""
    applied: dict[str, Any] | None = None


class MissingData(Struct, frozen=True, kw_only=True):
    """Data of `missing`: readings first_seq..last_seq did not arrive and were requested again."""

    dev_eui: str
    first_seq: int
    last_seq: int
    count: int


class QuarantinedData(Struct, frozen=True, kw_only=True):
    """Data of `quarantined`: a message could not be read; it is kept whole under `id`.

    reason: one sentence that says who acts next.  size: bytes.  count: messages that this event
    stands for, of which `id` is the newest: in a flood there is one event an hour.
    """

    id: int
    dev_eui: str
    reason: str
    size: int
    count: int = 1


class TroubleData(Struct, frozen=True, kw_only=True):
    """Data of `trouble`: something is wrong with a device, as it, the network server or we saw.

    code: `TWO_BOARDS` or a code of ChirpStack's log, as `UPLINK_MIC`.  reason: one
    sentence that says who acts next.  count: how often since the last event of this code; there
    is at most one an hour.
    """

    dev_eui: str
    device: str
    code: str
    reason: str
    count: int


class TrialData(Struct, frozen=True, kw_only=True):
    """Data of `test`: somebody asked what becomes of an event here; this webhook alone gets it.

    The event's subject is the webhook's id.
    """

    webhook: str


class RestoredData(Struct, frozen=True, kw_only=True):
    """Data of `restored`: the store is an older one again, and an epoch begins.

    What was stored after backup_at is not in it: a consumer that has such events keeps them, and
    knows that devices' sequence numbers go on from the backup's. backup_cursor: of its last event.
    """

    backup_at: Instant
    backup_cursor: int


class DisabledData(Struct, frozen=True, kw_only=True):
    """Data of `disabled`: an endpoint said that it is gone, and gets nothing more.

    The event's subject is the webhook's id; all other webhooks may get it, that one does not.
    target: without path, query and user, which may be secret.  reason: one sentence that says who
    acts next.  pending: events that wait for it.
    """

    webhook: str
    sink: str
    target: str
    reason: str
    pending: int


EVENT_DATA: dict[str, type[Struct]] = {
    "joined": JoinedData,
    "boot": BootData,
    "reading": ReadingData,
    "command": CommandData,
    "missing": MissingData,
    "quarantined": QuarantinedData,
    "trouble": TroubleData,
    "status": StatusData,
    "test": TrialData,
    "restored": RestoredData,
    "disabled": DisabledData,
}
"""The type of `data` by kind of event."""

"""The nouns of the gateway as Structs: Device, Uplink, Event, Command, Endpoint, ApiKey.

All are frozen: a change is a new value (`msgspec.structs.replace`). Instants are integers of
milliseconds since 1970 named `_at_ms`; what leaves the gateway as an Event carries RFC 3339 text
instead. EUIs, keys and addresses are lower-case hexadecimal text.
"""

from typing import Any, Literal

from msgspec import Raw, Struct, field

KINDS = ("joined", "boot", "reading", "command", "missing", "quarantined")
"""Kinds of events; the CloudEvents type is `lamplighter.<kind>.v1`."""

CommandState = Literal[
    "queued", "sent", "acked", "applied", "refused", "expired", "failed", "superseded"
]
FINAL_STATES = frozenset({"applied", "refused", "expired", "failed", "superseded"})
"""A command in one of these never changes again."""


def event_type(kind: str) -> str:
    """The CloudEvents type of a kind of event."""
    return f"lamplighter.{kind}.v1"


class Device(Struct, frozen=True):
    """One registered unit.

    profile: name of the firmware's profile (`bin`, `lamp`, `counter`).  device_class: LoRaWAN
    class.
    The application key is not here: the network server keeps it, and `device add` prints it once.
    """

    dev_eui: str
    name: str
    profile: str
    join_eui: str
    device_class: Literal["A", "C"] = "A"
    added_at_ms: int = 0


class Latest(Struct, frozen=True):
    """The newest value of one property of a device; `quality` as in Value."""

    property: str
    value: float | int | str | None
    unit: str
    quality: tuple[str, ...]
    observed_at: str
    seq: int


class Link(Struct, frozen=True, kw_only=True):
    """How a frame came: the best of its receptions.

    rssi_dbm, snr_db: of that gateway.  dr: LoRaWAN data rate index.  gateway: its id.
    """

    bearer: str = "lorawan"
    rssi_dbm: int | None = None
    snr_db: float | None = None
    dr: int | None = None
    fcnt: int | None = None
    gateway: str | None = None


class Joined(Struct, frozen=True, kw_only=True, tag="joined"):
    """A device joined and got a new address.

    id: the network server's, the same at each delivery.
    """

    dev_eui: str
    id: str
    at_ms: int
    dev_addr: str


class Uplink(Struct, frozen=True, kw_only=True, tag="uplink"):
    """One frame of a device, decrypted. fport 0 with no data: nothing for the application."""

    dev_eui: str
    id: str
    at_ms: int
    dev_addr: str
    fcnt: int
    fport: int
    data: bytes
    link: Link = field(default_factory=Link)


class Transmitted(Struct, frozen=True, kw_only=True, tag="transmitted"):
    """A radio gateway took a downlink for transmission (not: it was heard)."""

    dev_eui: str
    id: str
    at_ms: int
    queue_item_id: str


class Answered(Struct, frozen=True, kw_only=True, tag="answered"):
    """A confirmed downlink was acknowledged by the device, or the time for it is over."""

    dev_eui: str
    id: str
    at_ms: int
    queue_item_id: str
    acknowledged: bool


class Trouble(Struct, frozen=True, kw_only=True, tag="trouble"):
    """The network server dropped or could not send something.

    code: the server's own (`EXPIRED`, `DOWNLINK_PAYLOAD_SIZE`, `UPLINK_MIC`, ...).
    queue_item_id: empty when it names none. dropped: the item is gone from the server's queue.
    """

    dev_eui: str
    id: str
    at_ms: int
    code: str
    description: str
    queue_item_id: str = ""
    dropped: bool = False


class Status(Struct, frozen=True, kw_only=True, tag="status"):
    """The device's answer to the network server's status request.

    battery_percent: None is unknown.
    """

    dev_eui: str
    id: str
    at_ms: int
    margin_db: int
    battery_percent: float | None = None


Notice = Joined | Uplink | Transmitted | Answered | Trouble | Status
"""Everything a network server can say; each has dev_eui, id and at_ms."""


class Downlink(Struct, frozen=True, kw_only=True):
    """One frame for a device, as it is given to the network server."""

    dev_eui: str
    fport: int
    data: bytes
    confirmed: bool
    expires_at_ms: int


class Receipt(Struct, frozen=True):
    """The network server took a downlink. queue_item_id: names it in all that follows."""

    queue_item_id: str


class Event(Struct, frozen=True, kw_only=True):
    """One immutable fact in the form of CloudEvents 1.0, structured JSON.

    source: `lamplighter/<site>`.  subject: dev_eui.  time: RFC 3339 with `Z`.
    sequence: per subject, increasing by one, as decimal text.  data: one of EVENT_DATA, or its
    dict.
    Source: CloudEvents 1.0.2, sections 3 and 3.1; Sequence extension.
    """

    id: str
    source: str
    type: str
    subject: str
    time: str
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


class Value(Struct, frozen=True):
    """One measured property.

    value: None when the sensor did not answer.  unit: UCUM code.
    quality: flags of a closed list, `ok` when none speaks against it.
    """

    property: str
    value: float | int | str | None
    unit: str
    quality: tuple[str, ...] = ("ok",)


class ReadingData(Struct, frozen=True, kw_only=True):
    """Data of `reading`: what a device measured at one instant. seq: its journal's number."""

    dev_eui: str
    device: str
    profile: str
    seq: int
    observed_at: str
    received_at: str
    values: tuple[Value, ...]
    link: Link


class BootData(Struct, frozen=True, kw_only=True):
    """Data of `boot`: a device started.

    values as in a reading (cause, firmware, profile, boots, ...).
    """

    dev_eui: str
    device: str
    received_at: str
    values: tuple[Value, ...]
    link: Link


class JoinedData(Struct, frozen=True, kw_only=True):
    """Data of `joined`: a device has a new session."""

    dev_eui: str
    device: str
    dev_addr: str


class CommandData(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Data of `command`: a command reached a state. applied: what the device says it set."""

    id: str
    dev_eui: str
    name: str
    values: dict[str, int]
    state: CommandState
    reason: str = ""
    applied: dict[str, Any] | None = None


class MissingData(Struct, frozen=True, kw_only=True):
    """Data of `missing`: readings first_seq..last_seq did not come; they were asked for again."""

    dev_eui: str
    first_seq: int
    last_seq: int
    count: int


class QuarantinedData(Struct, frozen=True, kw_only=True):
    """Data of `quarantined`.

    Something arrived that could not be read; it is kept whole under `id`.
    """

    id: int
    dev_eui: str
    reason: str
    size: int


EVENT_DATA: dict[str, type[Struct]] = {
    "joined": JoinedData,
    "boot": BootData,
    "reading": ReadingData,
    "command": CommandData,
    "missing": MissingData,
    "quarantined": QuarantinedData,
}
"""The type of `data` by kind of event."""


class Quarantined(Struct, frozen=True):
    """What could not be read, whole. topic: where it came from; empty for a frame of a device."""

    id: int
    at_ms: int
    dev_eui: str
    topic: str
    body: bytes
    reason: str


class Step(Struct, frozen=True):
    """One thing that happened to a command.

    what: a state, `submitted`, `unknown`, `enqueued`, `late`, ...
    """

    at_ms: int
    what: str
    note: str = ""


class Command(Struct, frozen=True, kw_only=True):
    """Something asked of a device, and how far it came.

    values: {name: integer} by the wire table.  token: 1..65535, the device's answer repeats it.
    expires_at_ms: not to be carried out later.
    queue_item_id: of the running submission, empty when there is none.  attempts: submissions.
    submitted: given to the network server and its reply not yet known.
    next_at_ms: when the next step of ours is due.  applied: what the device reported.
    """

    id: str
    dev_eui: str
    name: str
    values: dict[str, int]
    token: int
    state: CommandState = "queued"
    reason: str = ""
    applied: dict[str, Any] | None = None
    created_at_ms: int = 0
    expires_at_ms: int = 0
    updated_at_ms: int = 0
    next_at_ms: int = 0
    attempts: int = 0
    submitted: bool = False
    queue_item_id: str = ""
    history: tuple[Step, ...] = ()

    @property
    def final(self) -> bool:
        """Whether it ended."""
        return self.state in FINAL_STATES


class Endpoint(Struct, frozen=True, kw_only=True):
    """A webhook: a URL of a backend that gets events.

    secret: `whsec_...`, signs each body.  types: CloudEvents types wanted, empty is all.
    disabled_reason: why the gateway stopped delivering; empty while it delivers.
    """

    id: str
    url: str
    secret: str
    types: tuple[str, ...] = ()
    created_at_ms: int = 0
    disabled_reason: str = ""


class Delivery(Struct, frozen=True, kw_only=True):
    """One event on its way to one endpoint.

    state: pending | delivered | dead | withdrawn.  attempts: made so far.  first_at_ms: of the
    first attempt, 0 before.
    body: the event's JSON, the same bytes at each attempt.
    """

    endpoint_id: str
    cursor: int
    event_id: str
    type: str
    subject: str
    body: bytes
    state: str = "pending"
    attempts: int = 0
    first_at_ms: int = 0
    next_at_ms: int = 0
    note: str = ""


class Totals(Struct, frozen=True, kw_only=True):
    """Per endpoint since it was made: matched = delivered + pending + dead + withdrawn, always."""

    matched: int = 0
    delivered: int = 0
    pending: int = 0
    dead: int = 0
    withdrawn: int = 0


class ApiKey(Struct, frozen=True, kw_only=True):
    """A caller's key.

    digest: SHA-256 of the secret, hexadecimal; the secret is shown once and not kept.
    scopes: `read`, `command`, `admin`.
    """

    id: str
    name: str
    digest: str
    scopes: tuple[str, ...]
    created_at_ms: int = 0

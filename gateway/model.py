"""What the store keeps of devices, commands, webhooks and keys.

All are frozen: a change is a new value (`msgspec.structs.replace`). Instants are integers of
milliseconds since 1970 named `_at_ms`. EUIs are lower-case hexadecimal text.
"""

from typing import Any, Literal

from msgspec import Struct

from gateway.clock import Instant
from gateway.secret import Secret

CommandState = Literal[
    "desired",
    "queued",
    "sent",
    "acked",
    "applied",
    "refused",
    "expired",
    "failed",
    "cancelled",
    "superseded",
    "unknown",
    "reverted",
]
FINAL_STATES = frozenset(
    {
        "applied", "refused", "expired", "failed", "cancelled", "superseded", "unknown",
        "reverted",
    }
)  # fmt: skip
"""A command in one of these does not change any more, but that `applied` may be `reverted`."""

REPORT_S = 3600
"""How often a device reports whose settings are not known here, s."""


class Commissioning(Struct, frozen=True):
    """What the certificate of an installation said; see gateway.certificate.

    asset: what the device stands for.  h0_mm, height_mm: of a bin, the distance to its empty
    bottom and its useful height, as its node has them; None for others.  margin_db: of its link.
    """

    at_ms: int
    asset: str
    certificate: str
    h0_mm: int | None = None
    height_mm: int | None = None
    margin_db: int | None = None
    config_version: int = 0


class Device(Struct, frozen=True):
    """One registered unit.

    profile: name of the firmware's profile (`bin`, `lamp`, `counter`); empty for a product that is
    not ours.  device_class: LoRaWAN class.  decoder: the file of `gateway/devices` that knows its
    bytes.  report_s: its report period when it was added, s; 0: unknown.
    asset: what it stands for.  tags: what filters may name.
    in_service: readings of a device that is not carry the flag
    `commissioning`, so that no figure counts them.  commissioning: None before the first.
    The application key is not here: the network server keeps it, and `device add` prints it once.
    """

    dev_eui: str
    name: str
    profile: str
    join_eui: str
    device_class: Literal["A", "C"] = "A"
    added_at_ms: int = 0
    decoder: str = "lamplighter"
    report_s: int = 0
    in_service: bool = True
    asset: str = ""
    commissioning: Commissioning | None = None
    tags: tuple[str, ...] = ()


class Latest(Struct, frozen=True):
    """The newest value of one property of a device; `quality` as in Value.

    seq: of its reading, None where the device does not number them.
    """

    property: str
    value: float | int | str | None
    unit: str
    quality: tuple[str, ...]
    observed_at: Instant
    seq: int | None


class Quarantined(Struct, frozen=True):
    """A message that could not be read, whole. topic: where it came from, as in Envelope."""

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
    """A command to a device, and its progress.

    values: {name: integer} as the device's decoder takes them.  token: 1..65535, repeated in the
    answer of a device that has tokens.
    expires_at_ms: the device must not execute it later.
    queue_item_id: of the running submission, empty when there is none.  attempts: submissions.
    submitted: sent to the network server, whose reply is not known yet.
    next_at_ms: when the next step of ours is due.  applied: what the device reported.
    replaces: frames of commands that it superseded may be in the network server's queue.
    loose: submissions of which nobody knows whether they were transmitted.
    cancel: empty; `asked` for, and `withdrawn` once the network server's queue was flushed.
    key: the caller's idempotency key, empty where none was given.
    """

    id: str
    dev_eui: str
    name: str
    values: dict[str, int]
    token: int
    state: CommandState = "desired"
    reason: str = ""
    applied: dict[str, Any] | None = None
    created_at_ms: int = 0
    expires_at_ms: int = 0
    updated_at_ms: int = 0
    next_at_ms: int = 0
    attempts: int = 0
    submitted: bool = False
    queue_item_id: str = ""
    replaces: bool = False
    loose: int = 0
    cancel: Literal["", "asked", "withdrawn"] = ""
    key: str = ""
    history: tuple[Step, ...] = ()

    @property
    def final(self) -> bool:
        """Whether it ended."""
        return self.state in FINAL_STATES

    @property
    def touched(self) -> bool:
        """Whether the network server may have got it."""
        return bool(self.queue_item_id) or self.submitted or self.attempts > 0 or self.loose > 0


class Endpoint(Struct, frozen=True, kw_only=True):
    """Where a backend gets events.

    url: the target, which for a webhook is a URL.  kind: of sink, see gateway.sinks.
    secret: `whsec_...`, signs each body; empty where the kind does not sign.
    types, devices, properties, tags: its filter, see gateway.filters; empty is all.
    disabled_reason: why the gateway stopped delivering; empty while it delivers.
    batch: most events that one request carries, 1..100.
    old_secret: the one before, signs beside it until old_until_ms.
    paused_at_ms: since then its events wait; 0 while they do not.
    headers: of each request beside ours.  tls: name of a trust that the configuration holds.
    rate: most events a second that one service sends, 0: no limit.  parallel: most devices served
    at a time, 0: as configured.
    """

    id: str
    url: str
    secret: Secret = ""
    types: tuple[str, ...] = ()
    created_at_ms: int = 0
    disabled_reason: str = ""
    kind: str = "webhook"
    batch: int = 1
    old_secret: Secret = ""
    old_until_ms: int = 0
    devices: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    paused_at_ms: int = 0
    headers: dict[str, Secret] = {}
    tls: str = ""
    rate: float = 0.0
    parallel: int = 0


class Delivery(Struct, frozen=True, kw_only=True):
    """One event on its way to one endpoint.

    state: pending | delivered | dead | withdrawn.  attempts: made so far.  first_at_ms: of the
    first attempt, 0 before.
    body: the event's JSON, the same bytes at each attempt.
    worker, until_ms: who claimed it, and until when no other may; empty and 0 when nobody did.
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
    worker: str = ""
    until_ms: int = 0


class Attempt(Struct, frozen=True):
    """One attempt to deliver an event: each that failed, and the one that succeeded after that.

    number: of the event's attempts, 1...; 0: outside of the schedule and not counted.  at_ms: when
    it began.  took_ms: until its outcome was known.  error: why it failed, empty: it was taken.
    next_at_ms: when the next was due then; 0: none was to follow by itself.
    """

    endpoint_id: str
    cursor: int
    event_id: str
    number: int
    at_ms: int
    took_ms: int
    error: str
    next_at_ms: int


class Waiting(Struct, frozen=True):
    """A device with pending deliveries: the cursors of the oldest and the newest of them."""

    subject: str
    oldest: int
    newest: int


class Counts(Struct, frozen=True):
    """How many there are. open_commands: that have not ended.

    Of quarantined and open_commands at most 10 001 are counted, however often somebody asks.
    """

    devices: int
    quarantined: int
    open_commands: int


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
    digest: Secret
    scopes: tuple[str, ...]
    created_at_ms: int = 0


class Lease(Struct, frozen=True):
    """The right to do what only one of several processes at a store may do.

    holder: unique among the processes.  epoch: grows with each change of the holder.
    until_ms: from then on another may take it.
    """

    name: str
    holder: str
    epoch: int
    until_ms: int


class AuditChange(Struct, frozen=True):
    """One thing that was changed. before, after: JSON values without secrets; None: it was not."""

    noun: str
    key: str
    before: Any
    after: Any


class AuditEntry(Struct, frozen=True):
    """What somebody did. number: given by the store, 0 before.  via: `api` or `cli`.

    who: of the API the key's id and name, else the user of the machine.  action: of the API the
    operation's name in the document, else the command.  subject: what was named.
    """

    number: int
    at_ms: int
    who: str
    via: str
    action: str
    subject: str
    changes: tuple[AuditChange, ...]

"""What the REST API takes and gives, as Structs; the OpenAPI document is made from them.

Instants are RFC 3339 text here, milliseconds inside.
"""

from typing import Annotated, Any

from msgspec import Meta, Struct

from gateway.clock import rfc3339
from gateway.events import KINDS, Event
from gateway.model import Command, CommandState, Delivery, Device, Endpoint, Latest, Totals

Limit = Annotated[int, Meta(ge=1, le=1000, description="how many at most")]
Eui = Annotated[str, Meta(pattern="^[0-9A-Fa-f]{16}$", description="16 hexadecimal digits")]
Name = Annotated[str, Meta(min_length=1, max_length=100)]


TRY_AGAIN = "the caller tries again later"
"""Who acts next on a Retry that was told to a caller."""


class Problem(Struct):
    """Why a request failed. error: one sentence.  act: who acts next."""

    error: str
    act: str


class Health(Struct):
    """The service answers."""

    status: str
    version: str


class Done(Struct):
    """It is done. count: how many things it touched."""

    count: int = 1


class DeviceRequest(Struct, forbid_unknown_fields=True):
    """A device to register; keys that are not given are made.

    report_s, sample_s: put into its device.json.
    """

    name: Name
    profile: Name
    dev_eui: Eui | None = None
    join_eui: Eui | None = None
    app_key: Annotated[str, Meta(pattern="^[0-9A-Fa-f]{32}$")] | None = None
    report_s: Annotated[int, Meta(ge=60, le=86400)] | None = None
    sample_s: Annotated[int, Meta(ge=10, le=86400)] | None = None


class DeviceCreated(Struct):
    """A registered device. device_json: the board's file; app_key is shown only here."""

    dev_eui: str
    join_eui: str
    app_key: str
    name: str
    profile: str
    device_json: dict[str, Any]


class DeviceView(Struct):
    """One registered device."""

    dev_eui: str
    name: str
    profile: str
    join_eui: str
    device_class: str
    added_at: str


class Devices(Struct):
    """All devices, by name."""

    devices: list[DeviceView]


class LatestView(Struct):
    """The newest value of each property of a device."""

    dev_eui: str
    values: list[Latest]


class CommandRequest(Struct, forbid_unknown_fields=True):
    """A command by the wire table.

    values: {name: integer}.  expires_in_s: it is not carried out later.
    """

    name: Name
    values: dict[str, int] = {}
    expires_in_s: Annotated[int, Meta(ge=1, le=30 * 86400)] | None = None


class StepView(Struct):
    """One thing that happened to a command."""

    at: str
    what: str
    note: str


class CommandView(Struct):
    """A command and how far it came."""

    id: str
    dev_eui: str
    name: str
    values: dict[str, int]
    state: CommandState
    reason: str
    applied: dict[str, Any] | None
    created_at: str
    expires_at: str
    updated_at: str
    attempts: int
    history: list[StepView]


class Commands(Struct):
    """Commands, newest first."""

    commands: list[CommandView]


class CommandsQuery(Struct):
    """Which commands. dev_eui: of one device, empty is any."""

    dev_eui: str = ""
    limit: Limit = 100


class EventsQuery(Struct):
    """Which events. after: the `next` of the page before.  kind, subject: empty is any."""

    after: Annotated[int, Meta(ge=0, le=2**62)] = 0
    limit: Limit = 100
    kind: Annotated[str, Meta(pattern=f"^({'|'.join(KINDS)}|)$")] = ""
    subject: str = ""


class EventPage(Struct):
    """Events in the order of their commits. next: `after` of the next page."""

    events: list[Event]
    next: int


class DeliveryView(Struct):
    """One event on its way to one webhook. state: pending, delivered, dead or withdrawn."""

    webhook: str
    event_id: str
    type: str
    subject: str
    state: str
    attempts: int
    first_at: str | None
    next_at: str | None
    note: str


class Story(Struct):
    """An event and what became of it at each webhook that wants it."""

    event: Event
    deliveries: list[DeliveryView]


class WebhookRequest(Struct, forbid_unknown_fields=True):
    """A webhook to add. types: CloudEvents types it wants, none is all."""

    url: Annotated[str, Meta(min_length=1, max_length=2000)]
    types: list[str] = []


class WebhookCreated(Struct):
    """A new webhook. secret: verifies the signatures, shown only here."""

    id: str
    url: str
    types: list[str]
    secret: str


class WebhookView(Struct):
    """A webhook and its sums: matched = delivered + pending + dead + withdrawn, always."""

    id: str
    url: str
    types: list[str]
    created_at: str
    disabled_reason: str
    totals: Totals


class Webhooks(Struct):
    """All webhooks."""

    webhooks: list[WebhookView]


class DeliveriesQuery(Struct):
    """Which deliveries. state: pending, delivered, dead or withdrawn; empty is any."""

    state: Annotated[str, Meta(pattern="^(pending|delivered|dead|withdrawn|)$")] = ""
    limit: Limit = 100


class Deliveries(Struct):
    """Deliveries, oldest first."""

    deliveries: list[DeliveryView]


def device_view(device: Device) -> DeviceView:
    """A device as the API shows it."""
    return DeviceView(
        dev_eui=device.dev_eui,
        name=device.name,
        profile=device.profile,
        join_eui=device.join_eui,
        device_class=device.device_class,
        added_at=rfc3339(device.added_at_ms),
    )


def command_view(command: Command) -> CommandView:
    """A command as the API shows it."""
    return CommandView(
        id=command.id,
        dev_eui=command.dev_eui,
        name=command.name,
        values=command.values,
        state=command.state,
        reason=command.reason,
        applied=command.applied,
        created_at=rfc3339(command.created_at_ms),
        expires_at=rfc3339(command.expires_at_ms),
        updated_at=rfc3339(command.updated_at_ms),
        attempts=command.attempts,
        history=[StepView(rfc3339(step.at_ms), step.what, step.note) for step in command.history],
    )


def delivery_view(delivery: Delivery) -> DeliveryView:
    """A delivery as the API shows it."""
    pending = delivery.state == "pending"
    return DeliveryView(
        webhook=delivery.endpoint_id,
        event_id=delivery.event_id,
        type=delivery.type,
        subject=delivery.subject,
        state=delivery.state,
        attempts=delivery.attempts,
        first_at=rfc3339(delivery.first_at_ms) if delivery.first_at_ms else None,
        next_at=rfc3339(delivery.next_at_ms) if pending and delivery.next_at_ms else None,
        note=delivery.note,
    )


def webhook_view(endpoint: Endpoint, totals: Totals) -> WebhookView:
    """A webhook as the API shows it, without its secret."""
    return WebhookView(
        id=endpoint.id,
        url=endpoint.url,
        types=list(endpoint.types),
        created_at=rfc3339(endpoint.created_at_ms),
        disabled_reason=endpoint.disabled_reason,
        totals=totals,
    )

"""Webhooks, and sinks of other kinds: add, show, enable and remove them, replay dead letters."""

from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import replace

from gateway import replays, sinks, starts, webhooks
from gateway.clock import Instant, rfc3339
from gateway.doubts import doubts
from gateway.errors import Refused
from gateway.events import KINDS, event_type
from gateway.model import Delivery, Endpoint, Totals
from gateway.reasons import stands
from gateway.store import View
from gateway.usecases import (
    Done,
    Eui,
    Limit,
    Name,
    Parts,
    Tag,
    instant_ms,
    listed,
    one_of,
    span_ms,
)

SINKS = {kind: sinks.module(kind).Sink.target for kind in sinks.kinds()}
"""{kind of sink: what the target of such an endpoint is}."""
STARTS = ("now", "latest", "since")
"""What a new webhook gets first."""
MOST_OVERLAP_S = 30 * 86_400
STATES = ("pending", "delivered", "dead", "withdrawn")
"""Where a delivery may be."""


class WebhookRequest(Struct, forbid_unknown_fields=True):
    """A webhook to add.

    kind: of sink; `url` is its target.  batch: most events in one request, as a JSON array; 1:
    each by itself.  types, devices, properties, tags: an event passes that fits each that is not
    empty.  headers: of each request, beside the gateway's own; their values are shown nowhere.
    tls: name of a `[sinks.webhook.tls.<name>]`.  rate: most events a second, evenly; 0: no limit.
    parallel: most devices served at a time; 0: as configured.
    start: `now`; `latest`: first the readings that told the newest values; `since`: first what is
    kept from that instant on, in RFC 3339.
    """

    url: Annotated[
        str, Meta(min_length=1, max_length=2000, examples=["https://backend.example.org/events"])
    ]
    types: list[Annotated[str, listed(*map(event_type, KINDS))]] = []
    kind: Annotated[str, listed(*SINKS)] = "webhook"
    batch: Annotated[int, Meta(ge=1, le=100)] = 1
    devices: list[Eui] = []
    properties: list[Name] = []
    tags: list[Tag] = []
    headers: dict[str, str] = {}
    tls: Annotated[str, Meta(max_length=100)] = ""
    rate: Annotated[float, Meta(ge=0, le=10_000)] = 0.0
    parallel: Annotated[int, Meta(ge=0, le=256)] = 0
    start: Annotated[str, one_of(*STARTS)] = "now"
    since: Instant = ""


class WebhookCreated(Struct):
    """A new webhook.

    secret: verifies the signatures, shown only here; empty where its kind does not sign.
    pending: earlier events that it gets first.  doubts: what of its filter matched nothing so far.
    """

    id: str
    kind: str
    url: str
    types: list[str]
    batch: int
    secret: str
    devices: list[str]
    properties: list[str]
    tags: list[str]
    pending: int
    doubts: list[str]


class RotationRequest(Struct, forbid_unknown_fields=True):
    """A new secret for a webhook. overlap_s: how long the old one signs beside it."""

    overlap_s: Annotated[int, Meta(ge=0, le=MOST_OVERLAP_S)] = 86_400


class Rotated(Struct):
    """secret: the new one, shown only here. until: the old one signs beside it."""

    id: str
    secret: str
    until: Instant


class WebhookView(Struct):
    """A webhook and its sums: matched = delivered + pending + dead + withdrawn, always.

    next_try_at: when the earliest event that waits is tried again; null where none does.
    paused_at: since when its events wait; null while they do not.  headers: their names alone.
    doubts: what of its filter matched nothing so far, one sentence each that says who acts next.
    stands: what it is doing, why it is not tried now, and who acts next.
    """

    id: str
    kind: str
    url: str
    types: list[str]
    batch: int
    created_at: Instant
    disabled_reason: str
    next_try_at: Instant | None
    totals: Totals
    devices: list[str]
    properties: list[str]
    tags: list[str]
    paused_at: Instant | None
    headers: list[str]
    tls: str
    rate: float
    parallel: int
    doubts: list[str]
    stands: str


class ReplayRequest(Struct, forbid_unknown_fields=True):
    """What to send again: with neither, the dead letters; else all events of that span of time.

    since, until: of an event's time, RFC 3339; until is not in it. Events that the filter lets
    through now are sent again, also those that the webhook never got.
    """

    since: Instant = ""
    until: Instant = ""


class Tested(Struct):
    """A test event is on its way; `GET /v1/events/{id}` tells what becomes of it."""

    event_id: str


class Webhooks(Struct):
    """All webhooks."""

    webhooks: list[WebhookView]


class DeliveriesQuery(Struct):
    """Which deliveries. state: empty is any."""

    state: Annotated[str, one_of(*STATES, "")] = ""
    limit: Limit = 100


class DeliveryView(Struct):
    """One event on its way to one webhook."""

    webhook: str
    event_id: str
    type: str
    subject: str
    state: Annotated[str, listed(*STATES)]
    attempts: int
    first_at: Instant | None
    next_at: Instant | None
    note: str


class Deliveries(Struct):
    """Deliveries, oldest first."""

    deliveries: list[DeliveryView]


async def add(parts: Parts, *, body: WebhookRequest) -> WebhookCreated:
    """Add a webhook: it gets the events from its start on; its secret is shown once."""
    sink = parts.sinks.of(body.kind)
    sink.check(body.url)
    if body.batch > 1 and not sink.batched:
        raise Refused(
            f"the kind {body.kind} takes each event by itself: leave `batch` at 1", "batch"
        )
    made = webhooks.new_endpoint(
        body.kind,
        body.url,
        body.types,
        parts.clock(),
        signed=sink.signed,
        batch=body.batch,
        devices=body.devices,
        properties=body.properties,
        tags=body.tags,
    )
    made = replace(
        made, headers=body.headers, tls=body.tls, rate=body.rate, parallel=body.parallel
    )
    parts.sinks.suit(made)
    pending = await _begin(parts, made, body)
    return WebhookCreated(
        id=made.id,
        kind=made.kind,
        url=made.url,
        types=list(made.types),
        batch=made.batch,
        secret=made.secret,
        devices=list(made.devices),
        properties=list(made.properties),
        tags=list(made.tags),
        pending=pending,
        doubts=await parts.store.read(lambda view: doubts(view, made)),
    )


async def _begin(parts: Parts, made: Endpoint, body: WebhookRequest) -> int:
    """Add it with what it gets first; returns how many events that is."""
    if (body.start == "since") != bool(body.since):
        raise Refused("`start` since needs the instant `since`, and only that has one", "since")
    if body.start == "now":
        await parts.store.write(lambda tx: tx.add_endpoint(made))
        return 0
    if body.start == "latest":
        first, after = await parts.store.read(lambda view: starts.snapshot(view, made))
        return await starts.begin(parts.store, made, after, first)
    since_ms = instant_ms(body.since, "since")
    after = await parts.store.read(lambda view: view.cursor_before(since_ms))
    return await starts.begin(parts.store, made, after, [])


async def find_all(parts: Parts) -> Webhooks:
    """All webhooks."""
    now_ms = parts.clock()
    return Webhooks(
        await parts.store.read(
            lambda view: [_shown(view, one, now_ms) for one in view.endpoints()]
        )
    )


async def find(parts: Parts, webhook_id: str) -> WebhookView:
    """One webhook."""
    now_ms = parts.clock()
    return await parts.store.read(
        lambda view: _shown(view, webhooks.endpoint(view, webhook_id), now_ms)
    )


async def remove(parts: Parts, webhook_id: str) -> Done:
    """Remove a webhook; what is pending for it is withdrawn."""
    await parts.store.write(lambda tx: tx.remove_endpoint(webhook_id))
    return Done()


async def deliveries(parts: Parts, webhook_id: str, *, query: DeliveriesQuery) -> Deliveries:
    """What is on its way to a webhook, or dead."""
    await find(parts, webhook_id)
    found = await parts.store.read(
        lambda view: view.deliveries(webhook_id, state=query.state, limit=query.limit)
    )
    return Deliveries([delivery_view(one) for one in found])


async def replay(parts: Parts, webhook_id: str, *, body: ReplayRequest) -> Done:
    """Send its dead letters again, or all events of a span of time, with a fresh schedule."""
    now_ms = parts.clock()
    if body.since or body.until:
        span = span_ms(body.since, body.until)
        return Done(await replays.again(parts.store, webhook_id, *span, now_ms))
    count = await parts.store.write(lambda tx: webhooks.replay(tx, webhook_id, now_ms))
    return Done(count)


async def retry(parts: Parts, webhook_id: str) -> Done:
    """Try what is pending for a webhook now, instead of when its wait is over."""
    now_ms = parts.clock()
    count = await parts.store.write(lambda tx: webhooks.retry(tx, webhook_id, now_ms))
    return Done(count)


async def pause(parts: Parts, webhook_id: str) -> WebhookView:
    """Let its events wait, those to come too."""
    now_ms = parts.clock()
    await parts.store.write(lambda tx: webhooks.pause(tx, webhook_id, now_ms))
    return await find(parts, webhook_id)


async def resume(parts: Parts, webhook_id: str) -> WebhookView:
    """Deliver what waits since it was paused, in order."""
    await parts.store.write(lambda tx: webhooks.resume(tx, webhook_id))
    return await find(parts, webhook_id)


async def test(parts: Parts, webhook_id: str) -> Tested:
    """Send an event that this webhook alone gets, whatever its filter."""
    now_ms = parts.clock()
    made = await parts.store.write(lambda tx: webhooks.test(tx, webhook_id, now_ms))
    return Tested(made.id)


async def rotate(parts: Parts, webhook_id: str, *, body: RotationRequest) -> Rotated:
    """Give it a new secret, shown once; both sign until the overlap is over."""
    now_ms = parts.clock()
    made = await parts.store.write(
        lambda tx: webhooks.rotate(tx, webhook_id, now_ms, body.overlap_s)
    )
    return Rotated(made.id, made.secret, rfc3339(made.old_until_ms))


async def enable(parts: Parts, webhook_id: str) -> WebhookView:
    """Deliver again to a webhook that was disabled."""
    await parts.store.write(lambda tx: webhooks.enable(tx, webhook_id))
    return await find(parts, webhook_id)


def delivery_view(delivery: Delivery) -> DeliveryView:
    """A delivery as callers see it."""
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


def _shown(view: View, endpoint: Endpoint, now_ms: int) -> WebhookView:
    """Without its secret."""
    stopped = endpoint.disabled_reason or endpoint.paused_at_ms
    next_ms = None if stopped else view.next_delivery_at_ms(endpoint.id)
    return WebhookView(
        id=endpoint.id,
        kind=endpoint.kind,
        url=endpoint.url,
        types=list(endpoint.types),
        batch=endpoint.batch,
        created_at=rfc3339(endpoint.created_at_ms),
        disabled_reason=endpoint.disabled_reason,
        next_try_at=rfc3339(next_ms) if next_ms else None,
        totals=view.totals(endpoint.id),
        devices=list(endpoint.devices),
        properties=list(endpoint.properties),
        tags=list(endpoint.tags),
        paused_at=rfc3339(endpoint.paused_at_ms) if endpoint.paused_at_ms else None,
        headers=list(endpoint.headers),
        tls=endpoint.tls,
        rate=endpoint.rate,
        parallel=endpoint.parallel,
        doubts=doubts(view, endpoint),
        stands=stands(view, endpoint, now_ms),
    )

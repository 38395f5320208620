"""Why an event is where it is: sentences that say what holds and who acts next."""

from gateway.clock import parse_ms, rfc3339
from gateway.events import Entry, Heading, heading
from gateway.filters import TEST, kept_off
from gateway.model import Delivery, Endpoint
from gateway.store import View

NOBODY = "nobody"
SERVED = "`lamplighter serve` sends it, where it runs"


def stands(view: View, endpoint: Endpoint, now_ms: int) -> str:
    """What an endpoint is doing, why it is not tried now, and who acts next."""
    if endpoint.disabled_reason:
        return f"disabled: {endpoint.disabled_reason}"
    if endpoint.paused_at_ms:
        since = rfc3339(endpoint.paused_at_ms)
        return f"paused since {since}: `lamplighter webhook resume {endpoint.id}` goes on"
    next_ms = view.next_delivery_at_ms(endpoint.id)
    if next_ms is None:
        return "nothing waits for it: nobody needs to act"
    if next_ms <= now_ms:
        return f"events are due: {SERVED}"
    last = view.attempts(endpoint.id, 1)
    why = last[0].error if last and last[0].error else "what waits failed before"
    return (
        f"not tried before {rfc3339(next_ms)}, as it fails: {why}; the gateway tries again by "
        f"itself, earlier where events go on coming; `lamplighter webhook retry {endpoint.id}` "
        "tries now"
    )


def match(view: View, endpoint: Endpoint, entry: Entry, sent: bool) -> str:
    """Why an endpoint gets an event, or does not. sent: it has a delivery."""
    of = heading(entry.body)
    if of.type == TEST:
        return "asked for by `webhook test`" if sent else "a test of another webhook"
    part = kept_off(endpoint, entry.body, view.tags_of)
    if sent:
        return _taken(endpoint, part)
    if part:
        return _left_out(endpoint, of, part)
    if parse_ms(of.time) < endpoint.created_at_ms:
        return "the webhook was added later, and not with a start before it"
    return (
        "its filter lets the event through, but it was disabled when the event came, or had "
        f"another filter or the device other tags: `lamplighter webhook replay {endpoint.id} "
        "--since` sends what it missed"
    )


def _taken(endpoint: Endpoint, part: str) -> str:
    if part:
        return f"it had other {part} then, or the device had: they do not let it through today"
    named = [
        name for name in ("types", "devices", "properties", "tags") if getattr(endpoint, name)
    ]
    return f"its filter by {', '.join(named)} lets it through" if named else "it gets every event"


def _left_out(endpoint: Endpoint, of: Heading, part: str) -> str:
    wanted = ", ".join(getattr(endpoint, part)[:5])
    had = {
        "types": f"this is {of.type}",
        "devices": f"this is of {of.subject or 'no device'}",
        "tags": "the device has none of them",
        "properties": "it tells none of them",
    }
    return f"its filter wants the {part} {wanted}, and {had[part]}"


def next_step(view: View, endpoint: Endpoint | None, one: Delivery, now_ms: int) -> str:
    """Who acts next for a delivery. endpoint: None where it was removed."""
    if one.state == "delivered":
        return NOBODY
    if one.state == "withdrawn" or endpoint is None:
        return "nobody: the webhook was removed"
    if one.state == "dead":
        said = one.note or "it was tried for the whole schedule"
        return f"the endpoint's owner mends it ({said})"
    return _pending(view, endpoint, one, now_ms)


def _pending(view: View, endpoint: Endpoint, one: Delivery, now_ms: int) -> str:
    if endpoint.disabled_reason or endpoint.paused_at_ms:
        return stands(view, endpoint, now_ms)
    [first] = view.next_deliveries(endpoint.id, one.subject, 0, 1) or [one]
    if first.cursor < one.cursor:
        return f"it waits for the event {first.event_id} of the same device, as order is kept"
    if one.next_at_ms <= now_ms:
        return SERVED
    return f"the gateway tries again at {rfc3339(one.next_at_ms)}: {one.note}"

"""Endpoints: make, find, enable, replay."""

import base64
import secrets
from collections.abc import Sequence
from urllib.parse import urlsplit

from msgspec.structs import replace

from gateway.errors import Refused, Unknown, without_user
from gateway.events import DisabledData, Event, TrialData
from gateway.filters import checked
from gateway.model import Endpoint
from gateway.store import Transaction, View


def endpoint(view: View, endpoint_id: str) -> Endpoint:
    """One endpoint. Raises Unknown."""
    found = view.endpoint(endpoint_id)
    if found is None:
        raise Unknown(f"there is no webhook {endpoint_id}; `lamplighter webhook list` shows them")
    return found


def new_endpoint(
    kind: str,
    target: str,
    types: Sequence[str],
    now_ms: int,
    *,
    signed: bool = True,
    batch: int = 1,
    devices: Sequence[str] = (),
    properties: Sequence[str] = (),
    tags: Sequence[str] = (),
) -> Endpoint:
    """An endpoint of a kind of sink; signed: with a secret of its own, 256 random bits.

    types, devices, properties, tags: its filter, see gateway.filters; none is all.
    batch: most events of one request.  Raises Refused for a filter that can never match.
    """
    wanted = checked(types, devices, properties, tags)
    return Endpoint(
        id="wh_" + secrets.token_hex(6),
        kind=kind,
        url=target,
        secret=_new_secret() if signed else "",
        types=wanted.types,
        devices=wanted.devices,
        properties=wanted.properties,
        tags=wanted.tags,
        created_at_ms=now_ms,
        batch=batch,
    )


def rotate(tx: Transaction, endpoint_id: str, now_ms: int, overlap_s: int) -> Endpoint:
    """Give an endpoint a new secret; the one before signs beside it for overlap_s.

    Raises Unknown when there is none, Refused for a kind that does not sign.
    """
    found = endpoint(tx, endpoint_id)
    if not found.secret:
        raise Refused(f"the kind {found.kind} signs nothing: there is no secret to rotate")
    until_ms = now_ms + overlap_s * 1000
    made = replace(found, secret=_new_secret(), old_secret=found.secret, old_until_ms=until_ms)
    tx.put_endpoint(made)
    return made


def _new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def disable(tx: Transaction, endpoint_id: str, why: str, now_ms: int) -> None:
    """Stop delivering; what is pending waits until it is enabled or removed. Told by one event."""
    found = tx.endpoint(endpoint_id)
    if found is None or found.disabled_reason:
        return
    reason = f"{why}; `lamplighter webhook enable {endpoint_id}` delivers again"
    tx.put_endpoint(replace(found, disabled_reason=reason))
    data = DisabledData(
        webhook=endpoint_id,
        sink=found.kind,
        target=_told(found),
        reason=reason,
        pending=tx.totals(endpoint_id).pending,
    )
    tx.append("disabled", endpoint_id, now_ms, data)


def _told(endpoint: Endpoint) -> str:
    """Its target as an event may tell it."""
    if endpoint.kind != "webhook":
        return endpoint.url
    parts = urlsplit(without_user(endpoint.url))
    return f"{parts.scheme}://{parts.netloc}"


def enable(tx: Transaction, endpoint_id: str) -> None:
    """Deliver again to an endpoint that was disabled. Raises Unknown when there is none."""
    tx.put_endpoint(replace(endpoint(tx, endpoint_id), disabled_reason=""))


def pause(tx: Transaction, endpoint_id: str, now_ms: int) -> None:
    """Let its events wait, those to come too. Raises Unknown when there is none."""
    found = endpoint(tx, endpoint_id)
    tx.put_endpoint(replace(found, paused_at_ms=found.paused_at_ms or now_ms))


def resume(tx: Transaction, endpoint_id: str) -> None:
    """Deliver what waits since it was paused. Raises Unknown when there is none."""
    tx.put_endpoint(replace(endpoint(tx, endpoint_id), paused_at_ms=0))


def test(tx: Transaction, endpoint_id: str, now_ms: int) -> Event:
    """Add an event that this endpoint alone gets, whatever its filter.

    Raises Unknown when there is none, Refused when it is disabled.
    """
    found = endpoint(tx, endpoint_id)
    if found.disabled_reason:
        raise Refused(f"the webhook is disabled: {found.disabled_reason}; enable it first")
    return tx.append("test", endpoint_id, now_ms, TrialData(webhook=endpoint_id))


def retry(tx: Transaction, endpoint_id: str, now_ms: int) -> int:
    """Make what waits for its next try due now; gives its number. Raises Unknown."""
    endpoint(tx, endpoint_id)
    return tx.hasten(endpoint_id, now_ms)


def replay(tx: Transaction, endpoint_id: str, now_ms: int) -> int:
    """Make an endpoint's dead letters pending again, with a fresh schedule; gives their number.

    Raises Unknown when there is no such endpoint.
    """
    endpoint(tx, endpoint_id)
    count = 0
    while dead := tx.deliveries(endpoint_id, state="dead", limit=1000):
        for one in dead:
            tx.put_delivery(replace(one, state="pending", attempts=0, next_at_ms=now_ms, note=""))
        count += len(dead)
    return count

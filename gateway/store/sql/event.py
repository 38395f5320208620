"""How an event is made, and which endpoints get it."""

from random import getrandbits
from typing import Any

import msgspec

from gateway.clock import rfc3339
from gateway.events import Event, event_type
from gateway.filters import TEST, TagsOf, passes
from gateway.model import Endpoint

_encode = msgspec.json.Encoder().encode


def new_event(
    source: str, kind: str, dev_eui: str, at_ms: int, *, sequence: int, data: Any
) -> tuple[Event, bytes]:
    """One event and its JSON, the bytes that every endpoint gets at every attempt.

    Its id begins with its time, so that an index over ids grows at its end. It need not be secret.
    """
    event = Event(
        id=f"{at_ms:012x}{getrandbits(80):020x}",
        source=source,
        type=event_type(kind),
        subject=dev_eui,
        time=rfc3339(at_ms),
        sequence=str(sequence),
        data=data,
    )
    return event, _encode(event)


def first_id(at_ms: int) -> str:
    """The least of all ids of events of that instant."""
    return f"{at_ms:012x}"


def wants(endpoint: Endpoint, event: Event, tags_of: TagsOf) -> bool:
    """Whether an endpoint gets an event."""
    if endpoint.disabled_reason:
        return False
    if event.type == TEST:
        return event.subject == endpoint.id
    return passes(endpoint, event, tags_of)

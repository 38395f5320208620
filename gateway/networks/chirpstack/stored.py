"""The last events of a device that ChirpStack keeps: read back what did not come.

ChirpStack publishes each event once, and keeps the last about ten of each device for its page.
Source: ChirpStack 4.20, stream/event.rs (MAXLEN 10, the stored events first), api/internal.rs.
"""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Any

import grpc

from gateway.networks.chirpstack.calls import Calls
from gateway.networks.chirpstack.stubs import api
from gateway.notices import Envelope

IDLE_S = 2.0
"""The stored events have come when nothing has for so long."""
OF_ITEMS = frozenset({"txack", "ack", "log"})
"""Events that may name a queue item."""


async def items(calls: Calls, dev_eui: str, idle_s: float) -> AsyncGenerator[Any]:
    """The stored events of a device, as LogItems; none where the server does not answer."""
    request = api.StreamDeviceEventsRequest(dev_eui=dev_eui)
    stub = api.InternalServiceStub(calls.channel())
    stream = stub.StreamDeviceEvents(request, metadata=calls.metadata)
    try:
        with suppress(TimeoutError, grpc.aio.AioRpcError):
            while True:
                item: Any = await asyncio.wait_for(stream.read(), idle_s)
                if not isinstance(item, api.LogItem):  # the server ended the stream
                    return
                yield item
    finally:
        stream.cancel()


async def about(calls: Calls, dev_eui: str, item: str, idle_s: float = IDLE_S) -> list[Envelope]:
    """The stored events that name a queue item, as they came by MQTT."""
    found: list[Envelope] = []
    async for one in items(calls, dev_eui, idle_s):
        if one.description in OF_ITEMS and _names(one.body, item):
            topic = f"application/-/device/{dev_eui}/event/{one.description}"
            found.append(Envelope(topic, one.body.encode(), nothing))
    return found


def _names(body: str, item: str) -> bool:
    """Whether an event is about a queue item: in `queueItemId`, of a log in its context."""
    try:
        event = json.loads(body)
        return item in {event.get("queueItemId"), event.get("context", {}).get("queue_item_id")}
    except (ValueError, AttributeError):
        return False


def nothing() -> None:
    """What came by no broker needs no acknowledgement."""

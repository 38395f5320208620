"""The messages of one application of The Things Stack over MQTT, and downlinks to it.

Its MQTT server has version 3.1.1 and QoS 0: what it sends while nobody is there is lost to MQTT.
So after each connect the uplinks are asked for that came since, of its Storage Integration, and
given before those that come meanwhile. It answers nothing to a downlink either; that one is queued
is told by a message that repeats our correlation id.
Source: The Things Stack's documentation, integrations, MQTT server, Storage Integration; its
applicationserver/io/mqtt and TheThingsIndustries/mystique, which accepts versions 3 and 4 alone.
"""

import asyncio
import json
from collections.abc import Sequence
from typing import Self

from msgspec import Struct

from gateway.clock import wall_ms
from gateway.errors import ConfigError, GatewayError, Retry, Unknown, Unsure
from gateway.networks._broker import Broker
from gateway.networks._connection import Connection, Take
from gateway.networks._fields import Fields
from gateway.networks._subscription import Subscription
from gateway.networks._task import ended
from gateway.networks._tts_api import KEY_S, Api, pushed, queue_of
from gateway.networks._tts_events import item
from gateway.networks._tts_held import Held, identity
from gateway.networks._watch import Watch
from gateway.notices import Downlink, Envelope

PAGE = 1000
"""Stored messages that are asked for at a time, and held at a time."""
HELD_MOST = 10 * PAGE
"""So many are held before reading stops, some 15 MB: its server drops what waits to be read.

Source: mystique, pkg/session/publishing.go.
"""
OVERLAP_MS = 60_000
"""Servers of a cluster do not send in the order of receipt; what came twice is known."""
AGAIN_S = 60.0
"""Until stored messages are asked for again that could not be had."""
HOUR_MS = 3_600_000
NO_STORED = (
    "what came while this service was away is lost without its Storage Integration: the operator "
    "enables that for the application, or sets `network.storage_h = 0`"
)


class Where(Struct, frozen=True):
    """uid: the application's id with its tenant.  storage_h: hours asked for at the start.

    timeout_s: how long a downlink may take to be queued.
    """

    uid: str
    storage_h: int
    timeout_s: float


class Traffic:
    """An async context manager that is connected, and again after each loss, while entered."""

    def __init__(self, broker: Broker, api: Api, where: Where, watch: Watch) -> None:
        self.subscription = Subscription(broker, self._connect)
        self._api = api
        self._where = where
        self._watch = watch
        self._held = Held()
        self._connection: Connection | None = None
        self._give: Take = _nowhere
        self._early: list[Envelope] | None = None
        self._from_ms = 0
        self._after_ms: int | None = None
        self._filling: asyncio.Task[None] | None = None
        self._asked: dict[str, asyncio.Future[None]] = {}

    async def __aenter__(self) -> Self:
        self._from_ms = wall_ms() - self._where.storage_h * HOUR_MS
        await self.subscription.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await ended(self._filling)
        await self.subscription.__aexit__(*exc)

    def pause(self) -> None:
        """Disconnect; what is not acknowledged now is given again."""
        self._held.renew()
        self._stop_filling()
        self.subscription.pause()

    def _connect(self, broker: Broker, take: Take) -> Connection:
        self._stop_filling()
        self._connection = connection = Connection(broker, self._take)
        self._give = take
        self._early = []
        connection.subscribed.add_done_callback(lambda _: self._stands(connection))
        return connection

    def _stop_filling(self) -> None:
        if self._filling:
            self._filling.cancel()

    def _stands(self, connection: Connection) -> None:
        if self._after_ms is None:  # else not all of what was asked for last did come
            self._after_ms = max(self._held.newest_ms - OVERLAP_MS, self._from_ms)
        self._filling = asyncio.create_task(self._fill(connection))

    async def _fill(self, connection: Connection) -> None:
        """Give what was not acknowledged, what was stored, and then what comes."""
        self._give(self._held.renew())
        if self._where.storage_h:
            while not await self._stored():
                self._open(connection)
                await asyncio.sleep(AGAIN_S)
        self._after_ms = None
        self._open(connection)

    async def _stored(self) -> bool:
        """Give stored messages from `_after_ms` on; whether all came."""
        while True:
            after_ms = self._after_ms or 0
            try:
                found = await self._api.stored(after_ms, PAGE)
            except GatewayError as error:
                self._watch.say("storage", f"{error}; {NO_STORED}")
                return False
            self._watch.settle("storage")
            self._give(self._held.take(("stored", one) for one in found))
            if len(found) < PAGE:
                return True
            self._after_ms = max(identity(found[-1])[1], after_ms + 1)
            await self._held.below(PAGE)

    def _open(self, connection: Connection) -> None:
        """Let through what came meanwhile, and what comes."""
        early, self._early = self._early or [], None
        self._take(early)
        connection.read_on()

    def _take(self, envelopes: Sequence[Envelope]) -> bool:
        mine = [one for one in envelopes if not self._answers(one)]
        if self._early is not None:
            self._early += mine
            return len(self._early) < PAGE
        self._give(self._held.take((one.topic, one.body) for one in mine))
        return len(self._held) < HELD_MOST

    def _answers(self, envelope: Envelope) -> bool:
        """Whether a message is about a downlink that is queued, which `send` may wait for."""
        if not envelope.topic.endswith("/down/queued"):
            return False
        try:
            name = item(Fields(json.loads(envelope.body)))
        except (ValueError, RecursionError):
            return False  # told as any other that cannot be read
        if name in self._asked and not self._asked[name].done():
            self._asked[name].set_result(None)
        return True

    async def send(self, downlink: Downlink) -> str:
        """Push a downlink, or replace the queue by it; returns its queue_item_id."""
        name, message = pushed(downlink)
        try:
            device_id = await self._api.device_id(downlink.dev_eui)
        except ConfigError as error:
            raise Retry(str(error), KEY_S) from None
        if self._connection is None:
            raise Retry("there is no connection to The Things Stack's MQTT server now")
        topic = f"v3/{self._where.uid}/devices/{device_id}/down/{queue_of(downlink)}"
        asked = self._asked[name] = asyncio.get_running_loop().create_future()
        try:
            self._connection.publish(topic, json.dumps(message).encode())
            async with asyncio.timeout(self._where.timeout_s):
                await asked
        except TimeoutError:
            raise await self._unanswered(downlink) from None
        finally:
            del self._asked[name]
        return name

    async def _unanswered(self, downlink: Downlink) -> GatewayError:
        """Why The Things Stack says nothing of a downlink, which it does not tell itself."""
        try:
            ids = await self._api.device_ids()
        except GatewayError as error:
            return Unsure(f"The Things Stack tells of no queued downlink, and: {error}")
        if downlink.dev_eui not in ids:
            return Unknown(f"The Things Stack has no device {downlink.dev_eui} any more")
        return Unsure(
            f"The Things Stack tells of no queued downlink within {self._where.timeout_s:g} s: "
            "the device may have no session, or `network.api_key` no right to write downlinks"
        )


def _nowhere(_: Sequence[Envelope]) -> bool:
    return True

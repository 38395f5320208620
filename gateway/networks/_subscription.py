"""An MQTT 5 subscription across reconnects, its messages acknowledged by the caller.

The session outlives the process: fixed client id, clean_start false, an expiry of days. So the
broker sends again what was not acknowledged on the last connection.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Self

import structlog
from msgspec.structs import replace

from gateway.errors import ConfigError, Retry
from gateway.networks._broker import Broker
from gateway.networks._connection import (
    KEEPALIVE_S,
    RECEIVE_MOST,
    AnyConnection,
    Connection,
    Take,
)
from gateway.networks._patience import Patience
from gateway.networks._task import ended
from gateway.notices import Envelope

UNKEPT = (
    "the network server publishes at QoS 0: messages sent while this service is away are lost; "
    "the operator sets its QoS to 1 (ChirpStack: `qos=1` in its `[integration.mqtt]`)"
)
FORGOTTEN = (
    "the broker has forgotten our session: what came to it meanwhile is lost, and the gaps in the "
    "readings are asked for; the operator has the broker keep sessions over a restart "
    "(mosquitto: `persistence true`)"
)

log = structlog.get_logger("gateway.mqtt")


class Subscription:
    """Messages of one topic filter, in order of receipt, across reconnects.

    An async context manager: connects on entry. connect: makes each connection.
    """

    def __init__(
        self, broker: Broker, connect: Callable[[Broker, Take], AnyConnection] = Connection
    ) -> None:
        self._broker = broker
        self._connect = connect
        self._waiting: deque[Envelope] = deque()
        self._changed = asyncio.Event()
        self._allowed = asyncio.Event()
        self._allowed.set()
        self._connection: AnyConnection | None = None
        self._patience = Patience(broker.client_id)
        self._steady: asyncio.TimerHandle | None = None
        self._unkept = False
        self._stood = False
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._broker.address()
        self._broker.user()
        self._task = asyncio.create_task(self._stay_connected())
        # wake `batches`, which raises what ended the task
        self._task.add_done_callback(lambda _: self._changed.set())
        return self

    async def __aexit__(self, *exc: object) -> None:
        await ended(self._task)

    async def batches(self) -> AsyncIterator[Sequence[Envelope]]:
        """What waits, in order, at least one message a batch; never ends."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            if self._task and self._task.done():
                await self._task
            if self._waiting:
                batch = self._batch()
                if self._waiting:
                    self._changed.set()
                elif self._connection:
                    self._connection.read_on()
                yield batch

    def _batch(self) -> list[Envelope]:
        """What waits, up to the message that would be one too many of its sender.

        Kept and not yet acknowledged, it may come again whole: then `gateway.seen` must know
        every frame of it, also where the broker sends more than RECEIVE_MOST.
        """
        batch: list[Envelope] = []
        counts: Counter[str] = Counter()
        while self._waiting:
            sender = self._waiting[0].topic.rpartition("/")[0]
            if counts[sender] == RECEIVE_MOST:
                break
            counts[sender] += 1
            batch.append(self._waiting.popleft())
        return batch

    def give(self, envelopes: Sequence[Envelope]) -> None:
        """Queue messages that came another way; dropped where the connection is lost."""
        self._waiting += envelopes
        self._changed.set()

    def publish(self, topic: str, body: bytes) -> None:
        """Send a message at QoS 0. Raises Retry while there is no connection."""
        if not isinstance(self._connection, Connection):
            raise Retry(f"there is no connection to the broker {self._broker.shown} now")
        self._connection.publish(topic, body)

    def pause(self) -> None:
        """Disconnect until `resume`."""
        self._allowed.clear()
        if self._connection:
            self._connection.leave("paused")

    def resume(self) -> None:
        """Connect again after `pause`."""
        self._allowed.set()

    @property
    def here(self) -> bool:
        """Whether the subscription stands and its messages are taken as they come."""
        one = self._connection
        return one is not None and one.subscribed.done() and not self._waiting

    def troubles(self) -> list[str]:
        """What is wrong with the connection now, each with who acts next."""
        return [one for one in (self._patience.trouble, UNKEPT * self._unkept) if one]

    async def _stay_connected(self) -> None:
        while True:
            await self._allowed.wait()
            self._connection = connection = self._connect(self._broker, self._take)
            connection.subscribed.add_done_callback(self._stands)
            try:
                await connection.run(KEEPALIVE_S)
            except (ConfigError, Retry) as error:
                wait_s = self._ended(connection, str(error))
            finally:
                if self._steady:
                    self._steady.cancel()
            self._connection = None
            self._waiting.clear()  # unacknowledged: the broker sends them again
            await asyncio.sleep(wait_s)

    def _stands(self, _: object) -> None:
        """The subscription stands; it counts as steady after a while."""
        keeps = self._broker.version == 5
        if keeps and self._stood and self._connection and not self._connection.session_kept:
            log.warning(FORGOTTEN, broker=self._broker.shown)
        self._stood = True
        self._patience.subscribed()
        loop = asyncio.get_running_loop()
        self._steady = loop.call_later(self._patience.steady_s, self._patience.steady)

    def _ended(self, connection: AnyConnection, said: str) -> float:
        """Note why a connection ended; returns the seconds to wait before the next."""
        if not self._allowed.is_set():
            return 0.0
        if connection.subscribed.done():
            wait_s = self._patience.ended(said, taken=connection.taken)
        else:
            wait_s = self._patience.failed(said)
        log.warning("no broker", error=self._patience.trouble, again_in_s=round(wait_s, 1))
        return wait_s

    def _take(self, envelopes: Sequence[Envelope]) -> bool:
        """Queue messages for `batches`; returns whether more may be read."""
        self._waiting += envelopes
        self._changed.set()
        if self._connection and self._connection.unkept != self._unkept:
            self._unkept = self._connection.unkept
            if self._unkept:
                log.warning(UNKEPT)
        return len(self._waiting) < RECEIVE_MOST


async def try_subscription(broker: Broker) -> None:
    """Connect and subscribe under another client id, then disconnect.

    Raises ConfigError, Retry.
    """
    trial = replace(broker, client_id=f"{broker.client_id}-check")
    connection = Connection(trial, _drop)
    running = asyncio.ensure_future(connection.run(KEEPALIVE_S, lasting=False))
    try:
        await asyncio.wait({running, connection.subscribed}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            await running
    finally:
        connection.leave("checked")
        await asyncio.gather(running, return_exceptions=True)


def _drop(_envelopes: Sequence[Envelope]) -> bool:
    return True

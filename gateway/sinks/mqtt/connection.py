"""One connection of an MQTT 5 client, run by paho in a thread of its own.

A connection that ended is not opened again: paho would send its unacknowledged messages once
more, behind newer ones of the same device.
Source: MQTT 5.0, 3.1.2.11 (session expiry, receive maximum), 3.4.2.1 (reason codes of PUBACK).
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Any

from paho.mqtt import client as paho
from paho.mqtt.subscribeoptions import SubscribeOptions

from gateway.errors import ConfigError, GatewayError, Retry
from gateway.sinks.mqtt.broker import Broker, Message

NO_RETAINED = SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_DO_NOT_SEND)


class Connection:
    """From CONNECT to the end. take: gets (topic, body, acknowledge) of each message."""

    def __init__(
        self,
        broker: Broker,
        client_id: str,
        take: Callable[[str, bytes, Callable[[], None]], None] | None = None,
    ) -> None:
        self._broker = broker
        self._take = take
        self._loop = asyncio.get_running_loop()
        self._stands: asyncio.Future[None] = self._loop.create_future()
        self._ended: asyncio.Future[GatewayError] = self._loop.create_future()
        self._waiting: dict[int, asyncio.Future[None]] = {}
        self._client = client = broker.client(client_id)
        client.on_connect = self._told(self._connected)
        client.on_publish = self._told(self._published)
        client.on_subscribe = self._told(self._granted)
        client.on_disconnect = self._told(self._disconnected)
        client.on_message = self._told(self._came)

    @property
    def gone(self) -> bool:
        """Whether it ended."""
        return self._ended.done()

    async def open(self, *, clean: bool, topic: str = "") -> None:
        """Connect, and subscribe where there is a topic. Raises ConfigError, Retry.

        clean: the broker keeps no session.
        """
        self._topic = topic
        try:
            await asyncio.to_thread(self._broker.connect, self._client, clean=clean)
        except (OSError, ValueError) as error:
            self._end(Retry(f"the broker {self._broker.url} is not reached: {error}"))
            raise self._ended.result() from None
        self._client.loop_start()
        await asyncio.wait({self._stands, self._ended}, return_when=asyncio.FIRST_COMPLETED)
        if self.gone:
            raise self._ended.result()

    async def publish(self, messages: Sequence[Message]) -> None:
        """Publish in this order; returns when the broker acknowledged all. Raises Retry."""
        waits: list[asyncio.Future[None]] = []
        for one in messages:
            if self.gone:
                raise self._ended.result()
            sent = self._client.publish(one.topic, one.body, qos=1, retain=one.retained)
            waits.append(self._loop.create_future())
            self._waiting[sent.mid] = waits[-1]
        for found in await asyncio.gather(*waits, return_exceptions=True):
            if isinstance(found, BaseException):
                raise found

    async def ended(self) -> GatewayError:
        """Wait until it is over; why."""
        return await asyncio.shield(self._ended)

    def close(self) -> None:
        """End it. What waits for an acknowledgement fails."""
        self._client.disconnect()
        self._end(Retry("the connection was closed"))

    def _told(self, on_loop: Callable[..., None]) -> Callable[..., None]:
        """A callback of paho's thread that is called in ours."""

        def call(_client: paho.Client, _data: object, *given: Any) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                self._loop.call_soon_threadsafe(on_loop, *given)

        return call

    def _connected(self, _flags: object, code: Any, _properties: object) -> None:
        if code.is_failure:
            said = f"the broker {self._broker.url} refuses us: {code}"
            self._end(ConfigError(f"{said}; `username` and `password` must be a user it knows"))
        elif self._topic:
            self._client.subscribe(self._topic, options=NO_RETAINED)
        elif not self._stands.done():
            self._stands.set_result(None)

    def _granted(self, _mid: int, codes: Sequence[Any], _properties: object) -> None:
        if any(code.is_failure for code in codes):
            said = f"the broker refuses `{self._topic}` ({codes[0]})"
            self._end(ConfigError(f"{said}: its ACL must let us read it"))
        elif not self._stands.done():
            self._stands.set_result(None)

    def _published(self, mid: int, code: Any, _properties: object) -> None:
        waits = self._waiting.pop(mid, None)
        if waits is None or waits.done():
            return
        if code.is_failure:
            said = f"the broker {self._broker.url} refuses the message: {code}"
            waits.set_exception(Retry(f"{said}; its ACL must let us write below the target"))
        else:
            waits.set_result(None)

    def _came(self, message: paho.MQTTMessage) -> None:
        if self._take is not None:
            mid, qos = message.mid, message.qos
            self._take(message.topic, bytes(message.payload), lambda: self._acknowledge(mid, qos))

    def _acknowledge(self, mid: int, qos: int) -> None:
        if not self.gone:
            self._client.ack(mid, qos)

    def _disconnected(self, _flags: object, code: Any, _properties: object) -> None:
        self._end(Retry(f"the broker {self._broker.url} ended the connection: {code}"))

    def _end(self, why: GatewayError) -> None:
        if self.gone:
            return
        self._ended.set_result(why)
        for waits in self._waiting.values():
            if not waits.done():
                waits.set_exception(why)
        self._waiting.clear()

"""The server's connection to the MQTT broker: MQTT v5, reconnecting by itself.

Source: ChirpStack 4.20.0, integration/mqtt.rs, gateway/backend/mqtt.rs: events wait in memory
while the broker is away and go out afterwards; what others publish meanwhile is lost.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Callable

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

CONNECT_S = 5.0


class BrokerAbsentError(ConnectionError):
    """No broker answers; the operator starts one or gives another address."""


class BrokerRefusedError(BrokerAbsentError):
    """The broker knows no such user; the operator gives another one."""


class BrokerLink:
    """Publish and subscribe. receive is called on the event loop with topic and payload.

    topics: subscribed at every connection.  keep_while_away: False drops what is published while
    the broker is away, as a crash of the server would.  user: name and password.  tls: for a
    broker that has it.
    """

    def __init__(
        self,
        host: str,
        port: int,
        topics: list[str],
        receive: Callable[[str, bytes], None],
        *,
        keep_while_away: bool = True,
        user: tuple[str, str] | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.host = host
        self.port = port
        self.topics = topics
        self.keep_while_away = keep_while_away
        self._receive = receive
        self._loop = asyncio.get_running_loop()
        self._answered = asyncio.Event()
        self._subscribed = asyncio.Event()
        self._waiting: list[tuple[str, bytes, int]] = []
        self._client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        if user:
            self._client.username_pw_set(*user)
        if tls:
            self._client.tls_set_context(tls)  # pyright: ignore[reportUnknownMemberType] - paho's
        self._tls = tls
        self._refused = ""
        self._client.reconnect_delay_set(0.2, 2)  # pyright: ignore[reportArgumentType]
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message

    @property
    def connected(self) -> bool:
        """Whether the broker has answered and is still there."""
        return self._subscribed.is_set() and self._client.is_connected()

    async def connect(self) -> None:
        """Connect and subscribe. Raises BrokerAbsentError when that takes longer than 5 s.

        BrokerRefusedError: the broker answers, but does not let us in.
        """
        try:
            _, writer = await asyncio.wait_for(
                asyncio.open_connection(self.host, self.port, ssl=self._tls), CONNECT_S
            )
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
            self._client.connect_async(self.host, self.port, keepalive=30)
            self._client.loop_start()
            await asyncio.wait_for(self._answered.wait(), CONNECT_S)
        except (OSError, TimeoutError) as error:
            await self.close()
            raise BrokerAbsentError(
                f"no MQTT v5 broker answers on {self.host}:{self.port} ({error or 'time-out'}): "
                "start one, or give its address with --mqtt"
            ) from None
        if self._refused:
            await self.close()
            raise BrokerRefusedError(
                f"the broker on {self.host}:{self.port} refuses the connection "
                f"({self._refused}): give a user and password that it knows"
            )

    async def close(self) -> None:
        """Disconnect; what was published before is sent first."""
        self._client.disconnect()
        await self._loop.run_in_executor(None, self._client.loop_stop)

    def publish(self, topic: str, payload: bytes, qos: int) -> None:
        """Hand a message to the broker, now or when it is back."""
        if self._client.is_connected():
            self._client.publish(topic, payload, qos)
        elif self.keep_while_away:
            self._waiting.append((topic, payload, qos))

    def _refuse(self, reason: str) -> None:
        self._refused = reason
        self._answered.set()

    def _connected(self) -> None:
        self._refused = ""
        self._subscribed.set()
        self._answered.set()
        waiting, self._waiting = self._waiting, []
        for message in waiting:
            self.publish(*message)

    # Called on paho's own thread

    def _on_connect(
        self, client: paho.Client, _user: object, _flags: object, reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:  # fmt: skip
        if reason.is_failure:
            self._call(self._refuse, str(reason))
        else:
            client.subscribe([(topic, SubscribeOptions(qos=1)) for topic in self.topics])

    def _on_subscribe(self, *_: object) -> None:
        self._call(self._connected)

    def _on_message(self, _client: object, _user: object, message: paho.MQTTMessage) -> None:
        self._call(self._receive, message.topic, message.payload)

    def _call(self, function: Callable[..., None], *arguments: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed already
            self._loop.call_soon_threadsafe(function, *arguments)

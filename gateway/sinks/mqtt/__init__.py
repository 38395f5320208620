"""Publishes events to an MQTT 5 broker at QoS 1; Home Assistant finds the devices by itself.

Below the target, a prefix of topics as `city/east`:

- `<prefix>/<DevEUI>/<kind>`: each event, its CloudEvent as it is stored;
- `<prefix>/<DevEUI>/latest/<property>`, retained: the newest value of a property as JSON with
  `value`, `unit`, `quality` and `observed_at`. An older reading that comes late does not replace
  it; after a start of the gateway the first reading of a device counts as its newest.

An event counts as delivered when the broker acknowledged all messages of it. For each property a
retained message below `discovery` describes an entity of Home Assistant. With `commands`, a lamp
is a light there, and `<commands>/<DevEUI>/<name>` takes commands: the body of `POST
/v1/devices/{}/commands` without `name`, acknowledged once the command is stored. What is refused
is answered at `<commands>/refused`. Whoever may publish there commands the devices, so the
broker's ACL must say who.
"""

import asyncio
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from gateway.errors import ConfigError, Refused, Retry
from gateway.model import Delivery, Endpoint
from gateway.sinks import Ask, Surroundings
from gateway.sinks.mqtt.broker import Broker
from gateway.sinks.mqtt.messages import Messages
from gateway.sinks.mqtt.settings import Settings as Settings

if TYPE_CHECKING:  # paho takes 40 ms, which each command of the CLI would wait for
    from gateway.sinks.mqtt.connection import Connection

TARGET = re.compile(r"\w[\w.-]{0,63}(/\w[\w.-]{0,63}){0,7}", re.ASCII)
REFUSED = ("", "#", "east/+/x", "/east", "east/", "$SYS/east", "mqtt://broker/east", "a\n", "ö/a")


class Sink:
    """One connection for all endpoints, opened when the first event comes."""

    target = "a prefix of topics at the broker of `[sinks.mqtt]`, as `city/east`"
    signed = batched = False

    def __init__(self, settings: Settings, surroundings: Surroundings) -> None:
        self._settings = settings
        self._broker = Broker(
            url=settings.url, username=settings.username, password=settings.password,
            ca_file=settings.ca_file, cert_file=settings.cert_file, key_file=settings.key_file,
        )  # fmt: skip
        self._timeout_s = surroundings.timeout_s
        self._messages = Messages(
            retain=settings.retain, discovery=settings.discovery, commands=settings.commands
        )
        self._connection: Connection | None = None
        self._opening = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._connection:
            self._connection.close()

    def check(self, target: str) -> None:
        """See gateway.sinks.Sink."""
        if not TARGET.fullmatch(target):
            raise Refused(f"{target[:80]!r} is no target: give a prefix of topics as `city/east`")
        if not self._settings.url:
            raise Refused("there is no broker: the operator sets `url` of `[sinks.mqtt]` first")

    async def deliver(self, endpoint: Endpoint, events: Sequence[Delivery]) -> None:
        """See gateway.sinks.Outlet."""
        self.check(endpoint.url)
        connection = self._connection
        try:
            try:
                await self._publish(endpoint, events)
            except Retry:
                # A connection may end at the moment it is used again, as mosquitto 2.0 ends it
                # after a message that its ACL denies: then once more on a new one.
                if connection is None or not connection.gone:
                    raise
                await self._publish(endpoint, events)
        except ConfigError as error:
            raise Retry(f"{error}: the operator edits `[sinks.mqtt]`") from error

    async def _publish(self, endpoint: Endpoint, events: Sequence[Delivery]) -> None:
        connection = None
        try:
            async with asyncio.timeout(self._timeout_s):
                connection = await self._connected()
                for event in events:
                    made = self._messages.of(endpoint, event)
                    await connection.publish(made.messages)
                    self._messages.told(made)
        except TimeoutError:
            if connection:
                connection.close()
            said = f"the broker {self._broker.url} acknowledged nothing within"
            raise Retry(f"{said} {self._timeout_s:g} s") from None

    async def _connected(self) -> "Connection":
        """The connection, a new one where the last is gone: no message of that comes later."""
        async with self._opening:
            if self._connection is None or self._connection.gone:
                self._messages.forget()  # the broker may have lost what it had retained
                self._connection = await self._opened(self._settings.client_id)
            return self._connection

    async def _opened(self, client_id: str) -> "Connection":
        from gateway.sinks.mqtt.connection import Connection

        connection = Connection(self._broker, client_id)
        try:
            await connection.open(clean=True)
        except BaseException:
            connection.close()
            raise
        return connection

    async def listen(self, ask: Ask) -> None:
        """See gateway.sinks.Listening."""
        if self._settings.commands:
            from gateway.sinks.mqtt.commands import Listener

            client_id = f"{self._settings.client_id}-commands"
            await Listener(self._broker, client_id, self._settings.commands, ask).run()

    async def trial(self) -> list[str]:
        """See gateway.sinks.Tried. As another client, so that a running service stays."""
        if not self._settings.url:
            return []
        try:
            async with asyncio.timeout(self._timeout_s):
                connection = await self._opened(f"{self._settings.client_id}-check")
        except TimeoutError:
            raise Retry(f"the broker {self._broker.url} does not answer") from None
        connection.close()
        return [f"the broker {self._broker.url} takes us"]

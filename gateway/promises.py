"""Tries whether the broker keeps what the promises of the gateway need; a trial of `check`.

mosquitto by default keeps 1000 messages for a client that is away and drops the rest, after it
has acknowledged them. With `autosave_on_changes` the trial takes some ten seconds.
"""

import asyncio
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit, urlunsplit

from gateway.errors import ConfigError, Retry
from gateway.sinks.mqtt.broker import Broker, Message
from gateway.sinks.mqtt.connection import Connection

COUNT = 1100
"""More than mosquitto's default. Source: mosquitto.conf(5), max_queued_messages."""
QUIET_S = 3.0
"""Nothing more comes after this time."""
FORGED = "application/lamplighter-check/device/check/event/check"
"""Where only the network server may write; no event of ChirpStack has this name."""


class Reached(Protocol):
    """The part of a network's Settings that leads to its broker."""

    mqtt: str
    username: str
    password: str
    ca_file: Path | None
    cert_file: Path | None
    key_file: Path | None


async def keeps(settings: Reached) -> list[str]:
    """Lines of `check` on the broker. Raises ConfigError where it loses messages, Retry."""
    broker = _broker(settings)
    name = secrets.token_hex(6)
    client_id, topic = f"lamplighter-check-{name}", f"lamplighter/check/{name}"
    await _leave(broker, client_id, topic)
    try:
        try:
            await _publish(broker, f"{client_id}-out", [Message(topic, b"x")] * COUNT)
        except Retry as error:
            return [f"what it keeps was not tried at {topic}: {error}"]
        kept = await _kept(broker, client_id, topic)
    finally:
        await _forget(broker, client_id)
    if kept < COUNT:
        raise ConfigError(
            f"the broker keeps {kept} of {COUNT} messages for a client that is away: set "
            "`max_queued_messages 0` in mosquitto.conf, as `lamplighter init` writes it"
        )
    return [f"the broker keeps {COUNT} messages for a client that is away", await _forged(broker)]


def _broker(settings: Reached) -> Broker:
    parts = urlsplit(settings.mqtt)
    bare = parts.netloc.rpartition("@")[2]
    return Broker(
        url=urlunsplit((parts.scheme, bare, parts.path, "", "")),
        username=settings.username or unquote(parts.username or ""),
        password=settings.password or unquote(parts.password or ""),
        ca_file=settings.ca_file, cert_file=settings.cert_file, key_file=settings.key_file,
    )  # fmt: skip


async def _leave(broker: Broker, client_id: str, topic: str) -> None:
    """Begin a session that outlives its connection."""
    connection = Connection(broker, client_id)
    try:
        await connection.open(clean=False, topic=topic)
    finally:
        connection.close()


async def _publish(broker: Broker, client_id: str, messages: list[Message]) -> None:
    connection = Connection(broker, client_id)
    try:
        await connection.open(clean=True)
        await connection.publish(messages)
    finally:
        connection.close()


async def _kept(broker: Broker, client_id: str, topic: str) -> int:
    """How many messages the session has."""
    came: asyncio.Queue[None] = asyncio.Queue()

    def take(_topic: str, _body: bytes, acknowledge: Callable[[], None]) -> None:
        acknowledge()
        came.put_nowait(None)

    count = 0
    connection = Connection(broker, client_id, take)
    try:
        await connection.open(clean=False, topic=topic)
        while count < COUNT:
            async with asyncio.timeout(QUIET_S):
                await came.get()
            count += 1
    except TimeoutError:
        pass
    finally:
        connection.close()
    return count


async def _forget(broker: Broker, client_id: str) -> None:
    """End the session, so that the broker keeps nothing for it."""
    await _publish(broker, client_id, [])


async def _forged(broker: Broker) -> str:
    """Whether our user may write what only the network server should."""
    try:
        await _publish(broker, f"lamplighter-check-{secrets.token_hex(6)}", [Message(FORGED, b"")])
    except Retry:
        return "its ACL lets us write no events of devices"
    return "its ACL lets us write events of devices: `lamplighter init` writes one that does not"

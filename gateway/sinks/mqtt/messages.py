"""The messages of an event: itself, the newest values, and what Home Assistant is told."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from gateway.model import Delivery, Endpoint
from gateway.sinks.mqtt import home_assistant
from gateway.sinks.mqtt.broker import Message

SAFE = re.compile(r"[0-9A-Za-z_-]{1,64}")
"""A level of a topic that is taken as it is; also an id of Home Assistant."""

EUI = re.compile(r"[0-9a-f]{16}")


class Value(Struct, frozen=True):
    """One value of an event. quality: as in gateway.events.Value."""

    property: str
    unit: str
    value: Any = None
    quality: tuple[str, ...] = ()


class Data(Struct, frozen=True):
    """What is known of a device by one of its events."""

    device: str = ""
    profile: str = ""
    observed_at: str = ""
    received_at: str = ""
    values: tuple[Value, ...] = ()

    @property
    def at(self) -> str:
        """When the values were so, RFC 3339 in UTC, which sorts as text."""
        return self.observed_at or self.received_at


class Cloud(Struct, frozen=True):
    """The part of a CloudEvent that is read here."""

    data: Data = Data()


DECODER = msgspec.json.Decoder(Cloud)

Key = tuple[str, str, str]
"""Endpoint, subject, property."""


class Latest(Struct, frozen=True):
    """The newest value of one property, as it is retained."""

    value: Any
    unit: str
    quality: tuple[str, ...]
    observed_at: str


class Made(Struct, frozen=True):
    """The messages of one event, and what is known once the broker has them."""

    messages: list[Message]
    newest: dict[Key, str]
    entities: dict[Key, bytes]


class Messages:
    """Makes the messages; remembers which values are newer and which entities are told.

    retain, discovery, commands: see gateway.sinks.mqtt.Settings.
    """

    def __init__(self, *, retain: bool, discovery: str, commands: str) -> None:
        self._retain = retain
        self._discovery = discovery if retain else ""
        self._commands = commands
        self._newest: dict[Key, str] = {}
        self._entities: dict[Key, bytes] = {}

    def of(self, endpoint: Endpoint, event: Delivery) -> Made:
        """The messages of one event, in their order."""
        subject = event.subject if SAFE.fullmatch(event.subject) else "-"
        device = f"{endpoint.url}/{subject}"
        kind = event.type.split(".")[-2] if event.type.count(".") > 1 else event.type
        made = Made([Message(f"{device}/{kind}", event.body)], {}, {})
        for name, latest in self._newer(endpoint, event, _data(event.body), made):
            topic = f"{device}/latest/{name}"
            made.messages.append(Message(topic, msgspec.json.encode(latest), retained=True))
        return made

    def _newer(
        self, endpoint: Endpoint, event: Delivery, data: Data, made: Made
    ) -> Iterator[tuple[str, Latest]]:
        """The values that are newer than what the broker has; their entities go first."""
        if not self._retain:
            return
        for one in data.values:
            key = (endpoint.id, event.subject, one.property)
            if not SAFE.fullmatch(one.property) or data.at < self._newest.get(key, ""):
                continue
            made.newest[key] = data.at
            self._tell(endpoint, event, data, one, made)
            yield one.property, Latest(one.value, one.unit, one.quality, data.at)

    def _tell(
        self, endpoint: Endpoint, event: Delivery, data: Data, one: Value, made: Made
    ) -> None:
        """Describe an entity to Home Assistant where it does not know it so."""
        if not self._discovery or not EUI.fullmatch(event.subject):
            return
        told = home_assistant.Told(
            eui=event.subject,
            name=data.device or event.subject,
            profile=data.profile,
            topic=f"{endpoint.url}/{event.subject}/latest/{one.property}",
            command_topic=f"{self._commands}/{event.subject}/dim" if self._commands else "",
        )
        for place, described in home_assistant.entities(told, one.property, one.unit):
            body = msgspec.json.encode(described)
            key = (endpoint.id, event.subject, place)
            if self._entities.get(key) != body:
                made.entities[key] = body
                topic = f"{self._discovery}/{place}/config"
                made.messages.append(Message(topic, body, retained=True))

    def told(self, made: Made) -> None:
        """The broker has them all."""
        self._newest |= made.newest
        self._entities |= made.entities

    def forget(self) -> None:
        """Tell every entity again."""
        self._entities.clear()


def _data(body: bytes) -> Data:
    """What an event tells of its device; nothing where it has another form."""
    try:
        return DECODER.decode(body).data
    except msgspec.DecodeError:
        return Data()

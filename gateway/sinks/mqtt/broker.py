"""The broker of `[sinks.mqtt]`, and what is published to it."""

import socket
import ssl
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from msgspec import Struct

from gateway.errors import ConfigError, without_user

if TYPE_CHECKING:
    from paho.mqtt import client as paho

KEEPALIVE_S = 20
CONNECT_S = 5.0
SESSION_S = 3600
"""How long the broker keeps commands for a gateway that is away, s. A lamp's level is stale then;
commands that are wanted later belong into the REST API, which has an expiry."""
RECEIVE_MOST = 20
"""Messages that the broker may send before the first of them is acknowledged."""


class Message(NamedTuple):
    """What is published."""

    topic: str
    body: bytes
    retained: bool = False


class Broker(Struct, frozen=True, kw_only=True):
    """Where it is and who we are there; see gateway.sinks.mqtt.Settings."""

    url: str
    username: str = ""
    password: str = ""
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None

    def address(self) -> tuple[str, int, bool]:
        """(host, port, with TLS). Raises ConfigError."""
        port = None
        try:
            parts = urlsplit(self.url)
            port = parts.port
        except ValueError:
            parts = urlsplit("")
        if parts.scheme not in {"mqtt", "mqtts"} or not parts.hostname or parts.username:
            raise ConfigError(
                f"`sinks.mqtt.url` is {without_user(self.url)!r}, expected mqtt://host:port; user "
                "and password have keys of their own"
            )
        tls = parts.scheme == "mqtts"
        return parts.hostname, port or (8883 if tls else 1883), tls

    def context(self) -> ssl.SSLContext:
        """For TLS. Raises ConfigError for a file that cannot be used."""
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
            if self.cert_file:
                context.load_cert_chain(self.cert_file, self.key_file)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(f"a certificate of `[sinks.mqtt]` cannot be read: {error}") from None
        return context

    def client(self, client_id: str) -> "paho.Client":
        """A client of this broker, not connected. Raises ConfigError."""
        from paho.mqtt import client as paho
        from paho.mqtt.enums import CallbackAPIVersion

        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id,
            protocol=paho.MQTTv5,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        client.connect_timeout = CONNECT_S
        client.on_socket_open = _at_once
        if self.address()[2]:
            client.tls_set_context(  # pyright: ignore[reportUnknownMemberType] - its own type
                self.context()
            )
        if self.username:
            client.username_pw_set(self.username, self.password)
        return client

    def connect(self, client: "paho.Client", *, clean: bool) -> None:
        """Open the socket and send CONNECT; blocks. Raises OSError, ValueError for a bad name.

        clean: the broker keeps no session.
        """
        from paho.mqtt.packettypes import PacketTypes
        from paho.mqtt.properties import Properties

        host, port, _ = self.address()
        properties = Properties(PacketTypes.CONNECT)
        properties.ReceiveMaximum = RECEIVE_MOST
        if not clean:
            properties.SessionExpiryInterval = SESSION_S
        client.connect(host, port, KEEPALIVE_S, clean_start=clean, properties=properties)


def _at_once(_client: object, _data: object, sock: object) -> None:
    """Small packets do not wait for each other: 40 ms a message where the broker waits too."""
    if isinstance(sock, socket.socket):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

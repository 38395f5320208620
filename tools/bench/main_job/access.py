"""How a real ChirpStack is reached: its API, its broker, key, certificates and topic prefix."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import grpc

TLS_SCHEMES = ("grpcs", "https", "mqtts")


class NetworkAccessError(RuntimeError):
    """ChirpStack cannot be used so; the message says who changes what."""


@dataclass(frozen=True)
class Access:
    """How a ChirpStack is reached.

    grpc: "grpc://host:port" of its API, "grpcs://" with TLS.  mqtt:
    "mqtt://[user:password@]host:port" of its broker, "mqtts://" with TLS.  api_key: an admin's, or
    a tenant's where `tenant` is given.  prefix: topic prefix of its radio gateways.  tenant: id;
    empty for the first.  ca_file: PEM file of the authorities that signed its certificates, empty
    for the system's.  cert_file: PEM file of our own certificate and its key, where they ask for
    one.  events_prefix: what stands before `application/` in its `event_topic`.
    """

    grpc: str
    mqtt: str
    api_key: str
    prefix: str = "eu868"
    tenant: str = ""
    ca_file: str = ""
    cert_file: str = ""
    events_prefix: str = ""

    @property
    def user(self) -> tuple[str, str] | None:
        """User and password of the broker."""
        parts = urlsplit(self.mqtt)
        name = unquote(parts.username or "")
        return (name, unquote(parts.password or "")) if name else None

    @property
    def broker_tls(self) -> ssl.SSLContext | None:
        """Of a broker with TLS. Raises NetworkAccessError for an unusable file."""
        if urlsplit(self.mqtt).scheme not in TLS_SCHEMES:
            return None
        try:
            context = ssl.create_default_context(cafile=self.ca_file or None)
            if self.cert_file:
                context.load_cert_chain(self.cert_file)
        except OSError as error:
            files = " or ".join(filter(None, (self.ca_file, self.cert_file)))
            raise NetworkAccessError(f"{files} is no PEM file of a certificate: {error}") from None
        return context

    @property
    def secure(self) -> bool:
        """Whether the API has TLS."""
        return urlsplit(self.grpc).scheme in TLS_SCHEMES

    def channel(self) -> grpc.aio.Channel:
        """A channel to the API."""
        target = "{}:{}".format(*address(self.grpc))
        if not self.secure:
            return grpc.aio.insecure_channel(target)
        roots = Path(self.ca_file).read_bytes() if self.ca_file else None
        own = Path(self.cert_file).read_bytes() if self.cert_file else None
        secret = grpc.ssl_channel_credentials(roots, own, own)
        return grpc.aio.secure_channel(target, secret)


def address(url: str) -> tuple[str, int]:
    """Host and port. Raises NetworkAccessError."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or not port:
        raise NetworkAccessError(f"{url}: expected SCHEME://HOST:PORT")
    return host, port

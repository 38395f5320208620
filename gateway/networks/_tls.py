"""TLS to a network server: an own authority, a client certificate, and what went wrong."""

import ssl
from pathlib import Path

import grpc
from msgspec import Struct

from gateway.errors import ConfigError


class Tls(Struct, frozen=True):
    """Files in PEM. ca_file: authorities to trust; None: the system's.

    cert_file: our certificate and its chain, for a server that asks for one.  key_file: its key;
    None: it is in cert_file.
    """

    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None

    def context(self) -> ssl.SSLContext:
        """For Python's own sockets. Raises ConfigError for a file that cannot be used."""
        self._checked()
        context = ssl.create_default_context()
        try:
            if self.ca_file:
                # only these authorities: the system's would vouch for another broker of that name
                context = ssl.create_default_context(cafile=self.ca_file)
            if self.cert_file:
                context.load_cert_chain(self.cert_file, self.key_file)
        except ssl.SSLError as error:
            raise self._unusable(error) from None
        return context

    def server_context(self) -> ssl.SSLContext:
        """For a port of ours; asks for a client certificate where there are authorities.

        Raises ConfigError for a file that cannot be used.
        """
        self._checked()
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        try:
            context.load_cert_chain(self.cert_file or "", self.key_file)
            if self.ca_file:
                context.load_verify_locations(self.ca_file)
                context.verify_mode = ssl.CERT_REQUIRED
        except ssl.SSLError as error:
            raise self._unusable(error) from None
        return context

    def credentials(self) -> grpc.ChannelCredentials:
        """For gRPC. Raises ConfigError for a file that cannot be read."""
        self._checked()
        authorities = self.ca_file.read_bytes() if self.ca_file else None
        if not self.cert_file:
            return grpc.ssl_channel_credentials(authorities)
        chain = self.cert_file.read_bytes()
        key = (self.key_file or self.cert_file).read_bytes()
        return grpc.ssl_channel_credentials(authorities, key, chain)

    def _unusable(self, error: ssl.SSLError) -> ConfigError:
        files = ", ".join(str(one) for one in self._files().values())
        return ConfigError(f"{files}: no certificate or key in PEM ({error.reason})")

    def _files(self) -> dict[str, Path]:
        named = {"ca_file": self.ca_file, "cert_file": self.cert_file, "key_file": self.key_file}
        return {name: path for name, path in named.items() if path}

    def _checked(self) -> None:
        for name, path in self._files().items():
            try:
                path.read_bytes()
            except OSError as error:
                said = f"`network.{name}` {path} cannot be read: {error.strerror}"
                raise ConfigError(said) from None


def failure(error: ssl.SSLError | ConnectionResetError, where: str) -> ConfigError:
    """What a failed handshake means. where: the server, as `the broker mqtts://host`."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return ConfigError(
            f"{where} shows a certificate that is not trusted ({error.verify_message}): set "
            "`network.ca_file` to the authority that signed it, or use the name it is made for"
        )
    if isinstance(error, ConnectionResetError) or error.reason == "WRONG_VERSION_NUMBER":
        return ConfigError(f"{where} does not speak TLS at this port")
    return ConfigError(f"TLS with {where} fails: {error.reason}")

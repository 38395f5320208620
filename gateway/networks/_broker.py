"""A broker: where it is, who we are there, and what we listen to."""

from msgspec import Struct

from gateway.errors import ConfigError, without_user
from gateway.networks import _address
from gateway.networks._tls import Tls


class Broker(Struct, frozen=True, kw_only=True):
    """A broker, the session at it, and the topic filter.

    url: `mqtt://[user:password@]host[:port]` or `mqtts://...`; printed only as `shown`.
    """

    url: str
    client_id: str
    topic: str
    username: str = ""
    password: str = ""
    tls: Tls = Tls()

    @property
    def shown(self) -> str:
        """The address without user and password."""
        return without_user(self.url)

    def address(self) -> tuple[str, int, bool]:
        """(host, port, with TLS). Raises ConfigError."""
        parts = _address.split(self.url, "network.mqtt", ("mqtt", "mqtts"))
        tls = parts.scheme == "mqtts"
        return parts.hostname or "", parts.port or (8883 if tls else 1883), tls

    def user(self) -> tuple[str, str]:
        """(user, password) of the URL, else of the settings. Raises ConfigError for both."""
        name, password = _address.user(_address.split(self.url, "network.mqtt", ("mqtt", "mqtts")))
        if name and self.username:
            raise ConfigError("`network.mqtt` has a user and so has `network.username`: drop one")
        return (name, password) if name else (self.username, self.password)

"""A broker: where it is, who we are there, and what we listen to."""

from msgspec import Struct

from gateway.errors import ConfigError, Retry, without_user
from gateway.networks import _address
from gateway.networks._tls import Tls

WANTS_CERTIFICATE = (
    "it may want a client certificate: set `network.cert_file` and `network.key_file`"
)
WANTS_TLS = "this may be its port for TLS: write `mqtts://`"


class Broker(Struct, frozen=True, kw_only=True):
    """A broker, the session at it, and the topic filter.

    url: `mqtt://[user:password@]host[:port]` or `mqtts://...`; printed only as `shown`.
    version: of MQTT: 5, or 4 for MQTT 3.1.1, then at QoS 0 and with no session.
    keys: which settings say who we are there.
    """

    url: str
    client_id: str
    topic: str
    username: str = ""
    password: str = ""
    tls: Tls = Tls()
    version: int = 5
    keys: str = "`network.username` and `network.password` must be a user it knows"

    @property
    def protocol(self) -> str:
        """The version by its name."""
        return "MQTT 5" if self.version == 5 else "MQTT 3.1.1"

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

    def unanswered(self) -> Retry:
        """It ended the connection before CONNACK."""
        _, _, tls = self.address()
        why = WANTS_CERTIFICATE if tls else WANTS_TLS
        return Retry(f"the broker {self.shown} ended the connection before it answered: {why}")

    def refused(self, said: str) -> ConfigError:
        """It does not grant the topic. said: the reasons of its SUBACK."""
        qos = int(self.version == 5)
        refusal = f"the broker refuses `{self.topic}` at QoS {qos}: {said}"
        return ConfigError(f"{refusal}; its ACL must let {self.user()[0] or 'us'} read it")

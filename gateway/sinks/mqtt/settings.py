"""The keys of `[sinks.mqtt]`."""

from pathlib import Path

from msgspec import Struct


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[sinks.mqtt]`.

    url: the broker, as `mqtt://broker.example.org:1883`, or `mqtts://` with TLS.
    username: at the broker.  password: of that user.
    client_id: ours there; each gateway at a broker has its own.
    ca_file: authorities to trust, PEM; without it the system's.
    cert_file: our certificate, for a broker that asks for one.  key_file: its key.
    retain: keep the newest value of each property at the broker, as Home Assistant needs it.
    discovery: where Home Assistant listens; empty: nothing is told to it.
    commands: a prefix of topics where commands are taken; empty: none are.
    """

    url: str = ""
    username: str = ""
    password: str = ""
    client_id: str = "lamplighter-sink"
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    retain: bool = True
    discovery: str = "homeassistant"
    commands: str = ""

    def __repr__(self) -> str:
        """Without the password."""
        return f"Settings(url={self.url!r}, username={self.username!r})"

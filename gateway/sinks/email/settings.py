"""The keys of `[sinks.email]`."""

from pathlib import Path

from msgspec import Struct

from gateway.errors import without_user


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[sinks.email]`.

    smtp: the mail server, as `smtp://mail.example.org:587` or `smtps://mail.example.org`.
    sender: the address that messages are from.
    username: at the mail server; empty: it asks for none.  password: of that user.
    ca_file: authorities to trust, PEM; without it the system's.
    """

    smtp: str = ""
    sender: str = ""
    username: str = ""
    password: str = ""
    ca_file: Path | None = None

    def __repr__(self) -> str:
        """Without the password."""
        return f"Settings(smtp={self.shown!r}, username={self.username!r})"

    @property
    def shown(self) -> str:
        """The mail server as a message may name it."""
        return without_user(self.smtp)

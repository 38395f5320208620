"""Addresses of a network server, as the settings give them and as they may be shown."""

from urllib.parse import SplitResult, unquote, urlsplit

from gateway.errors import ConfigError, without_user


def split(url: str, key: str, schemes: tuple[str, str]) -> SplitResult:
    """The parts of a URL. key: that has it.  schemes: without TLS and with. Raises ConfigError."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises for one that is no number
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in schemes or not parts.hostname:
        raise ConfigError(f"`{key}` is {without_user(url)!r}, expected {schemes[0]}://host:port")
    return parts


def user(parts: SplitResult) -> tuple[str, str]:
    """(user, password) of a URL, percent-decoded; empty where it has none."""
    return unquote(parts.username or ""), unquote(parts.password or "")

"""Levels of a lamp by the time of day: [["HH:MM", level], ...]."""

from node.errors import ConfigError


def check(name: str, value, most: int):
    """The value as stored, or ConfigError.  most: entries."""
    try:
        right = isinstance(value, (list, tuple)) and len(value) <= most
        right = right and all(_entry(at, level) for at, level in value)
    except (ValueError, TypeError, AttributeError):
        right = False
    if not right:
        raise ConfigError('%s: expected [["HH:MM", level], ...], level 0 to 100' % name)
    return value


def _entry(at, level):
    hours, minutes = at.split(":")
    right = 0 <= int(hours) < 24 and 0 <= int(minutes) < 60
    return right and type(level) is int and 0 <= level <= 100

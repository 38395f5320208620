"""The commands of our own boards, from the wire table: fields, ranges and meaning."""

from wire.schema import COMMANDS

from gateway.devices import Field
from gateway.devices._wire import fields, told

OURS = frozenset({"token", "expires"})
"""Fields that the gateway fills in."""


def takes() -> dict[str, tuple[Field, ...]]:
    """The fields of each command that its caller gives."""
    return {
        name: tuple(
            Field(name=field, low=low, high=high, needed=not optional, meaning=told(name, field))
            for field, _, low, high, _, optional in fields(text)
            if field not in OURS
        )
        for name, (_, text) in COMMANDS.items()
    }

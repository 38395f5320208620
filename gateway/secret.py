"""Which fields are secret: marked once, in the Struct that has them.

The audit log does not show such a field, the store seals it, and the API document calls it a
password.
"""

from functools import cache
from typing import Annotated, Any, cast

import msgspec
from msgspec import Meta, Struct

FORMAT = "password"
"""Source: OpenAPI 3.1, "Data Type Format"."""
Secret = Annotated[str, Meta(extra_json_schema={"format": FORMAT})]


@cache
def fields(struct: type[Struct]) -> tuple[str, ...]:
    """The fields that are Secret, or hold Secrets by name."""
    found: Any = msgspec.inspect.type_info(struct)
    return tuple(one.name for one in found.fields if _secret(one.type))


def _secret(kind: Any) -> bool:
    if isinstance(kind, msgspec.inspect.DictType):
        return _secret(kind.value_type)
    extra: Any = getattr(kind, "extra_json_schema", None) or {}
    return extra.get("format") == FORMAT


def hidden(thing: Struct, before: Struct | None) -> dict[str, Any]:
    """A thing as JSON values; each secret is `(set)`, or `(changed)` since it was `before`."""
    shown: dict[str, Any] = msgspec.to_builtins(thing)
    for name in fields(type(thing)):
        shown[name] = _hidden(shown[name], getattr(before, name, None))
    return shown


def _hidden(value: Any, before: Any) -> Any:
    if isinstance(value, dict):
        known = cast("dict[str, Any]", before or {})
        pairs = cast("dict[str, Any]", value)
        return {name: _hidden(one, known.get(name)) for name, one in pairs.items()}
    if not value:
        return value
    return "(set)" if before is None or before == value else "(changed)"

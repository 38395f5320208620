"""How requests are read: identifiers, keys, sub-messages; ChirpStack's codes for wrong ones."""

from collections.abc import Iterable
from typing import Any, TypeVar

import grpc

from tools.bench.network.events import timestamp
from tools.bench.network.registry import Stored

Code = grpc.StatusCode
Row = TypeVar("Row")
Kept = TypeVar("Kept", bound=Stored[Any])


class CallError(Exception):
    """A call is answered with this code and text."""

    def __init__(self, code: grpc.StatusCode, details: str) -> None:
        super().__init__(details)
        self.code = code
        self.details = details


def part(request: Any, name: str) -> Any:
    """A sub-message that must be there. Raises CallError (INVALID_ARGUMENT)."""
    if not request.HasField(name):
        raise CallError(Code.INVALID_ARGUMENT, f"{name} is missing")
    return getattr(request, name)


def named(message: Any) -> None:
    """Refuse an object without a name."""
    if not message.name:
        raise CallError(Code.INVALID_ARGUMENT, "Validation error: name is not set")


def hexadecimal(text: str, size: int) -> str:
    """`size` bytes as lower-case hex; empty text is all zeros. Raises CallError (INTERNAL)."""
    if not text:
        return "00" * size
    if len(text) % 2:
        raise CallError(Code.INTERNAL, "Odd number of digits")
    if len(text) != 2 * size:
        raise CallError(Code.INTERNAL, "Invalid string length")
    for at, digit in enumerate(text):
        if digit not in "0123456789abcdefABCDEF":
            raise CallError(Code.INTERNAL, f"Invalid character {digit!r} at position {at}")
    return text.lower()


def eui(text: str) -> str:
    """A DevEUI, JoinEUI or gateway identifier."""
    return hexadecimal(text, 8)


def uuid(text: str) -> str:
    """A UUID, with or without hyphens. Raises CallError (INVALID_ARGUMENT)."""
    digits = text.replace("-", "").lower()
    for at, digit in enumerate(text):
        if digit not in "0123456789abcdefABCDEF-":
            raise CallError(Code.INVALID_ARGUMENT, f"invalid character: found `{digit}` at {at}")
    if len(digits) != 32:
        raise CallError(
            Code.INVALID_ARGUMENT,
            f"invalid length: expected length 32 for simple format, found {len(digits)}",
        )
    return "-".join(digits[a:b] for a, b in ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32)))


def times(stored: Stored[Any]) -> dict[str, Any]:
    """created_at and updated_at of an object."""
    return {
        "created_at": timestamp(stored.created_us),
        "updated_at": timestamp(stored.updated_us),
    }


def found(
    rows: Iterable[Kept], search: str, tenant_id: str | None = None, also: str = ""
) -> list[Kept]:
    """Objects by name: of a tenant, or of all, whose name holds the text, in any case.

    also: a field that may hold the end of the text after the name.
    """
    chosen = [
        one
        for one in rows
        if (tenant_id is None or one.message.tenant_id == tenant_id)
        and search.lower()
        in (one.message.name + (getattr(one.message, also) if also else "")).lower()
    ]
    return sorted(chosen, key=lambda one: one.message.name)


def page(rows: Iterable[Row], request: Any) -> list[Row]:
    """The part of a list that was asked for; a limit of 0 asks for the count alone."""
    return list(rows)[request.offset : request.offset + request.limit]

"""Fields of a JSON object that forks and republishers wrote in more than one form.

A name is found in any case and with or without underscores. A value of another type is taken where
it can mean only one thing (`"5"`, `5.0`), else it is as if it were absent.
"""

import math
from base64 import b64decode
from functools import lru_cache
from typing import Any, cast

from gateway.clock import parse_ms

ABSENT = object()
MS_FROM = 10**11
"""A number from here on counts milliseconds since 1970, a smaller one seconds (to year 5138)."""


class Fields:
    """One object of a message; what is no object has no fields."""

    def __init__(self, values: Any) -> None:
        found = cast("dict[Any, Any]", values) if isinstance(values, dict) else {}
        self._values = {_plain(str(name)): value for name, value in found.items()}

    def get(self, name: str) -> Any:
        """The value as it is; ABSENT when there is none."""
        return self._values.get(_plain(name), ABSENT)

    def text(self, name: str) -> str:
        """Text; empty when there is none."""
        value = self.get(name)
        return value if isinstance(value, str) else ""

    def number(self, name: str) -> float | None:
        """A finite number, also one written as text; None when there is none."""
        return _number(self.get(name))

    def whole(self, name: str, most: int) -> int | None:
        """A whole number from 0 to `most`; None when there is none."""
        number = self.number(name)
        fits = number is not None and number == int(number) and 0 <= number <= most
        return int(number) if number is not None and fits else None

    def needed(self, name: str, most: int) -> int:
        """A whole number; 0 where it is absent or null. Raises ValueError for anything else."""
        if self.get(name) in (ABSENT, None):
            return 0
        number = self.whole(name, most)
        if number is None:
            raise ValueError(f"`{name}` is no whole number from 0 to {most}")
        return number

    def content(self, name: str) -> bytes:
        """Bytes written as Base64; empty when absent or null. Raises ValueError."""
        value = self.get(name)
        if value in (ABSENT, None):
            return b""
        try:
            return b64decode(value, validate=True)
        except (TypeError, ValueError):
            raise ValueError(f"`{name}` is not Base64") from None

    def flag(self, name: str) -> bool:
        """Whether the value is true."""
        return self.get(name) in (True, "true", 1)

    def part(self, name: str) -> "Fields":
        """An object inside this one."""
        return Fields(self.get(name))

    def parts(self, name: str) -> list["Fields"]:
        """The objects of a list; also of one that is not in a list."""
        value = self.get(name)
        found = cast("list[Any]", value) if isinstance(value, list) else [value]
        return [Fields(one) for one in found if isinstance(one, dict) and one]

    def instant(self, name: str) -> int:
        """Ms since 1970 of RFC 3339 text, a number or a protobuf Timestamp; 0: none is known."""
        value = self.get(name)
        if isinstance(value, dict):
            return self.part(name).instant("seconds")
        number = _number(value)
        if number is not None:
            at_ms = number if number >= MS_FROM else number * 1000
            return int(at_ms) if 0 <= at_ms < MS_FROM * 1000 else 0
        try:
            return max(parse_ms(value.upper() if isinstance(value, str) else ""), 0)
        except (ValueError, OverflowError):
            return 0


@lru_cache(512)  # the names are few, unless somebody makes up others
def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None

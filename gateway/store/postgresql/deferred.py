"""Numbers that a transaction counts up, written once at its end.

A row that one transaction updates n times has n versions, and each update walks over those before
it: a thousand events in a group would take half a million steps at one endpoint's sums.
"""

from typing import NamedTuple

Key = tuple[str, str]
"""(statement that writes it, id of the row)."""


class _Number(NamedTuple):
    """now: its value in this transaction.  stored: its value in the table; None: not there."""

    now: int
    stored: int | None


class Deferred:
    """The numbers of one transaction."""

    def __init__(self) -> None:
        self._numbers: dict[Key, _Number] = {}

    def get(self, key: Key) -> int | None:
        """The value of a number, None before it was read from the table."""
        found = self._numbers.get(key)
        return found.now if found else None

    def read(self, key: Key, value: int) -> None:
        """Keep what the table holds; of a sum 0, it has been added."""
        self._put(key, _Number(value, value))

    def put(self, key: Key, value: int) -> None:
        """Change a number."""
        found = self._numbers.get(key)
        self._put(key, _Number(value, found.stored if found else None))

    def unwritten(self) -> list[tuple[Key, int]]:
        """What is to be written, and counts as written from now on."""
        found = [(key, one.now) for key, one in self._numbers.items() if one.now != one.stored]
        for key, value in found:
            self._put(key, _Number(value, value))
        return found

    def _put(self, key: Key, number: _Number) -> None:
        self._numbers[key] = number

"""One table in memory, whose changes can be taken back."""

from collections.abc import Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Table(Generic[K, V]):
    """Rows by key, in the order they were first put. undo: what takes the changes back."""

    def __init__(self, undo: list[Callable[[], None]]) -> None:
        self._rows: dict[K, V | None] = {}  # None: dropped, but its place is kept
        self._undo = undo

    def get(self, key: K) -> V | None:
        """The row of a key."""
        return self._rows.get(key)

    def all(self) -> list[V]:
        """Every row, by first put."""
        return [row for row in self._rows.values() if row is not None]

    def items(self) -> list[tuple[K, V]]:
        """Every key with its row, by first put."""
        return [(key, row) for key, row in self._rows.items() if row is not None]

    def put(self, key: K, row: V | None) -> None:
        """Add, replace, or with None drop a row."""
        had, before = key in self._rows, self._rows.get(key)
        self._rows[key] = row
        if had:
            self._undo.append(lambda: self._rows.__setitem__(key, before))
        else:
            self._undo.append(lambda: self._rows.__delitem__(key))

"""The store in memory, for trials and tests: the promises of the SQLite store without its disk."""

from collections.abc import Callable
from typing import Self, TypeVar

from gateway.store import Transaction, View
from gateway.store.memory.changes import Changes

T = TypeVar("T")


class Store:
    """The store in memory. source: that of every event, `lamplighter/<site>`."""

    def __init__(self, source: str = "lamplighter/street") -> None:
        self._rows = Changes(source)
        self._listeners: list[Callable[[int], None]] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        pass

    def on_append(self, listener: Callable[[int], None]) -> None:
        """See gateway.store.Store."""
        self._listeners.append(listener)

    async def read(self, question: Callable[[View], T]) -> T:
        """See gateway.store.Store."""
        return question(self._rows)

    async def write(self, change: Callable[[Transaction], T]) -> T:
        """See gateway.store.Store."""
        rows = self._rows
        rows.appended = 0
        try:
            result = change(rows)
        except Exception:
            for step in reversed(rows.undo):
                step()
            raise
        finally:
            rows.undo.clear()
        if rows.appended:
            for listener in self._listeners:
                listener(rows.appended)
        return result

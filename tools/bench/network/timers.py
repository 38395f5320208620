"""What is due when: calls in order of time, made only by `advance`."""

import heapq
import itertools
from collections.abc import Callable


class Timers:
    """A queue of calls. Times are Unix microseconds; equal times keep the order of `at`."""

    def __init__(self) -> None:
        self._waiting: list[tuple[int, int, Callable[[int], object]]] = []
        self._order = itertools.count()

    @property
    def next_due_us(self) -> int | None:
        """When `advance` has something to do next; None when only a new frame can make work."""
        return self._waiting[0][0] if self._waiting else None

    def at(self, due_us: int, call: Callable[[int], object]) -> None:
        """Calls back with the due time, once `advance` reaches it."""
        heapq.heappush(self._waiting, (due_us, next(self._order), call))

    def advance(self, now_us: int) -> None:
        """Makes every call that is due up to `now_us`, in order."""
        while self._waiting and self._waiting[0][0] <= now_us:
            due_us, _, call = heapq.heappop(self._waiting)
            call(due_us)

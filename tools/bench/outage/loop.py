"""An event loop whose time goes on only while everything waits, and then at once."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Jump(selectors.SelectSelector):
    """Instead of waiting for a file it moves the loop's time on."""

    now_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("everything waits for something that never comes")
        self.now_s += max(timeout, 0)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """`time()` begins at 0 s. Sleeps take no time on the wall; sockets and threads do not work."""

    def __init__(self) -> None:
        self._jump = _Jump()
        super().__init__(self._jump)

    def time(self) -> float:
        """Seconds since the loop began."""
        return self._jump.now_s


def run(job: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(job)


def now_us() -> int:
    """Microseconds since the running loop began."""
    return round(asyncio.get_running_loop().time() * 1_000_000)


async def until_us(at_us: int) -> None:
    """Sleep to an instant; never early."""
    while (left_us := at_us - now_us()) > 0:  # noqa: ASYNC110 - the sleep may end a rounding early
        await asyncio.sleep(left_us / 1_000_000)

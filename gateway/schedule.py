"""When an attempt that failed is made again."""

from msgspec import Struct

JITTER = 0.2


class Schedule(Struct, frozen=True):
    """When an attempt is repeated.

    steps_s: waits after the first, second, ... failed attempt; at their end the event is dead.
    """

    steps_s: tuple[float, ...]

    def wait_s(self, attempts: int, draw: float, asked_s: float | None = None) -> float | None:
        """Seconds until the next attempt, None when there is none.

        attempts: failed so far, 1...  draw: 0..1, spreads the wait by +-20 %, so that events that
        failed together are not all sent again together.  asked_s: the endpoint's Retry-After, a
        lower bound.
        """
        if attempts > len(self.steps_s):
            return None
        wait = self.steps_s[attempts - 1] * (1 + JITTER * (2 * draw - 1))
        return max(wait, asked_s or 0.0)


REFUSED = Schedule((60.0, 540.0))
"""Of an event which the endpoint refuses: three tries, ten minutes in all."""

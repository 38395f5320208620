"""Messages that could not be read: the first of each hour make an event each, the rest one."""

from msgspec import Struct

EVENTS = 5
"""Events within WINDOW_MS that stand for one message each."""
WINDOW_MS = 3_600_000


class Flood(Struct):
    """Since window_ms: how many events there were, and how many messages wait for the next one.

    held_id, held_reason, held_size: of the newest that waits.
    """

    window_ms: int = 0
    window_events: int = 0
    held: int = 0
    held_id: int = 0
    held_reason: str = ""
    held_size: int = 0

    def admits(self, number: int, reason: str, size: int, now_ms: int) -> bool:
        """Whether this message makes an event of its own; else it waits. number: of quarantine."""
        if now_ms - self.window_ms >= WINDOW_MS and not self.held:
            self.window_ms = now_ms
            self.window_events = 0
        if self.window_events < EVENTS:
            self.window_events += 1
            return True
        self.held += 1
        self.held_id = number
        self.held_reason = reason
        self.held_size = size
        return False

    def ripe(self, now_ms: int) -> bool:
        """Whether the messages that wait are due for their common event."""
        return self.held > 0 and now_ms - self.window_ms >= WINDOW_MS

    def release(self, now_ms: int) -> None:
        """They have their event, the first of a new window."""
        self.held = 0
        self.window_ms = now_ms
        self.window_events = 1

    def bound(self, now_ms: int) -> None:
        """The window did not begin later than now."""
        self.window_ms = min(self.window_ms, now_ms)

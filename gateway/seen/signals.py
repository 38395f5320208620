"""Queue signals that came before the network server's reply which names their queue item."""

from msgspec import Struct, field

EARLY = 16


class Signal(Struct, frozen=True):
    """A notice about a queue item.

    what: `transmitted`, `acknowledged`, `unacknowledged` or `dropped`.
    """

    queue_item_id: str
    what: str
    note: str = ""


class Signals(Struct):
    """early: the newest signals about queue items that no command has yet."""

    early: list[Signal] = field(default_factory=list)

    def remember(self, signal: Signal) -> None:
        """Keep a signal until its queue item is known."""
        self.early = [*self.early[-EARLY + 1 :], signal]

    def recall(self, queue_item_id: str) -> list[Signal]:
        """Take out what came about this queue item so far, oldest first."""
        found = [one for one in self.early if one.queue_item_id == queue_item_id]
        self.early = [one for one in self.early if one.queue_item_id != queue_item_id]
        return found

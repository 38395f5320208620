"""A device's downlink queue: what goes out next, and what is given up on the way.

First in, first out; one item in flight: a confirmed item that was sent holds the queue until it is
acknowledged or given up. Source: ChirpStack 4.20.0, downlink/data.rs and storage/device_queue.rs.
"""

from dataclasses import dataclass, field

from tools.bench.network.registry import QueueItem


@dataclass
class Choice:
    """What `choose` found. more: another item waits behind.  given_up: (item, why), in order.

    why: "unacknowledged", "expired" or "size".
    """

    item: QueueItem | None = None
    more: bool = False
    given_up: list[tuple[QueueItem, str]] = field(default_factory=list)


def choose(queue: list[QueueItem], now_us: int, longest: int) -> Choice:
    """Take the next item that fits a window of `longest` bytes, removing what is given up.

    A pending item without a time-out (class A) is given up at once: an uplink came without its
    acknowledgement. One with a time-out ahead (class C) keeps the queue waiting.
    """
    choice = Choice()
    while queue:
        head = queue[0]
        if head.pending and head.timeout_us is not None and head.timeout_us > now_us:
            break
        why = _give_up(head, now_us, longest)
        if why is None:
            choice.item = head
            choice.more = len(queue) > 1
            break
        choice.given_up.append((queue.pop(0), why))
    return choice


def _give_up(item: QueueItem, now_us: int, longest: int) -> str | None:
    if item.pending:
        return "unacknowledged"
    if item.expires_us is not None and item.expires_us < now_us:
        return "expired"
    if len(item.data) > longest:
        return "size"
    return None


def ready(queue: list[QueueItem], now_us: int) -> bool:
    """Whether the class-C scheduler looks at this queue at all."""
    waits = [q.pending and (q.timeout_us is None or q.timeout_us > now_us) for q in queue]
    return not all(waits)


def pending(queue: list[QueueItem]) -> QueueItem | None:
    """The sent, unacknowledged item, if there is one."""
    return next((item for item in queue if item.pending), None)

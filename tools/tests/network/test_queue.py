"""The downlink queue's choice, state by state."""

from tools.bench.network.queue import Choice, choose, pending, ready
from tools.bench.network.registry import QueueItem

NOW = 1_000_000


def item(name, **given):
    return QueueItem(name, 10, given.pop("data", b"x"), given.pop("confirmed", False), **given)


def test_first_in_is_first_out_and_more_is_told():
    queue = [item("a"), item("b")]

    assert choose(queue, NOW, 51) == Choice(queue[0], more=True)
    assert len(queue) == 2


def test_what_is_expired_or_too_long_is_given_up_and_the_next_one_goes():
    old, long, good = item("a", expires_us=NOW - 1), item("b", data=bytes(52)), item("c")
    queue = [old, long, good]

    choice = choose(queue, NOW, 51)

    assert choice == Choice(good, more=False, given_up=[(old, "expired"), (long, "size")])
    assert queue == [good]


def test_a_payload_of_exactly_the_longest_goes():
    queue = [item("a", data=bytes(51), expires_us=NOW)]

    assert choose(queue, NOW, 51).item is queue[0]


def test_a_pending_item_of_class_a_is_given_up_at_the_next_uplink():
    sent, waiting = item("a", confirmed=True, pending=True), item("b")
    queue = [sent, waiting]

    assert choose(queue, NOW, 51) == Choice(waiting, given_up=[(sent, "unacknowledged")])


def test_a_pending_item_of_class_c_holds_the_queue_until_its_time_out():
    sent = item("a", confirmed=True, pending=True, timeout_us=NOW)
    queue = [sent, item("b")]

    assert choose(queue, NOW - 1, 51) == Choice()
    assert pending(queue) is sent
    assert choose(queue, NOW, 51).given_up == [(sent, "unacknowledged")]


def test_the_scheduler_looks_only_where_something_may_happen():
    sent = item("a", pending=True, timeout_us=NOW)

    assert not ready([], NOW)
    assert not ready([sent], NOW - 1)
    assert ready([sent], NOW)
    assert ready([sent, item("b")], NOW - 1)

"""The queues of one endpoint, told and filled in every order that two threads can make."""

import pytest

from gateway.line import Line
from gateway.model import Delivery, Waiting
from gateway.store import Appended
from gateway.webhooks import new_endpoint

HOOK = new_endpoint("webhook", "http://x/", [], 0)


def row(cursor):
    return Delivery(
        endpoint_id=HOOK.id, cursor=cursor, event_id=str(cursor), type="t", subject="a", body=b"{}"
    )


def told(line, *cursors):
    line.committed([Appended(one, str(one), "t", "a", b"{}", (HOOK.id,)) for one in cursors])


def sent(line):
    """The cursors that the device's turns give, one after the other."""
    found = []
    while queue := line.take(0):
        found.append(queue.events[0].cursor)
        line.end(queue, 1, 0)
    return found


@pytest.fixture
def line():
    """A line that knows of event 1, which another process appended."""
    made = Line(HOOK, 8)
    made.reset([], 0)
    assert made.take(0) is None
    made.found([Waiting("a", 1, 1)], 1)
    return made


def test_a_commit_that_a_reader_sees_first_is_queued_once(line):
    [queue] = line.wanted()
    line.fill(queue, [row(1), row(2)], 2, 0)
    told(line, 2)

    assert (sent(line), line.unread) == ([1, 2], False)


def test_nor_again_when_its_device_is_through_before_it_is_told(line):
    [queue] = line.wanted()
    line.fill(queue, [row(1), row(2)], 2, 0)
    before = sent(line)
    told(line, 2)

    assert before + sent(line) == [1, 2]

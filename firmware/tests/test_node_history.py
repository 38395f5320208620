"""Any reading on flash comes again when it is asked for, in any range, after weeks."""

import os

from tests.fake_device import folder

# isort: split
from node.history import History
from node.store import Store

MONTH = 30 * 144  # readings of 30 days at 10 minutes


def history(path):
    return History(Store(path + "/state"), path + "/journal")


def read(one, count, acked=True):
    for _ in range(count):
        one.add(1, 0, 0, 10, b"%06d" % one.next_seq)
        if acked:
            one.sent(one.batch(1))
            one.acked()


def drained(one, limit=24):
    """Numbers sent until nothing waits."""
    seen = []
    while not one.idle():
        batch = one.batch(limit)
        assert all(record.data == b"%06d" % record.seq for record in batch)
        seen += [record.seq for record in batch]
        one.sent(batch)
        one.acked()
    return seen


def test_an_acknowledged_reading_of_any_age_comes_again():
    one = history(folder())
    read(one, 300)

    for first, count in ((0, 3), (120, 20), (285, 15), (298, 2), (0, 254)):
        assert one.resend(first, count) == count
        assert not one.idle()
        assert sorted(drained(one)) == list(range(first, first + count))
    assert one.resend(300, 5) == 0
    assert one.resend(60000, 5) == 0
    assert one.idle()


def test_a_month_of_readings_is_there_and_more_only_costs_the_oldest():
    path = folder()
    one = history(path)
    read(one, MONTH + 500)

    assert one.resend(500, 254) == 254
    assert drained(one) == list(range(500, 754))
    assert one.resend(0, 10) == 0
    assert len(os.listdir(path + "/journal/history")) <= 36


def test_an_outage_is_kept_too_after_it_was_sent():
    path = folder()
    one = history(path)
    read(one, 20)
    read(one, 500, acked=False)
    assert drained(one, 32) == list(range(20, 520))

    assert one.segments == []
    assert one.resend(100, 200) == 200
    assert drained(one) == list(range(100, 300))


def test_what_waits_goes_before_what_is_asked_for():
    one = history(folder())
    read(one, 100)
    one.resend(0, 5)
    read(one, 2, acked=False)

    assert drained(one, 4) == [100, 101, 0, 1, 2, 3, 4]


def test_an_unanswered_resend_waits_again_and_ranges_follow_each_other():
    one = history(folder())
    read(one, 100)
    one.resend(10, 6)
    one.resend(40, 3)
    one.sent(one.batch(4))
    one.acked()
    one.sent(one.batch(9))
    one.sent(one.batch(9))
    assert one.idle()

    one.lost()

    assert drained(one) == [14, 15, 40, 41, 42]


def test_the_files_are_found_after_a_restart_and_numbers_wrap():
    path = folder()
    one = history(path)
    one.next_seq = one.acked_below = 65500
    read(one, 100)
    one.save()

    again = history(path)

    assert again.next_seq == 64
    assert again.idle()
    assert again.resend(65510, 60) == 60
    assert drained(again) == [65510 + at & 0xFFFF for at in range(60)]


def test_a_torn_reading_is_stepped_over():
    path = folder()
    one = history(path)
    read(one, 100)
    name = path + "/journal/history/00001"
    with open(name, "rb") as file:
        raw = file.read()
    with open(name, "wb") as file:
        file.write(raw[:70] + bytes([raw[70] ^ 1]) + raw[71:])

    assert one.resend(0, 5) == 4
    assert drained(one) == [0, 1, 3, 4]


def test_readings_of_two_ports_come_in_batches_of_their_own():
    one = history(folder())
    read(one, 4)
    for _ in range(40):
        one.add(1, 0, 0, 12, b"%06d" % one.next_seq)
        one.sent(one.batch(1))
        one.acked()
    one.resend(2, 6)
    ports = []
    while not one.idle():
        batch = one.batch(24)
        ports.append([record.fport for record in batch])
        one.sent(batch)
        one.acked()

    assert ports == [[10, 10], [12, 12, 12, 12]]
    assert one.wanted == []

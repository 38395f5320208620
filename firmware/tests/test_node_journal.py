"""Readings: on flash before they are sent, in order, until the network has them."""

import os

from tests.fake_device import contents, folder

# isort: split
from node.journal import Journal
from node.record import DATA_SIZE, READING_SIZE
from node.segments import parse
from node.store import Store


def journal(path):
    return Journal(Store(path + "/state"), path + "/journal")


def add(one, count):
    return [one.add(1, 100 + at, 0, 10, b"reading%03d" % one.next_seq) for at in range(count)]


def seqs(batch):
    return [record.seq for record in batch]


def test_a_reading_is_there_after_a_restart_with_its_number():
    path = folder()
    add(journal(path), 3)

    again = journal(path)

    assert again.next_seq == 3
    assert seqs(again.batch(10)) == [0, 1, 2]
    assert again.batch(1)[0].data == b"reading000"
    assert again.waiting() == 3
    assert again.first_seq() == 0


def test_what_was_acknowledged_is_not_sent_again_but_can_be_asked_for():
    path = folder()
    one = journal(path)
    add(one, 4)
    one.sent(one.batch(3))
    assert seqs(one.batch(9)) == [3]
    one.acked()
    add(one, 1)

    again = journal(path)

    assert seqs(again.batch(9)) == [3, 4]
    assert again.resend(1, 2) == 2
    assert seqs(again.batch(9)) == [1, 2, 3, 4]
    assert again.resend(40, 2) == 0


def test_what_nobody_acknowledged_waits_again():
    one = journal(folder())
    add(one, 3)
    one.sent(one.batch(2))
    assert one.waiting() == 1

    one.lost()

    assert seqs(one.batch(9)) == [0, 1, 2]
    assert one.waiting() == 3


def test_the_reading_before_goes_along_until_it_is_acknowledged():
    one = journal(folder())
    add(one, 2)
    first = one.batch(1)
    assert one.before(first) == []
    one.sent(first)
    assert seqs(one.before(one.batch(9))) == [0]
    one.acked()
    assert one.before(one.batch(9)) == []


def test_a_long_outage_goes_to_segments_and_comes_back_in_order():
    path = folder()
    one = journal(path)
    add(one, 300)
    assert len(os.listdir(path + "/journal")) == 3

    again = journal(path)
    seen = []
    while again.waiting():
        batch = again.batch(24)
        seen += seqs(batch)
        again.sent(batch)
        again.acked()

    assert seen == list(range(300))
    assert os.listdir(path + "/journal") == []
    assert (again.torn, again.dropped) == (0, 0)
    again.save()
    assert seqs(journal(path).batch(9)) == []


def test_readings_of_two_ports_are_not_mixed_in_a_batch():
    one = journal(folder())
    one.add(1, 0, 0, 10, b"a")
    one.add(1, 0, 0, 11, b"b")

    assert seqs(one.batch(9)) == [0]


def test_a_torn_record_is_counted_and_stepped_over():
    path = folder()
    one = journal(path)
    add(one, 30)
    name = path + "/journal/" + os.listdir(path + "/journal")[0]
    raw = contents(name)
    with open(name, "wb") as file:
        file.write(raw[:5] + b"\xff" + raw[6:])

    again = journal(path)

    assert seqs(again.batch(3)) == [1, 2]
    assert again.torn == 1


def test_numbers_wrap_at_16_bits():
    path = folder()
    one = journal(path)
    one.next_seq = 65535
    add(one, 2)
    one.sent(one.batch(1))
    one.acked()
    one.save()

    assert seqs(journal(path).batch(9)) == [0]


def test_the_age_is_unknown_over_a_restart_without_a_clock():
    one = journal(folder())
    record = one.add(3, 100, 0, 10, b"x")

    assert record.age_s(3, 160, 0) == 60
    assert record.age_s(4, 5, 1700000000) is None
    timed = one.add(3, 100, 1700000000, 10, b"x")
    assert timed.age_s(4, 5, 1700000300) == 300


def test_any_changed_byte_of_a_record_is_seen():
    raw = journal(folder()).add(1, 2, 3, 4, b"data").raw
    assert parse(raw).data == b"data"

    for at in range(len(raw)):
        assert parse(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]) is None


def test_the_longest_reading_comes_back_whole_and_a_longer_one_is_refused():
    path = folder()
    longest = bytes(range(DATA_SIZE))
    journal(path).add(1, 2, 3, 10, longest)
    assert journal(path).batch(1)[0].data == longest
    assert READING_SIZE <= DATA_SIZE

    try:
        journal(path).add(1, 2, 3, 10, longest + b"x")
        raise AssertionError("a reading was cut")
    except ValueError as error:
        assert str(error) == "a reading of 15 bytes, a record takes 14"
    assert journal(path).next_seq == 1

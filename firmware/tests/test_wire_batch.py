"""Batches: the same bytes and values everywhere, whatever the readings; hostile bytes refused."""

import json

from wire import batch, batch_decoding, codec, schema
from wire.codec import WireError

HERE = __file__.rsplit("/", 1)[0]
ROWS = codec.entry("bin")[1]
FILL = {
    "seq": 1, "age": 0, "fill": 73, "distance": 412, "valid": 7, "spread": 3, "battery": 3300,
    "obstructed": 0, "suspect": 0, "low_battery": 0, "uncalibrated": 0,
}  # fmt: skip


def readings(fills, first=100):
    """Records of a bin, oldest first, that differ in number and fill alone."""
    return [
        codec.pack("bin", dict(FILL, seq=(first + at) & 0xFFFF, fill=fill))
        for at, fill in enumerate(fills)
    ]


def packed(fills, ages_s, kept=("fill",)):
    return batch.pack(ROWS, readings(fills), ages_s, kept)


def back(data, field="fill"):
    """[(seq, age, value)], oldest first."""
    name, records = batch_decoding.unpack(50, data)
    assert name == "bin"
    return [(one["seq"], one["age"], one[field]) for one in reversed(records)]


def refusal(data, fport=50):
    try:
        batch_decoding.unpack(fport, data)
    except WireError as error:
        return str(error)
    raise AssertionError("nothing was refused")


def test_golden_batches_have_the_same_values_here_and_the_same_bytes():
    with open(HERE + "/../../gateway/generated/batches.json") as file:
        vectors = json.load(file)
    made = 0
    for one in vectors:
        data = bytes.fromhex(one["hex"])
        assert batch_decoding.unpack(one["fport"], data) == (one["name"], one["values"])
        oldest_first = one["values"][::-1]
        ages = [values["age"] for values in oldest_first]
        rows = codec.entry(one["name"])[1]
        if all(row[5] or oldest_first[0][row[0]] is not None for row in rows):
            records = [codec.pack(one["name"], dict(values, age=0)) for values in oldest_first]
            assert batch.pack(rows, records, ages) == data
            made += 1

    assert made > 50


def test_a_batch_by_hand():
    # number 102, 3 readings, age below 5 s, 600 s (code 2), no irregular step
    bits = "0000000001100110" + "00010" + "0" + "010" + "1"
    # fill: differences, first 50, mean of the steps, k 0; steps 1 and 2, less 0 and 1: folded 2
    bits += "0" + "0110010" + "0" + "000" + "001" + "001"
    bits += "1" * (-len(bits) % 8)

    data = packed([50, 51, 53], [1200, 600, 0])

    assert data == int(bits, 2).to_bytes(len(bits) // 8, "big")
    assert back(data) == [(100, 1200, 50), (101, 600, 51), (102, 0, 53)]


def test_a_day_of_fills_takes_less_than_a_byte_each():
    fills = [20 + at + (at % 3) for at in range(18)] + [0, 1, 2, 3, 5, 6]

    assert len(packed(fills, [3600 * at for at in range(23, -1, -1)])) <= 20


def test_what_was_left_out_is_absent_and_the_flags_stay():
    flagged = [codec.pack("bin", dict(FILL, seq=at, suspect=at & 1)) for at in range(4)]

    records = batch_decoding.unpack(50, batch.pack(ROWS, flagged, [30, 20, 10, 0], ("fill",)))[1]

    assert [one["suspect"] for one in records] == [1, 0, 1, 0]
    assert [one["obstructed"] for one in records] == [0, 0, 0, 0]
    assert [one["distance"] for one in records] == [None] * 4
    assert [one["valid"] for one in records] == [None] * 4


def test_missing_values_and_outliers_come_back_as_they_were():
    fills = [50, None, 51, 100, 0, None, None, 2]

    assert [one[2] for one in back(packed(fills, list(range(70, -1, -10))))] == fills


def test_irregular_times_come_back_to_ten_seconds():
    ages = [9000, 5400, 3600, 1830, 1800, 7]

    found = [one[1] for one in back(packed([1, 2, 3, 4, 5, 6], ages))]

    assert [abs(there - here) <= 10 for there, here in zip(ages, found)] == [True] * 6
    assert found[-1] == 10


def test_ages_of_a_month_and_unknown_ages_come_back():
    month = 30 * 86400
    assert back(packed([1], [month])) == [(100, month, 1)]
    assert [one[1] for one in back(packed([1, 2], [None, None]))] == [None, None]


def test_what_does_not_fit_one_batch_is_told_before():
    assert batch.together([30, 20, 10]) == 3
    assert batch.together([None, None]) == 2
    assert batch.together([None, 20]) == 1
    assert batch.together([30, 20, None, None]) == 2
    assert batch.together([30, 40]) == 1
    assert batch.together([90 * 86400, 0]) == 1
    assert batch.together([9] * 60) == 32
    assert batch.together([]) == 0


def test_numbers_wrap_within_a_batch():
    data = batch.pack(ROWS, readings([1, 2, 3], 65534), [20, 10, 0])

    assert [one[0] for one in back(data)] == [65534, 65535, 0]


def test_refusals_are_sentences():
    whole = packed([50, 51, 53], [1200, 600, 0])
    assert refusal(whole, 99) == "port 99: nothing is defined there"
    assert refusal(whole, 60) == "port 60: nothing is defined there"
    assert refusal(b"") == "bin: the batch ends within its number"
    assert refusal(whole[:2]) == "bin: the batch ends within its size"
    assert refusal(whole[:5]) == "bin: the batch ends within fill"
    # one reading, age 0, fill the same in all: 101
    assert refusal(bytes([0, 0, 0b00000_0_10, 101 << 1])) == "bin: fill is 101, above 100"
    # two readings, 86400 s, and a step of 17 280 x 10 s less than that
    bits = "0" * 16 + "00001" + "0" + "110" + "0" + "0000" + "000000" + f"{2 * 17280 - 1:020b}"
    data = int(bits + "1" * 16, 2).to_bytes(len(bits + "1" * 16) // 8, "big")
    assert refusal(data) == "bin: a reading is older than the one before it"
    # a counter whose total begins with 15 hexadecimal digits
    assert refusal(bytes([0, 0, 0b00000_0_10, 0xF0] + [0] * 9), 52) == (
        "counter: total begins with more digits than it has"
    )


def test_any_beginning_of_a_batch_is_refused_or_read_and_never_more_than_32():
    data = packed(list(range(32)), list(range(310, -1, -10)), None)
    for size in range(len(data)):
        try:
            records = batch_decoding.unpack(50, data[:size])[1]
        except WireError:
            continue
        assert len(records) <= batch.MOST


def test_a_field_of_a_newer_table_reads_as_absent_from_an_older_sender():
    data = packed([1, 2, 3], [20, 10, 0], None)
    name, (fport, text) = "bin", schema.PAYLOADS["bin"]
    schema.PAYLOADS[name] = fport, text + ",later 2 0 2 1 ?"
    try:
        records = batch_decoding.unpack(50, data)[1]
    finally:
        schema.PAYLOADS[name] = fport, text

    assert [one["later"] for one in records] == [None] * 3
    assert [one["fill"] for one in records] == [3, 2, 1]

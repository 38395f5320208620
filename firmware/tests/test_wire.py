"""The table and its interpreter: golden vectors, refusals, evolution."""

import json

from wire import codec, commands, decoding, enums, schema
from wire.codec import WireError
from wire.readings import bin as reading

HERE = __file__.rsplit("/", 1)[0]

FILL = {
    "seq": 1, "age": 0, "fill": 73, "distance": 412, "valid": 7, "spread": 3, "battery": 3300,
    "obstructed": 0, "suspect": 0, "low_battery": 0, "uncalibrated": 0,
    "event": None, "alarm": None, "tilted": None, "tilt": None, "temperature": None,
}  # fmt: skip
WHOLE = dict(FILL, event=0, alarm=0, tilted=0, tilt=12, temperature=21)


def read(path):
    with open(HERE + "/" + path) as file:
        return json.load(file)


def refusal(call, *arguments):
    """The sentence of the WireError that a call must raise."""
    try:
        call(*arguments)
    except WireError as error:
        return str(error)
    raise AssertionError("nothing was refused")


def test_golden_vectors_have_the_same_bytes_and_values_here():
    seen = 0
    for one in read("../../gateway/generated/vectors.json"):
        name, data = one["name"], bytes.fromhex(one["hex"])
        packed = [codec.pack(name, values) for values in one["values"]]
        if name in schema.PAYLOADS:
            assert codec.frame(packed) == data, one
            assert decoding.unpack(one["fport"], data) == (name, one["values"])
        else:
            assert packed[0] == data, one
            assert commands.unpack_command(one["fport"], data) == (name, one["values"][0])
        seen += 1

    assert seen > 200


def test_a_record_by_hand():
    # seq 1, age 0, fill 73 = 1001001, distance 412 = 0000110011100, valid 7 = 0111,
    # spread 3 = 0000000011, battery (3300 - 2000) / 20 = 65 = 01000001, four flags, two ones
    bits = "00000000000000010000000000000000100100100001100111000111"
    bits += "000000001101000001000011"

    assert codec.pack("bin", FILL) == int(bits, 2).to_bytes(10, "big")


def test_every_field_keeps_its_lowest_and_highest_value_and_refuses_the_next():
    for table in (schema.PAYLOADS, schema.COMMANDS):
        for name, (_, text) in table.items():
            rows = codec.fields(text)
            usual = {row[0]: row[2] for row in rows}
            for field, bits, low, high, step, optional in rows:
                assert (high - low) % step == 0
                assert (high - low) // step <= (1 << bits) - 1 - optional, field
                for value in (low, high):
                    values = dict(usual)
                    values[field] = value
                    back = commands.values(name, rows, codec.pack(name, values))
                    assert back == values
                for value in (low - 1, high + 1):
                    values = dict(usual)
                    values[field] = value
                    assert field in refusal(codec.pack, name, values)


def test_values_between_two_steps_go_to_the_nearest():
    near = dict(FILL)
    near["battery"], near["age"] = 3311, 14

    values = decoding.unpack(10, codec.frame([codec.pack("bin", near)]))[1][0]

    assert (values["battery"], values["age"]) == (3320, 10)


def test_refusals_are_sentences():
    assert refusal(codec.pack, "dim", {"token": 1, "level": 140}) == (
        "dim: level is 140, not within 0 to 100"
    )
    assert refusal(codec.pack, "dim", {"token": 1}) == "dim: level is missing"
    assert refusal(codec.pack, "dim", {"token": 1, "level": "40"}) == (
        "dim: level is not a whole number"
    )
    assert refusal(codec.pack, "dim", {"token": 1, "level": True}) == (
        "dim: level is not a whole number"
    )
    assert refusal(codec.pack, "dim", {"token": 1, "level": 4, "fade": 2}) == (
        "dim: no field fade; it has token, expires, level, ramp, hold, over_presence"
    )
    assert refusal(codec.pack, "dance", {}) == "dance: unknown payload or command"
    assert refusal(decoding.unpack, 99, b"\x01\x02") == "port 99: nothing is defined there"
    assert refusal(decoding.unpack, 30, b"\x01\x02") == "port 30: nothing is defined there"
    assert refusal(commands.unpack_command, 30, bytes(9)) == "dim: 9 bytes instead of 10"
    assert refusal(commands.unpack_command, 30, bytes(11)) == "dim: 11 bytes instead of 10"
    assert "above 100" in refusal(commands.unpack_command, 30, b"\0\0\0\0\0\0\xca\0\0\x03")
    for data in (b"", b"\x00", b"\x00\x01", b"\x0a", b"\x0a" + bytes(9), b"\x0a" + bytes(11)):
        assert refusal(decoding.unpack, 10, data) == "bin: %d bytes are not whole records" % len(
            data
        )


def test_an_older_devices_shorter_record_reads_as_absent_at_its_end():
    record = codec.pack("bin", FILL)

    name, records = decoding.unpack(10, b"\x05" + record[:5] + record[:5])

    assert (name, len(records)) == ("bin", 2)
    assert (records[0]["seq"], records[0]["fill"]) == (1, 73)
    assert records[0]["distance"] is None
    assert records[0]["uncalibrated"] is None


def test_a_newer_devices_longer_record_is_read_as_far_as_it_is_known():
    record = codec.pack("bin", WHOLE) + b"new"

    assert decoding.unpack(10, codec.frame([record, record])) == ("bin", [WHOLE, WHOLE])


def test_a_field_appended_into_the_spare_bits_reads_as_absent_from_an_older_sender():
    rows = codec.fields(schema.PAYLOADS["bin"][1] + ",later 2 0 2 1 ?")

    values = commands.values("bin", rows, codec.pack("bin", FILL))

    assert values["later"] is None
    assert values["uncalibrated"] == 0


def test_a_reading_is_packed_again_without_the_table():
    codec._kept.clear()
    first = codec.pack("bin", FILL)
    codec.pack("reboot", {"token": 1})
    own, reading.FIELDS = reading.FIELDS, "fill 7"
    try:
        assert codec.pack("bin", FILL) == first
    finally:
        reading.FIELDS = own
    assert list(codec._kept) == ["bin"]


def test_a_reading_ends_with_its_last_value_and_a_command_has_its_size():
    bare = dict(FILL, event=2)
    short, whole = codec.pack("bin", bare), codec.pack("bin", WHOLE)

    assert (len(short), len(whole)) == (10, 12)
    assert decoding.unpack(10, codec.frame([short])) == ("bin", [bare])
    mixed = codec.frame([short, whole, short])
    assert len(mixed) == 37
    assert decoding.unpack(10, mixed) == ("bin", [bare, WHOLE, bare])
    command = {"token": 1, "expires": None, "report_s": 60, "sample_s": None}
    assert len(codec.pack("interval", command)) == codec.size(codec.entry("interval")[1])


def test_readings_of_an_older_table_are_read_as_they_were():
    for fport, frame, known, appended in (
        (10, "0a000100009219c700d043", {"seq": 1, "fill": 73, "distance": 412, "uncalibrated": 0},
         ("event", "alarm", "tilted", "tilt", "temperature")),
        (11, "0a0009000150a000c8067f", {"seq": 9, "age": 10, "level": 40, "suspect": 0},
         ("energy", "power", "mains")),
    ):  # fmt: skip
        (values,) = decoding.unpack(fport, bytes.fromhex(frame))[1]
        assert {name: values[name] for name in known} == known
        assert [values[name] for name in appended] == [None] * len(appended)


def test_age_is_set_in_place_when_a_journalled_record_is_sent():
    record = codec.pack("bin", FILL)
    for age, read_back in (
        (0, 0),
        (4, 0),
        (5, 10),
        (259200, 259200),
        (655340, 655340),
        (655341, None),
        (None, None),
    ):
        aged = codec.set_age(record, age)
        expected = dict(FILL)
        expected["age"] = read_back
        assert decoding.unpack(10, codec.frame([aged])) == ("bin", [expected])


def test_the_table_only_ever_grows_at_its_ends():
    recorded = read("data/table.json")
    for kind, table in (("payloads", schema.PAYLOADS), ("commands", schema.COMMANDS)):
        for name, (fport, rows) in recorded[kind].items():
            assert name in table, "%s is gone" % name
            assert table[name][0] == fport
            now_rows = codec.fields(table[name][1])
            for before, now in zip(rows, now_rows):
                assert tuple(before) == now, "%s: a field of the last release changed" % name
            assert len(now_rows) >= len(rows)
            for row in now_rows[len(rows) :]:
                assert row[5], "%s: appended fields are optional" % row[0]
    for name, names in recorded["enums"].items():
        assert enums.ENUMS[name][: len(names)] == tuple(names)


def test_ports_are_unique_and_everything_fits_the_slowest_rate():
    ports = []
    report_most = 51 - 15 - 1  # of EU868 at DR0, beside the longest FOpts and a record's length
    for table in (schema.PAYLOADS, schema.COMMANDS):
        for fport, text in table.values():
            ports.append(fport)
            report = table is schema.PAYLOADS and fport >= schema.FIRST_REPORT
            assert codec.size(codec.fields(text)) <= (report_most if report else 23)
    assert len(ports) == len(set(ports))
    for _, text in schema.COMMANDS.values():
        assert [row[0] for row in codec.fields(text)[:2]] == ["token", "expires"]
    for fport, text in schema.PAYLOADS.values():
        if fport < schema.FIRST_REPORT:
            assert [row[:2] for row in codec.fields(text)[:2]] == [("seq", 16), ("age", 16)]

import pytest
from wire.codec import WireError, frame, pack
from wire.meaning import EXAMPLES, READINGS

from gateway.events import Value
from gateway.normalise import decode, in_words, is_reading, record, start

BIN = EXAMPLES["bin"][0]


def test_integers_become_properties_with_units():
    one = record(BIN)

    assert (one.seq, one.age_s) == (1, 0)
    assert one.values == (
        Value("fillingLevel", 0.73, "1", ("ok",)),
        Value("distance", 412, "mm", ("ok",)),
        Value("batteryVoltage", 3.3, "V", ("ok",)),
    )


def test_flags_speak_against_every_value_of_their_record():
    one = record(BIN | {"obstructed": 1, "uncalibrated": 1})

    assert {value.quality for value in one.values} == {("obstructed", "uncalibrated")}


@pytest.mark.parametrize(
    ("changed", "quality"),
    [
        ({"low_battery": 1}, ("ok", "low_battery")),
        ({"age": 600}, ("ok",)),
        ({"age": 610}, ("ok", "delayed")),
        ({"age": None}, ("clock_unsure",)),
        ({"age": 610, "suspect": 1}, ("suspect", "delayed")),
    ],
)
def test_what_only_informs_leaves_a_value_ok(changed, quality):
    assert record(BIN | changed).values[0].quality == quality


def test_a_sensor_that_did_not_answer_gives_no_number():
    nothing = {"fill": None, "distance": None}

    assert [one.property for one in record(BIN | nothing).values] == ["batteryVoltage"]
    assert record(BIN | nothing | {"suspect": 1}).values[:2] == (
        Value("fillingLevel", None, "1", ("suspect",)),
        Value("distance", None, "mm", ("suspect",)),
    )


def test_a_start_is_told_in_words():
    assert start(EXAMPLES["boot"][0]) == (
        Value("bootCause", "power", "1"),
        Value("profile", "bin", "1"),
        Value("firmwareVersion", "0.1.0", "1"),
        Value("bootCount", 1, "1"),
        Value("configVersion", 1, "1"),
    )


def test_absent_fields_have_no_word():
    assert in_words(EXAMPLES["applied"][0]) == {
        "token": 513, "result": "applied", "reason": "ok", "config_version": 7, "level": 40,
        "ramp": 1,
    }  # fmt: skip


@pytest.mark.parametrize("name", ["bin", "lamp", "counter"])
def test_every_example_of_a_reading_is_normalised(name):
    records = list(EXAMPLES[name])

    decoded, fields = decode(
        {"bin": 10, "lamp": 11, "counter": 12}[name], frame([pack(name, r) for r in records])
    )

    assert (decoded, fields) == (name, records)
    assert is_reading(name)
    for one in map(record, fields):
        assert {value.property for value in one.values} <= {
            known[0] for known in READINGS.values()
        }


def test_reports_are_no_readings():
    assert not is_reading("boot")
    assert not is_reading("applied")


@pytest.mark.parametrize(
    ("fport", "data"), [(10, b""), (10, b"\x05abc"), (99, b"\x01a"), (10, b"\x00")]
)
def test_what_does_not_fit_the_table_is_refused(fport, data):
    with pytest.raises(WireError):
        decode(fport, data)

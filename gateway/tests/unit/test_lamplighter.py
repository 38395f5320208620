"""Our own devices' bytes: integers to properties with units and quality flags, and commands."""

import random
from contextlib import suppress
from typing import Any

import pytest
from msgspec.structs import replace
from wire import codec, decoding, schema
from wire.all_profiles import PROFILES
from wire.codec import WireError, frame, pack
from wire.meaning import EXAMPLES, READINGS
from wire.schema import COMMANDS
from wire.words import REASONS

from gateway.devices import Applied, Reading, _wire
from gateway.devices._wire import REFUSALS
from gateway.devices.lamplighter import decode, encode
from gateway.errors import Lost, Refused
from gateway.events import Value
from gateway.model import Command, Device
from gateway.notices import Uplink

BIN = EXAMPLES["bin"][0]
DEVICE = Device("00000000000000a1", "bin", "bin", "00")
FPORT = {"bin": 10, "lamp": 11, "counter": 12, "boot": 20, "applied": 21}


def raw(fport, data) -> Any:
    own = {"dev_eui": DEVICE.dev_eui, "id": "1", "at_ms": 1, "dev_addr": "01", "fcnt": 1}
    return decode(DEVICE, Uplink(fport=fport, data=data, **own))


def reports(name, *records) -> Any:
    return raw(FPORT[name], frame([pack(name, one) for one in records]))


def reading(**changed):
    (one,) = reports("bin", BIN | changed)
    assert isinstance(one, Reading)
    return one


def test_integers_become_properties_with_units():
    one = reading()

    assert (one.seq, one.age_s) == (1, 0)
    assert one.values == (
        Value("fillingLevel", 0.73, "1", ("ok",)),
        Value("distance", 412, "mm", ("ok",)),
        Value("batteryVoltage", 3.3, "V", ("ok",)),
    )


def qualities(name, **changed):
    (one,) = reports(name, EXAMPLES[name][0] | changed)
    return {value.property: value.quality for value in one.values}


def test_a_flag_qualifies_the_values_that_it_concerns_and_no_other():
    assert qualities("bin", obstructed=1, uncalibrated=1) == {
        "fillingLevel": ("obstructed", "uncalibrated"),
        "distance": ("obstructed",),
        "batteryVoltage": ("ok",),
    }
    assert qualities("bin", suspect=1, low_battery=1) == {
        "fillingLevel": ("suspect",),
        "distance": ("suspect",),
        "batteryVoltage": ("ok", "low_battery"),
    }
    assert qualities("lamp", suspect=1, saturated=1) == {
        "dimmingLevel": ("ok",),
        "illuminance": ("suspect", "saturated"),
        "presence": ("suspect",),
        "passageCount": ("suspect",),
    }
    assert qualities("counter", suspect=1, low_battery=1) == {
        "peopleCount": ("suspect",),
        "batteryVoltage": ("ok", "low_battery"),
        "presence": ("suspect",),
    }


@pytest.mark.parametrize(
    ("changed", "quality"),
    [
        ({"low_battery": 1}, ("ok",)),
        ({"age": 600}, ("ok",)),
        ({"age": 610}, ("ok", "delayed")),
        ({"age": None}, ("clock_unsure",)),
        ({"age": 610, "suspect": 1}, ("suspect", "delayed")),
    ],
)
def test_what_only_informs_leaves_a_value_ok(changed, quality):
    assert reading(**changed).values[0].quality == quality


def test_a_sensor_that_did_not_answer_gives_no_number():
    nothing = {"fill": None, "distance": None}

    assert [one.property for one in reading(**nothing).values] == ["batteryVoltage"]
    assert [one.property for one in reading(battery=None, suspect=1).values] == [
        "fillingLevel",
        "distance",
    ]
    assert reading(**nothing, suspect=1).values[:2] == (
        Value("fillingLevel", None, "1", ("suspect",)),
        Value("distance", None, "mm", ("suspect",)),
    )


def test_a_start_is_reported_in_words():
    (boot,) = reports("boot", EXAMPLES["boot"][0])

    assert boot.values == (
        Value("bootCause", "power", "1"),
        Value("profile", "bin", "1"),
        Value("firmwareVersion", "0.1.0", "1"),
        Value("bootCount", 1, "1"),
        Value("configVersion", 1, "1"),
    )
    assert (boot.first_seq, boot.next_seq, boot.wiped) == (0, 0, False)
    (boot,) = reports("boot", EXAMPLES["boot"][1])
    assert (boot.first_seq, boot.next_seq, boot.wiped) == (65530, 4, True)


def test_absent_fields_have_no_word():
    assert reports("applied", EXAMPLES["applied"][0]) == [
        Applied(token=513, values={"config_version": 7, "level": 40, "ramp": 1})
    ]


@pytest.mark.parametrize("reason", REASONS)
def test_every_refusal_of_a_device_says_who_acts_next(reason):
    refused = EXAMPLES["applied"][1] | {"reason": REASONS.index(reason)}
    (applied,) = reports("applied", refused)

    assert (applied.result, applied.values) == ("refused", {"config_version": 0})
    assert applied.reason == REFUSALS[reason]
    assert "; " in applied.reason
    assert applied.again is (reason == "clock_unknown")


def test_refusals_are_those_of_the_table():
    assert set(REFUSALS) == set(REASONS)


@pytest.mark.parametrize("name", ["bin", "lamp", "counter"])
def test_every_example_of_a_reading_is_normalised_oldest_first(name):
    records = list(EXAMPLES[name])

    found = reports(name, *records)

    assert [(one.seq, one.age_s) for one in found] == [
        (fields["seq"], fields["age"]) for fields in reversed(records)
    ]
    for one in found:
        assert {value.property for value in one.values} <= {
            known[0] for known in READINGS[name].values()
        }


@pytest.mark.parametrize(
    ("fport", "data", "said"),
    [
        (10, b"", "bin: 0 bytes are not whole records"),
        (10, b"\x05abc", "bin: 4 bytes are not whole records"),
        (99, b"\x01a", "port 99: nothing is defined there"),
        (10, b"\x00", "bin: 1 bytes are not whole records"),
        (10, b"\x01\xff", "bin: the record ends before its sequence number"),
        (21, b"\x01\xff", "applied: the record ends before its result"),
    ],
)
def test_what_does_not_fit_the_table_is_refused(fport, data, said):
    with pytest.raises(Lost, match=said):
        raw(fport, data)


def test_a_start_reported_by_an_older_table_has_what_that_table_has():
    (boot,) = raw(20, b"\x01\x04")

    assert [(one.property, one.value) for one in boot.values] == [
        ("bootCause", "power"),
        ("profile", "bin"),
    ]
    assert (boot.first_seq, boot.next_seq) == (None, None)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_for_the_profiles_that_carry_it_out(name):
    """`dim` and `programme` are the lamp's own: see `commands` in `firmware/node/profiles`."""
    given = EXAMPLES[name][0].items()
    values = {key: one for key, one in given if one is not None}
    own = {key: one for key, one in values.items() if key not in {"token", "expires"}}
    command = Command(id="", dev_eui="", name=name, values=own, token=1)
    takers: set[str] = set()
    for profile in PROFILES:
        with suppress(Refused):
            encode(replace(DEVICE, profile=profile), command)
            takers.add(profile)

    assert takers == ({"lamp"} if name in {"dim", "programme"} else set(PROFILES))


def test_a_stored_command_with_the_older_names_of_its_fields_is_the_same_on_air():
    asked = Command(id="", dev_eui="0" * 16, name="interval", values={"report": 60}, token=1)

    older = encode(DEVICE, asked)

    assert older == encode(DEVICE, replace(asked, values={"report_s": 60}))


def test_the_layout_that_is_kept_reads_what_the_table_says_whatever_comes():
    draw = random.Random(9)
    sizes = {port: codec.size(codec.fields(text)) for port, text in schema.PAYLOADS.values()}
    ports = list(sizes)

    def said(unpack, fport, data):
        try:
            return unpack(fport, data)
        except WireError as error:
            return str(error)

    for _ in range(3000):
        fport = draw.choice(ports)
        size = sizes[fport] + draw.choice([0, 0, 0, 0, -1, 1, -3, 2])
        records = draw.randbytes(size * draw.randrange(4) + draw.choice([0, 0, 0, 1]))
        data = bytes([size]) + records.replace(b"\xfe", draw.choice([b"\x00", b"\xff", b"\x07"]))
        assert said(_wire.unpack, fport, data) == said(decoding.unpack, fport, data)

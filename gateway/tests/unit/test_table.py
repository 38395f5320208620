"""Decoders made from a table: channels to reports, settings to bytes, a sentence for the rest."""

from typing import Any

import pytest

from gateway.devices import Applied, Boot, Reading, Status
from gateway.devices._channels import Channel
from gateway.devices._fields import Digits, Number, Skip
from gateway.devices._settings import Setting
from gateway.devices._table import Table
from gateway.errors import Lost, Refused
from gateway.events import Value
from gateway.model import Command, Device
from gateway.notices import Uplink

DISTANCE = Number("distance", "mm", ">H")
TABLE = Table(
    {
        "01": Channel((DISTANCE,)),
        "02": Channel(
            (Number("temperature", "Cel", "<h", over=10), Number("tilted", "1", "B", 1, 1))
        ),
        "ff 01": Channel((Skip(1),), "boot"),
        "ff 02": Channel(
            (Digits("firmwareVersion", 2, dot=2), Digits("serialNumber", 2)), "status"
        ),
        "fe 03": Channel((Number("report_s", "s", "<H"),), "applied", "interval"),
        "fe 04": Channel((Number("sample_s", "s", "<H"),), "applied", "interval"),
    },
    {
        "interval": (
            "aa",
            Setting("report_s", "03", "<H", 60, 3600),
            Setting("sample_s", "04", "<H", 10, 3600),
        ),
        "reboot": ("10 ff",),
    },
    fport=2,
)
FIXED = Table({"": Channel((DISTANCE, Skip(1)))})
DEVICE = Device("a1", "x", "", "00")
FACTS = (Value("firmwareVersion", "1.20", "1"), Value("serialNumber", "0abc", "1"))


def decode(data, table=TABLE) -> Any:
    own = {"dev_eui": "a1", "id": "1", "at_ms": 1, "dev_addr": "01", "fcnt": 1, "fport": 2}
    return table.decode(DEVICE, Uplink(data=bytes.fromhex(data), **own))


def encode(name, **values):
    return TABLE.encode(DEVICE, Command(id="", dev_eui="", name=name, values=values, token=1))


def test_channels_of_a_frame_are_one_reading():
    assert decode("01 0102 02 f6ff 01") == [
        Reading(
            values=(
                Value("distance", 258, "mm"),
                Value("temperature", -1.0, "Cel"),
                Value("tilted", 1, "1"),
            )
        )
    ]


def test_a_property_that_comes_again_begins_another_reading():
    found = decode("01 0001 02 0000 00 01 0002")

    assert [one.values[0].value for one in found] == [1, 2]
    assert [len(one.values) for one in found] == [3, 1]


def test_facts_are_a_status_and_belong_to_a_start_that_is_reported_beside_them():
    assert decode("ff02 0120 0abc") == [Status(values=FACTS)]
    assert decode("ff02 0120 0abc ff01 ff 01 0001") == [
        Boot(values=FACTS),
        Reading(values=(Value("distance", 1, "mm"),)),
    ]


def test_answers_to_one_command_are_one_report():
    assert decode("fe03 3c00 fe04 0a00") == [
        Applied(name="interval", values={"report_s": 60, "sample_s": 10})
    ]


def test_a_fixed_layout_is_a_channel_without_a_prefix():
    assert decode("0102 ff", FIXED) == [Reading(values=(Value("distance", 258, "mm"),))]
    with pytest.raises(Lost, match="the frame: 4 bytes instead of 3"):
        decode("0102 ff 00", FIXED)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("01 0102 07 00", "byte 3: no channel begins with 07 00"),
        ("01 01", "channel 01: 1 bytes instead of 2"),
        ("ff", "byte 0: no channel begins with ff"),
        ("02 0000 02", "tilted is 2, above 1"),
    ],
)
def test_what_is_not_in_the_table_is_refused(data, said):
    with pytest.raises(Lost, match=said):
        decode(data)


def test_settings_that_are_given_become_bytes_in_the_order_of_the_table():
    assert encode("interval", report_s=60) == (2, bytes.fromhex("aa 03 3c00"))
    assert encode("interval", sample_s=10, report_s=3600) == (
        2,
        bytes.fromhex("aa 03 100e 04 0a00"),
    )
    assert encode("reboot") == (2, bytes.fromhex("10ff"))


@pytest.mark.parametrize(
    ("name", "values", "said", "field"),
    [
        ("dim", {}, "there is no command 'dim'; there are interval, reboot", "name"),
        ("interval", {}, "interval: give one of report_s, sample_s", "values"),
        ("interval", {"x": 1}, "interval: no field x; it has report_s, sample_s", "values.x"),
        ("reboot", {"x": 1}, "reboot: no field x; it has none", "values.x"),
        ("interval", {"report_s": 59}, "report_s is 59, not within 60 to 3600", "values.report_s"),
        ("interval", {"report_s": 60.0}, "report_s is not a whole number", "values.report_s"),
        ("interval", {"report_s": True}, "report_s is not a whole number", "values.report_s"),
    ],
)
def test_a_command_that_does_not_fit_the_table_names_its_field(name, values, said, field):
    with pytest.raises(Refused) as refused:
        encode(name, **values)

    assert (str(refused.value), refused.value.field) == (said, field)

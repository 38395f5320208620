"""Layouts of tables: one of several, fields of all kinds, readings with their own time."""

from typing import Any

import pytest

from gateway.devices import Reading, Status
from gateway.devices._channels import Channel, Choice
from gateway.devices._fields import Bits, Digits, Dotted, Number, Since, Skip, Word
from gateway.devices._settings import Setting
from gateway.devices._table import Table, by_port
from gateway.errors import Lost, Refused
from gateway.events import Value
from gateway.model import Command, Device
from gateway.notices import Uplink

AT_S = 1_795_572_000
DISTANCE = Number("distance", "mm", ">H", absent=(0xFFFF,))
HISTORY = (Since(">I"), Skip(1))
TABLE = Table(
    {
        "01": Channel((DISTANCE,)),
        "02": Channel((Since(">I"),)),
        "03": Choice({0: Channel((*HISTORY, DISTANCE)), 7: Channel(HISTORY)}, at=4),
    },
    {"interval": (Setting("report_s", "08", "B", 60, 600, 60),)},
)
SIZED = Table({"": Choice({1: Channel((Skip(1),)), 2: Channel((DISTANCE,))})})
DEVICE = Device("a1", "x", "", "00")


def decode(data, how: Any = TABLE.decode, fport=2) -> Any:
    own = {"dev_eui": "a1", "id": "1", "dev_addr": "01", "fcnt": 1, "fport": fport}
    return how(DEVICE, Uplink(data=bytes.fromhex(data), at_ms=AT_S * 1000, **own))


def at(ago_s):
    return f"{AT_S - ago_s:08x}"


def distance(value, *quality):
    return (Value("distance", value, "mm", quality or ("ok",)),)


@pytest.mark.parametrize(
    ("field", "data", "value"),
    [
        (Number("a", "V", "B", over=1000, times=4, plus=625), "d3", 3.344),
        (Number("a", "Cel", "b", over=2, plus=20), "d8", -10.0),
        (Number("a", "V", ">H", over=1000, mask=0x3FFF), "cb45", 2.885),
        (Number("a", "mm", ">H", absent=range(280)), "0117", None),
        (Number("a", "mm", ">H", absent=range(280)), "0118", 280),
        (Digits("a", 2), "0a0b", "0a0b"),
        (Dotted("a", 3), "010a02", "1.10.2"),
        (Word("a", {1: "on"}), "01", "on"),
        (Word("a", {1: "on"}), "07", "code 7"),
    ],
)
def test_a_field_is_the_value_of_its_bytes(field, data, value):
    assert [one.value for one in field.values(bytes.fromhex(data))] == [value]


def test_bits_are_counted_from_the_last_of_their_bytes():
    bits = Bits(2, (("first", 0, 1), ("upper", 8, 8)))

    assert [one.value for one in bits.values(b"\x80\x01")] == [1, 128]


def test_what_the_product_did_not_measure_has_no_value():
    assert decode("01 ffff") == [Reading(values=distance(None, "suspect"))]


def test_readings_come_in_the_order_in_which_they_happened():
    found = decode(f"01 0001 03 {at(1200)} 00 0002 03 {at(3600)} 00 0003")

    assert found == [
        Reading(values=distance(3, "ok", "delayed"), age_s=3600),
        Reading(values=distance(2, "ok", "delayed"), age_s=1200),
        Reading(values=distance(1)),
    ]


def test_a_time_alone_is_that_of_the_readings_that_have_none():
    assert decode(f"01 0001 02 {at(30)}") == [Reading(values=distance(1), age_s=30)]


@pytest.mark.parametrize("when", ["00000000", at(500 * 86_400), at(-3600)])
def test_a_time_that_cannot_be_right_is_not_believed(when):
    found = decode(f"03 {when} 00 0002")

    assert found == [Reading(values=distance(2, "clock_unsure"), age_s=None)]


def test_a_time_that_is_a_little_ahead_is_now():
    assert decode(f"03 {at(-60)} 00 0002") == [Reading(values=distance(2), age_s=0)]


@pytest.mark.parametrize(
    ("data", "how", "said"),
    [
        ("03 00000000 05", TABLE.decode, "channel 03: there is no layout with 5 at byte 4"),
        ("03 0000", TABLE.decode, "channel 03: 2 bytes are too few"),
        ("010203", SIZED.decode, "the frame: there is no layout with 3 bytes; .* of 1, 2"),
        ("", by_port({3: TABLE.decode}), "it sends nothing on FPort 2; it sends on 3"),
    ],
)
def test_a_layout_that_is_not_in_the_table_is_refused(data, how, said):
    with pytest.raises(Lost, match=said):
        decode(data, how)


def test_a_port_has_its_own_layout():
    how = by_port({2: SIZED.decode, 3: Table({"": Channel((DISTANCE,), "status")}).decode})

    assert decode("0005", how) == [Reading(values=distance(5))]
    assert decode("0005", how, fport=3) == [Status(values=distance(5))]


def test_a_setting_of_coarser_steps_refuses_what_is_between_them():
    def encode(value):
        command = Command(id="", dev_eui="", name="interval", values={"report_s": value}, token=1)
        return TABLE.encode(DEVICE, command)

    assert encode(120) == (1, bytes.fromhex("08 02"))
    with pytest.raises(Refused, match="report_s is 90, no multiple of 60"):
        encode(90)

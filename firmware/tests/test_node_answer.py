"""What a person reads: values with their units, and verdicts in words."""

from tests import fake_device

# isort: split
from node import answer
from node.dates import utc


def test_a_value_has_its_unit_and_its_verdict():
    assert answer.human([("margin", 12), ("margin", 7), ("margin", 3), ("margin", None)]) == [
        "margin          12 dB          good",
        "margin          7 dB           fair: rain may cut it off",
        "margin          3 dB           poor: move the antenna",
        "margin          -              unknown: type link 1",
    ]
    assert answer.human([("joined", True), ("joined", False)]) == [
        "joined          yes            good",
        "joined          no             not yet: type join, or wait",
    ]


def test_a_verdict_may_judge_something_else_than_the_value():
    assert answer.human([("battery_mv", 3200, "low"), ("battery_mv", 3300, "good")]) == [
        "battery_mv      3200 mV        low: replace the cell",
        "battery_mv      3300 mV        good",
    ]


def test_link_checks_are_good_when_all_were_answered():
    assert answer.human(
        [("answered", 1, "all"), ("answered", 1, None), ("answered", 0, None)]
    ) == [
        "answered        1              good",
        "answered        1              some were lost",
        "answered        0              no answer: move the antenna",
    ]


def test_each_value_of_a_dict_has_its_line():
    assert answer.human([("heap", {"peak": 80000, "largest": 9000})]) == [
        "heap.largest    9000 B         low: type reboot",
        "heap.peak       80000 B",
    ]


def test_time_is_a_date():
    assert utc(1795766791) == "2026-11-27 08:06:31 UTC"
    assert answer.human([("unix", 1795766791)]) == [
        "unix            1795766791 s   2026-11-27 08:06:31 UTC"
    ]
    assert answer.human([("unix", None)]) == [
        "unix            -              unknown until the network answers"
    ]


def test_a_name_without_a_text_is_shown_bare():
    assert answer.human([("colour", "red"), ("list", [1, None])]) == [
        "colour          red", "list            1, -"
    ]  # fmt: skip


def test_a_script_gets_the_values_alone():
    assert answer.as_json([("margin", 3), ("battery_mv", 3200, "low")]) == (
        '{"margin": 3, "battery_mv": 3200}'
    )


assert fake_device

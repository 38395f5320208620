"""From sensors to a payload's fields; each fits the table."""

from tests.fake_device import Clock, Log

# isort: split
from node.payloads.bin import fields as bin_fields
from node.payloads.bin import fill_percent
from node.payloads.counter import fields as counter_fields
from node.payloads.lamp import fields as lamp_fields
from node.readings import Readings, Stuck
from wire import codec

ECHO = {"distance": 700, "valid": 7, "spread": 3, "obstructed": 0}


class Config(dict):
    boots = 19

    def given(self, name):
        return name in self.get("told", ())


class Power:
    millivolts = 3600

    def battery_mv(self):
        return self.millivolts

    def low(self):
        return self.millivolts < 3300


class Part:
    """A lamp or a journal, as far as readings go."""

    def __init__(self):
        self.total = self.passages = 0
        self.level, self.why = 40, 5


def readings(with_lamp=False):
    config = Config(empty_mm=1200, height_mm=1000)
    part, log = Part(), Log()
    lamp = part if with_lamp else None
    return Readings(config, Power(), Clock(), part, lamp, log), part, log


def packed(name, fields):
    return len(codec.pack(name, dict(fields, seq=1, age=0)))


def test_fill_is_measured_from_the_empty_bottom_and_stays_within_the_scale():
    for distance, fill in ((1200, 0), (1500, 0), (700, 50), (200, 100), (30, 100), (1195, 1)):
        assert fill_percent(distance, 1200, 1000) == fill, distance


def test_a_bin_reading_says_how_far_it_can_be_trusted():
    one, _, _ = readings()

    fields = bin_fields(one, {"a02yyuw": ECHO})

    assert (fields["fill"], fields["distance"], fields["battery"]) == (50, 700, 3600)
    assert (fields["suspect"], fields["uncalibrated"], fields["low_battery"]) == (0, 1, 0)
    assert packed("bin", fields) == 10


def test_few_or_spread_echoes_are_suspect():
    one, _, _ = readings()
    assert bin_fields(one, {"a02yyuw": dict(ECHO, valid=4)})["suspect"] == 1
    assert bin_fields(one, {"a02yyuw": dict(ECHO, spread=30)})["suspect"] == 1


def test_an_absent_sensor_gives_no_value_and_says_so():
    one, _, _ = readings(with_lamp=True)

    fields = bin_fields(one, {"a02yyuw": None})

    assert (fields["fill"], fields["distance"], fields["suspect"]) == (None, None, 1)
    assert packed("bin", fields) == 10
    fields = lamp_fields(one, {"bh1750": None, "am312": {"total": 0, "presence": 0, "warm": 1}})
    assert (fields["lux"], fields["suspect"]) == (None, 1)
    assert packed("lamp", fields) == 10


def test_a_sensor_that_repeats_itself_is_stuck():
    said = []
    one = Stuck(12, said.append)
    assert [one.seen(700) for _ in range(12)] == [False] * 12
    assert [one.seen(700), one.seen(700)] == [True, True]
    assert said == [700]
    assert not one.seen(701)
    assert not any([one.seen(None) for _ in range(300)])  # noqa: C419 - all of them


def test_still_echoes_that_tremble_are_no_stuck_sensor():
    one, _, log = readings()
    steady = [bin_fields(one, {"a02yyuw": dict(ECHO, spread=1)})["suspect"] for _ in range(50)]
    stuck = [bin_fields(one, {"a02yyuw": dict(ECHO, spread=0)})["suspect"] for _ in range(14)]
    assert not any(steady)
    assert stuck == [0] * 12 + [1, 1]
    assert log.lines == ["sensor: it says 700 again and again; clean it, or replace it"]


def test_passages_count_from_reading_to_reading():
    one, part, _ = readings(with_lamp=True)
    part.passages = 3
    sensed = {
        "bh1750": {"lux": 12, "saturated": 0},
        "am312": {"total": 3, "presence": 1, "warm": 1},
    }

    first, second = lamp_fields(one, sensed), lamp_fields(one, sensed)

    assert (first["passages"], second["passages"]) == (3, 0)
    assert (first["level"], first["why"], first["lux"], first["presence"]) == (40, 5, 12, 1)


def test_the_total_goes_on_over_restarts():
    one, part, _ = readings(with_lamp=True)
    part.total = 1000

    totals = [
        counter_fields(one, {"am312": {"total": n, "presence": 0, "warm": 1}})["total"]
        for n in (2, 2, 5)
    ]

    assert totals == [1002, 1002, 1005]
    assert part.total == 1005


def test_somebody_who_never_leaves_is_a_stuck_sensor():
    one, _, _ = readings()
    here = {"am312": {"total": 1, "presence": 1, "warm": 1}}
    assert counter_fields(one, here)["suspect"] == 0
    one.clock.now_us = 601 * 1000000
    assert counter_fields(one, here)["suspect"] == 1
    assert (
        packed("counter", counter_fields(one, {"am312": {"total": 1, "presence": 0, "warm": 1}}))
        == 10
    )

"""The recorded city, against the records themselves and against another sun."""

import csv
import json
import math
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from astral import Observer
from astral.sun import elevation

from tools.bench.city import bay
from tools.bench.city.daylight import clear_sky_lux, sun_elevation_deg
from tools.bench.city.recorded import DATA, MULHOUSE, City

START = datetime(2015, 11, 20, 17, tzinfo=UTC)
HOUR_US = 3_600_000_000


def test_the_sun_agrees_with_another_implementation():
    place = Observer(*MULHOUSE)

    for hour in range(0, 366 * 24, 5):
        when = datetime(2016, 1, 1, tzinfo=UTC) + timedelta(hours=hour)
        ours = sun_elevation_deg(when, *MULHOUSE)
        assert abs(ours - elevation(place, when, with_refraction=False)) < 0.1


@pytest.mark.parametrize(
    ("degrees", "lux"), [(90, 128000), (0, 759), (-6, 3.4), (-12, 0.008), (-40, 0.00065)]
)
def test_daylight_has_the_published_values(degrees, lux):
    """Noon, sunset, end of civil and nautical twilight: USNO Circular 171."""
    assert math.isclose(clear_sky_lux(degrees), lux, rel_tol=0.05)


def test_lux_falls_through_a_november_evening():
    schedule = City(datetime(2015, 11, 20, 15, tzinfo=UTC)).lux(3)

    values = [value for _, value in schedule]
    assert values == sorted(values, reverse=True)
    assert values[0] > 1000
    assert values[-1] < 0.1
    assert [t % 60_000_000 for t, _ in schedule] == [0] * len(schedule)


def test_the_bin_is_as_full_as_recorded_at_its_collections_and_empty_after_them():
    """2015-11-20 is a Friday, as 2016-06-03: the street's 18:00 is that Friday's, a week later."""
    with (DATA / "edinburgh_bin_325087.csv").open() as file:
        rows = [(datetime.fromisoformat(r[0]), int(r[1])) for r in list(csv.reader(file))[1:]]
    city = City(START)
    zero = datetime.fromisoformat("2016-06-10T18:00:00")

    seen = 0
    for at, before in rows:
        t_us = round((at - zero).total_seconds() * 1e6)
        if 0 < t_us < 20 * 24 * HOUR_US:
            assert math.isclose(city.fill_pct(t_us - 1000), 0.8 * before, abs_tol=0.01)
            assert city.fill_pct(t_us + 1000) < 0.01
            seen += 1
    assert seen >= 15


def test_distance_is_empty_minus_fill_and_moves_by_millimetres():
    city = City(START, empty_mm=1200, height_mm=1000)

    schedule = city.distance_mm(48)

    assert schedule[0] == [0, round(1200 - city.fill_pct(0) * 10)]
    steps = [b[1] - a[1] for a, b in pairwise(schedule)]
    assert sum(step > 100 for step in steps) >= 1, "a collection in two days"
    assert all(-5 <= step < 0 for step in steps if step < 100)


def test_as_many_people_pass_as_were_counted():
    """18:00 on a Friday evening in Mulhouse is 18:00 in Melbourne: 619 people, then 602."""
    city = City(START)

    passages = city.motion("lamp", 2)

    assert [sum(t // HOUR_US == hour for t, _ in passages) for hour in (0, 1)] == [619, 602]
    assert passages == sorted(passages)
    assert passages == City(START).motion("lamp", 2)
    assert passages != city.motion("counter", 2)
    assert passages != City(START, seed=2).motion("lamp", 2)
    assert len(City(START, share=0.1).motion("lamp", 1)) == 62


@pytest.mark.parametrize("year", [2014, 2015, 2026])
def test_any_start_finds_its_hour_of_the_week(year):
    city = City(datetime(year, 3, 4, 5, 30, tzinfo=UTC))

    assert len(city.motion("lamp", 30)) > 1000
    assert 0 <= city.fill_pct(500 * 24 * HOUR_US) <= 80


def test_parts_are_plain_values_for_every_sensor_of_the_board():
    parts = City(START).parts("lamp", 1)

    assert set(parts) == {"a02yyuw", "bh1750", "am312"}
    assert json.loads(json.dumps(parts)) == parts
    assert City(START).parts("bin", 1)["am312"]["motion"] is False


def test_a_start_without_time_zone_is_refused():
    with pytest.raises(ValueError, match="needs a time zone"):
        City(datetime(2015, 11, 20, 17))  # noqa: DTZ001 - that is the point


def test_a_score_may_load_the_bay_as_a_file_alone(tmp_path):
    """From any folder, without a path to the project."""
    story = (
        "import runpy, sys\n"
        "kind = runpy.run_path(sys.argv[1])['Bay']\n"
        "print(kind(10).feed(0, 20000, -4000, -43000, 200))\n"
    )
    command = [sys.executable, "-I", "-c", story, str(bay.__file__)]

    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert (done.stdout, done.stderr) == ("0\n", "")

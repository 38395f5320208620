"""What a lamp's readings say: each fault alone, none of a lamp that is well, and its energy."""

import datetime as dt
import sqlite3
from random import Random

import pytest
from msgspec.structs import replace

from gateway.clock import rfc3339
from gateway.events import Link, ReadingData, Value
from gateway.lighting.health import Rating, Reading, energy_kwh, faults
from gateway.store.sqlite import Store
from gateway.tests.contract.http_bench import made_parts
from gateway.tests.unit.bulk_bench import LAMPS
from gateway.usecases import lamps
from gateway.usecases.lamps import HealthQuery

MIN_MS = 60_000
RATING = Rating(70, 1)
NOW_MS = int(dt.datetime(2023, 11, 14, 22, 13, 20, tzinfo=dt.UTC).timestamp() * 1000)
"""Of made_parts."""


def told(*rows, step_min=10):
    """Readings from (level, power, lux)."""
    return [Reading(at * step_min * MIN_MS, *row) for at, row in enumerate(rows)]


def codes(*rows, **more):
    return [one.code for one in faults(told(*rows, **more), RATING)]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([(100, 0.5, 2)] * 2, ["lampFailure"]),
        ([(100, 70, 2), (100, 0.5, 2)], []),  # one alone is not sure
        ([(20, 0.5, 2)] * 3, ["lampPowerTooLow"]),
        ([(100, 50, 2)] * 3, ["lampPowerTooLow"]),
        ([(50, 60, 2)] * 3, ["lampPowerTooHigh"]),
        ([(50, 60, 2)] * 2, []),
        ([(100, 70, 900)] * 4, ["lampUnexpectedOn"]),
        ([(100, 70, 900)] * 3, []),
        ([(100, 70, 2), (100, 0, 2)] * 2 + [(100, 70, 2)], ["lampCycling"]),
        ([(100, 70, 2), (30, 70, 2)], ["dimmingFailure"]),
        ([(100, 70, 2), (100, None, 2), (0, 1, 5000)], []),
        ([(None, None, None)], []),
        ([], []),
    ],
)
def test_each_fault_is_told_alone(rows, expected):
    assert codes(*rows) == expected


def test_cycling_is_only_at_one_level_within_an_hour():
    assert codes(*[(100, 70, 2), (100, 0, 2)] * 2, (100, 70, 2), step_min=30) == []
    assert codes((100, 70, 2), (0, 1, 2), (100, 70, 2), (0, 1, 2), (100, 70, 2)) == []


def test_a_fault_that_passed_is_told_no_more():
    assert codes(*[(100, 0, 2)] * 3, (100, 70, 2)) == []


def test_lamps_that_are_well_show_no_fault_whatever_their_programme_and_gear():
    chance = Random(12)
    for _ in range(2000):
        rows: list[tuple[int, float, float]] = []
        for _ in range(12):
            level = chance.choice((0, 20, 30, 50, 80, 100))
            lux = 5000.0 if level == 0 else 3.0
            rows.append((level, RATING.expected_w(level) * chance.gauss(1, 0.03), lux))
        assert codes(*rows) == []


def test_energy_is_the_meters_over_its_wrap_else_modelled_and_said_so():
    counts = [Reading(at * 3_600_000, 100, energy_wh=one) for at, one in enumerate((999_990, 60))]
    assert energy_kwh(counts, RATING) == (0.07, "measured")
    assert energy_kwh([*counts, replace(counts[1], energy_wh=59)], RATING) == (0.07, "measured")
    levels = [Reading(at * 3_600_000, level) for at, level in enumerate((100, 0, 0))]
    assert energy_kwh(levels, RATING) == (0.071, "modelled")
    assert energy_kwh(levels, None) == (None, "unknown")


async def test_the_sums_are_those_of_plain_sql_over_the_stored_readings(tmp_path):
    path = tmp_path / "a.db"
    chance = Random(3)
    async with Store(path) as store:
        for lamp in LAMPS:
            tagged = replace(lamp, tags=("street=Oak", "watts=70"))
            await store.write(lambda tx, one=tagged: tx.add_device(one))
            total = 1000
            for at in range(20):
                total += chance.randrange(70)
                at_ms = NOW_MS - (19 - at) * 3_600_000
                values = (Value("dimmingLevel", 100, "%"), Value("activePower", 0.5, "W"))
                values += (Value("energy", total, "W.h"),)
                stamp = rfc3339(at_ms)
                data = ReadingData(
                    dev_eui=lamp.dev_eui, device=lamp.name, profile="lamp", seq=at,
                    observed_at=stamp, received_at=stamp, values=values, link=Link(),
                )  # fmt: skip
                await store.write(
                    lambda tx, eui=lamp.dev_eui, ms=at_ms, one=data: tx.append(
                        "reading", eui, ms, one
                    )
                )
        found = await lamps.health_of_all(made_parts(store), query=HealthQuery(hours=24))
    with sqlite3.connect(path) as database:
        (wh,) = database.execute(
            "SELECT sum(used) FROM (SELECT max(v.value ->> 'value') - min(v.value ->> 'value') "
            "AS used FROM event, json_each(CAST(event.body AS TEXT), '$.data.values') AS v "
            "WHERE v.value ->> 'property' = 'energy' GROUP BY event.subject)"
        ).fetchone()
    database.close()
    assert found.measured_kwh == pytest.approx(wh / 1000, abs=1e-9)
    assert found.modelled_kwh == 0
    assert {one.faults[0].code for one in found.lamps} == {"lampFailure"}
    assert {one.street for one in found.lamps} == {"Oak"}

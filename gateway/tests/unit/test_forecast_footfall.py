"""People of the coming day, through the command line and its files."""

import random
from datetime import UTC, date, datetime, timedelta
from statistics import mean
from zoneinfo import ZoneInfo

import pytest

from gateway.forecast import footfall, trees
from gateway.tests.unit.cli_bench import as_json, command_line
from gateway.tests.unit.forecast_bench import table, write

COLUMNS = ("sensor_id", "hour_utc", "count")
ZONE = ZoneInfo("Europe/Paris")
FIRST = date(2024, 1, 8)


def counts(days, seed=1):
    """Rows of COLUMNS: a street that lives by day, most on Saturdays; good and bad weeks."""
    chance = random.Random(seed)
    start = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=ZONE).astimezone(UTC)
    rows = []
    level = 0.0
    for number in range(days * 24):
        hour = start + timedelta(hours=number)
        local = hour.astimezone(ZONE)
        if number % 24 == 0:
            level = 0.9 * level + chance.gauss(0, 0.15)
        busy = (8 <= local.hour < 20) * (2 if local.weekday() == 5 else 1)
        for sensor, size in (("shop", 300), ("park", 40)):
            people = round(size * (busy + 0.1) * 2.718**level * chance.lognormvariate(0, 0.1))
            rows.append((sensor, hour.strftime("%Y-%m-%dT%HZ"), str(people)))
    return rows


@pytest.fixture
def run(tmp_path):
    return command_line(tmp_path / "no.toml")


def ask(run, folder, day, *more):
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZONE)
    told = as_json(
        run, "forecast", "footfall", "--history", str(folder), "--at", midnight.isoformat(),
        "--zone", ZONE.key, "--out", str(folder / "out.csv"), *more,
    )  # fmt: skip
    return told, table(folder / "out.csv")


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2024, 3, 30), 24), (date(2024, 3, 31), 23), (date(2024, 10, 27), 25)]
)
def test_a_day_has_the_hours_that_it_has(run, tmp_path, day, hours):
    rows = counts((day - FIRST).days)[-24 * 2 * 20 :]
    write(tmp_path / "footfall.csv", rows, COLUMNS)

    told, made = ask(run, tmp_path, day, "--plain")

    start = datetime(day.year, day.month, day.day, tzinfo=ZONE).astimezone(UTC)
    wanted = [(start + timedelta(hours=one)).strftime("%Y-%m-%dT%HZ") for one in range(hours)]
    assert tuple(made[0]) == footfall.OUT
    assert [row["hour_utc"] for row in made if row["sensor_id"] == "shop"] == wanted
    assert told["rows"] == 2 * hours
    for row in made:
        assert 0 <= float(row["q10"]) <= float(row["count"]) <= float(row["q90"])


def test_what_was_counted_later_changes_nothing_and_gaps_stay_gaps(run, tmp_path):
    day = FIRST + timedelta(days=40)
    rows = counts(44)
    before = [row for row in rows if row[1] < "2024-02-16T23Z"]
    holes = [row for row in before if row[0] == "park" or "T1" not in row[1]]
    made = []
    for name, some in (("a", rows), ("b", before), ("c", holes)):
        write(tmp_path / name / "footfall.csv", some, COLUMNS)
        made.append(ask(run, tmp_path / name, day, "--plain")[1])

    assert made[0] == made[1]
    assert len(made[2]) == len(made[1])
    park = [[row for row in one if row["sensor_id"] == "park"] for one in made[1:]]
    assert [row["count"] for row in park[0]] == [row["count"] for row in park[1]]


def test_past_forecasts_are_better_than_the_same_hour_of_last_week(run, tmp_path):
    days = 76
    rows = counts(days)
    write(tmp_path / "footfall.csv", rows, COLUMNS)
    # The last third of 68 days was held back: 22 days of two counters.
    people = [float(row[2]) for row in rows]
    naive = mean(abs(a - b) for a, b in zip(people[-22 * 48 :], people[-29 * 48 :], strict=False))

    told, made = ask(run, tmp_path, FIRST + timedelta(days=days))

    assert trees.grower() is not None
    assert (told["model"], told["past_number"]) == ("trees", 22 * 48)
    assert told["past_mae"] < 0.8 * naive
    assert all(0 <= float(row["q10"]) <= float(row["count"]) <= float(row["q90"]) for row in made)


def test_what_is_wrong_is_said(run, tmp_path):
    def refusal(at="2024-02-17T00:00:00+01:00", zone=ZONE.key):
        code, _, err = run(
            "forecast", "footfall", "--history", str(tmp_path), "--at", at, "--zone", zone,
            "--out", str(tmp_path / "out.csv"),
        )  # fmt: skip
        assert code == 1
        return err

    assert "footfall.csv is not there" in refusal()
    wrong = [("a", "2024-02-01T10:00Z", "5"), ("a", "2024-02-01T10Z", "-1")]
    write(tmp_path / "footfall.csv", wrong, COLUMNS)
    assert "line 2: hour_utc is '2024-02-01T10:00Z', not an hour such as" in refusal()
    assert "line 3: count is -1, outside of 0 to" in refusal()
    write(tmp_path / "footfall.csv", counts(2), COLUMNS)
    assert "nothing was counted before 2024-01-01" in refusal(at="2024-01-01T00:00:00+01:00")
    assert "no day begins in Europe/Paris" in refusal(at="2024-02-17T00:00:00+11:00")
    assert "is no time zone of the tz database" in refusal(zone="Europe/Nowhere")
    assert "not a time with its offset" in refusal(at="2024-02-17T00:00:00")
    write(tmp_path / "holidays.csv", [("Christmas",)], ("day",))
    assert "line 2: day is 'Christmas'" in refusal()

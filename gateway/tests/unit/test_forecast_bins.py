"""The fill of each bin in the next hours, through the command line and its files."""

from math import isnan
from statistics import mean
from zoneinfo import ZoneInfo

import pytest

from gateway.forecast import bins, trees
from gateway.forecast.clock import Clock
from gateway.forecast.table import local
from gateway.tests.unit.cli_bench import as_json, command_line
from gateway.tests.unit.forecast_bench import COLUMNS, table, visits, write

AT = "2016-07-06T06:00:00"


@pytest.fixture
def run(tmp_path):
    return command_line(tmp_path / "no.toml")


def ask(run, tmp_path, *more, at=AT, hours=6):
    out = tmp_path / "out.csv"
    told = as_json(
        run, "forecast", "bins", "--history", str(tmp_path), "--at", at, "--hours", str(hours),
        "--out", str(out), *more,
    )  # fmt: skip
    return told, table(out)


def refusal(run, tmp_path, at=AT):
    code, _, err = run(
        "forecast", "bins", "--history", str(tmp_path), "--at", at, "--out",
        str(tmp_path / "out.csv"),
    )  # fmt: skip
    assert code == 1
    assert not (tmp_path / "out.csv").exists()
    return err


def test_each_bin_has_each_whole_hour_with_its_band_and_its_past_error(run, tmp_path):
    write(tmp_path / "bins.csv", visits(bins=5))

    told, rows = ask(run, tmp_path)

    hours = [f"2016-07-06T{hour:02}:00:00" for hour in range(6, 13)]
    assert tuple(rows[0]) == bins.OUT
    assert sorted((row["bin_id"], row["at_local"]) for row in rows) == [
        (str(number), hour) for number in range(5) for hour in hours
    ]
    for row in rows:
        low, fill, high = (float(row[name]) for name in ("q10", "fill_pct", "q90"))
        assert 0 <= low <= fill <= high <= 100
        assert 0 <= float(row["p_full"]) <= 1
        assert float(row["past_mae"]) > 0
    assert told["rows"] == 35
    assert told["model"] == "plain"  # too few rows to teach trees


@pytest.mark.parametrize("grower", [None, trees.grower()], ids=["plain", "trees"])
def test_what_was_collected_later_changes_nothing(tmp_path, grower):
    rows = visits()
    later = [(*row[:2], "0", *row[3:]) if row[1] >= AT else row for row in rows]
    at = local(AT)

    whole, other = (
        bins.forecast(bins.read(write(tmp_path / name, some)), at, 2, grower)
        for name, some in (("a.csv", rows), ("b.csv", later))
    )

    assert rows != later
    assert whole.rows == other.rows


def test_trees_know_more_than_the_formula_and_both_bands_hold_what_they_say(tmp_path):
    rows = visits(bins=120, days=30)
    at = local("2016-06-29")
    history = bins.read(write(tmp_path / "bins.csv", rows))
    later = [row for row in rows if row[1] >= at.isoformat()]
    truth = {(row[0], row[1][:13]): float(row[2]) for row in later}
    missed = {}
    for name, grower in (("plain", None), ("trees", trees.grower())):
        made = bins.forecast(history, at, 48, grower)
        pairs = [
            (truth[row[0], row[1][:13]], row)
            for row in made.rows
            if (row[0], row[1][:13]) in truth
        ]
        assert made.model == name
        assert 0.7 < mean(low <= y <= high for y, (_, _, _, low, high, *_) in pairs) < 0.92
        missed[name] = mean(abs(y - row[2]) for y, row in pairs)

    assert len(truth) > 100
    assert missed["trees"] < 0.9 * missed["plain"]


def test_a_bin_that_was_emptied_once_is_forecast_too(run, tmp_path):
    first = ("new", "2016-07-05T08:00:00", "40", "1 Low Street", "96")
    write(tmp_path / "bins.csv", [*visits(bins=3), first])

    _, rows = ask(run, tmp_path, hours=0)

    assert [row["fill_pct"] for row in rows if row["bin_id"] == "new"] == ["40"]


def test_no_history_is_said(run, tmp_path):
    assert "bins.csv is not there: who keeps the history writes it" in refusal(run, tmp_path)
    write(tmp_path / "bins.csv", [])
    assert "has no row: a forecast needs a history" in refusal(run, tmp_path)
    write(tmp_path / "bins.csv", visits(bins=2))
    assert "no collection before 2016-05-01T00:00:00" in refusal(
        run, tmp_path, at="2016-05-01T00:00:00"
    )


def test_wrong_lines_are_named_and_nothing_is_written(run, tmp_path):
    wrong = [
        ("1", "yesterday", "5", "High Street", ""),
        ("1", "2016-06-03T10:00:00+01:00", "5", "High Street", ""),
        ("", "2016-06-03T10:00:00", "5", "High Street", ""),
        ("1", "2016-06-03T10:00:00", "101", "High Street", ""),
        ("1", "2016-06-03T10:00:00", "full", "High Street", ""),
        ("1", "2016-06-03T10:00:00", "nan", "High Street", ""),
    ]
    write(tmp_path / "bins.csv", [*wrong, *visits(bins=1)])

    said = refusal(run, tmp_path)

    assert "line 2: 'yesterday' is no ISO time" in said
    assert "line 3: '2016-06-03T10:00:00+01:00' has an offset" in said
    assert "line 4: bin_id is empty" in said
    assert "line 5: fill_before_pct is 101, outside of 0 to 100" in said
    assert "line 6: fill_before_pct is 'full', which is no number" in said
    assert "and 1 lines more" in said


def test_columns_that_lack_are_refused_and_unknown_ones_are_named(run, tmp_path):
    rows = visits(bins=2)
    write(tmp_path / "bins.csv", rows, ("bin_id", "at", *COLUMNS[2:]))
    assert "the first line lacks collected_at_local_europe_london" in refusal(run, tmp_path)

    write(tmp_path / "bins.csv", rows, (*COLUMNS[:4], "colour"))
    code, _, err = run(
        "forecast", "bins", "--history", str(tmp_path), "--at", AT, "--out",
        str(tmp_path / "out.csv"),
    )  # fmt: skip
    assert code == 0
    assert err == "note: bins.csv: nothing reads the columns colour\n"


def test_a_day_of_23_or_25_hours_is_as_long_as_it_was():
    clock = Clock(ZoneInfo("Europe/London"), local("2016-03-01"), local("2016-11-30"))

    def length_h(first, last):
        return clock.epoch_h(last) - clock.epoch_h(first)

    def activity(first, last):
        return clock.sums(clock.epoch_h(last))[0] - clock.sums(clock.epoch_h(first))[0]

    spring, autumn = local("2016-03-27"), local("2016-10-30")
    assert length_h(spring, local("2016-03-28")) == 23
    assert length_h(autumn, local("2016-10-31")) == 25
    night_h, day_h = 9 * 0.35, 15 * 1.35
    assert activity(spring, local("2016-03-28")) == pytest.approx(1.1 * (night_h - 0.35 + day_h))
    assert activity(autumn, local("2016-10-31")) == pytest.approx(1.1 * (night_h + 0.35 + day_h))


def test_a_collection_told_twice_counts_once(tmp_path):
    rows = visits(bins=3)
    twice = sorted([*rows, *((*row[:2], "0", *row[3:]) for row in rows)], key=lambda r: r[1])
    at = local(AT)

    once, both = (
        bins.forecast(bins.read(write(tmp_path / name, some)), at, 0, None).rows
        for name, some in (("a.csv", rows), ("b.csv", twice))
    )

    assert once == both
    assert not any(isnan(value) for row in once for value in row[2:])

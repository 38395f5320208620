"""The collection list, through the command line and its files."""

from xml.etree import ElementTree as ET

import pytest

from gateway.collection import files, plan
from gateway.forecast import table as csv_table
from gateway.tests.unit.cli_bench import as_json, command_line
from gateway.tests.unit.collection_bench import COLUMNS, PLACED, Fleet
from gateway.tests.unit.forecast_bench import table, write


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A fleet after three weeks of a daily calendar and one day on which nobody came."""
    fleet = Fleet(tmp_path_factory.mktemp("recorded"))
    fleet.read()
    fleet.every_day(21)
    fleet.day([])
    fleet.save()
    return fleet


@pytest.fixture
def run(tmp_path):
    return command_line(tmp_path / "no.toml")


def collect(run, fleet, tmp_path, *more):
    out = tmp_path / "list.csv"
    skipped = tmp_path / "skipped.csv"
    told = as_json(
        run, "collect", "--history", str(fleet.folder), "--at", fleet.at.isoformat(),
        "--out", str(out), "--skipped", str(skipped), *more,
    )  # fmt: skip
    return told, table(out), table(skipped)


def refusal(run, folder, tmp_path, *more, at="2016-06-23T04:00:00"):
    code, out, err = run(
        "collect", "--history", str(folder), "--at", at, "--out", str(tmp_path / "list.csv"), *more
    )
    assert (code, out) == (1, "")
    assert not (tmp_path / "list.csv").exists()
    return err


def test_bins_that_will_overflow_are_on_the_list_and_the_others_say_why_not(
    run, recorded, tmp_path
):
    told, stops, skipped = collect(run, recorded, tmp_path, "--risk", "0.1")

    chosen = {int(row["bin_id"][1:]) for row in stops}
    fast = {number for number, pace in enumerate(recorded.paces) if pace > 45}
    slow = {number for number, pace in enumerate(recorded.paces) if pace < 20}
    assert fast <= chosen
    assert not slow & chosen
    assert told["bins"] + told["skipped"] == 24
    assert [int(row["order"]) for row in stops] == list(range(1, len(stops) + 1))
    assert {row["list"] for row in stops if float(row["p_overflow"]) > 0.1} == {"urgent"}
    assert all("chance to overflow before tomorrow: it can wait" in row["why"] for row in skipped)


def test_less_is_emptied_at_no_more_overflows_than_the_daily_calendar(tmp_path):
    calendar, fleet = Fleet(tmp_path / "a", seed=5), Fleet(tmp_path / "b", seed=5)
    for one in (calendar, fleet):
        one.read()
        one.every_day(14)
        one.emptyings = one.overflows = 0
    calendar.every_day(10)

    for _ in range(10):
        fleet.save()
        known = files.read(fleet.folder, fleet.at)
        made = plan.make(known, plan.morning(known, fleet.at), 0.05, plan.Limits())
        fleet.day([int(one.bin_id[1:]) for one in made.stops])

    assert fleet.emptyings < 0.75 * calendar.emptyings
    assert fleet.overflows <= 1.1 * calendar.overflows


def test_the_trade_off_is_told_against_the_named_calendar(run, recorded, tmp_path):
    path = tmp_path / "curve.csv"
    changes = {}
    for days in (1, 2):
        collect(run, recorded, tmp_path, "--curve", str(path), "--calendar", str(days))
        changes[days] = [
            (float(row["emptyings_change_pct"]), float(row["overflows_change_pct"]))
            for row in table(path)
        ]

    emptyings, overflows = zip(*changes[1], strict=True)
    assert list(emptyings) == sorted(emptyings, reverse=True)
    assert list(overflows) == sorted(overflows)
    assert emptyings[0] < -10
    assert overflows[0] < 10
    assert all(more[1] < less[1] for more, less in zip(changes[2], changes[1], strict=True))


def test_a_full_truck_and_the_end_of_the_shift_leave_the_least_urgent(run, recorded, tmp_path):
    whole, stops, _ = collect(run, recorded, tmp_path)
    held, fewer, left = collect(run, recorded, tmp_path, "--truck-l", "600")
    short, soon, late = collect(run, recorded, tmp_path, "--shift-end", "04:25")

    assert held["litres"] <= 600 < whole["litres"]
    assert sum("; the truck is full" in row["why"] for row in left) == len(stops) - len(fewer)
    assert short["minutes"] <= 25 < whole["minutes"]
    assert sum("; the shift ends before" in row["why"] for row in late) == len(stops) - len(soon)
    least = min(float(row["p_overflow"]) for row in soon)
    most = max(float(row["p_overflow"]) for row in late if "shift" in row["why"])
    assert least >= most - 0.05


def test_a_silent_sensor_and_a_bin_never_seen_are_said(run, recorded, tmp_path):
    fleet = Fleet(tmp_path / "silent")
    fleet.__dict__.update({k: v for k, v in vars(recorded).items() if k != "folder"})
    fleet.readings = [row for row in recorded.readings if row[0] != "b23" or row[1] < "2016-06-21"]
    fleet.collections = [
        row for row in recorded.collections if row[0] != "b23" or row[1] < "2016-06-21"
    ]
    fleet.save()
    places = [tuple(row.values()) for row in table(fleet.folder / "places.csv")]
    write(fleet.folder / "places.csv", [*places, ("new", "10", "10")], PLACED)

    _, stops, _ = collect(run, fleet, tmp_path)

    why = {row["bin_id"]: row["why"] for row in stops}
    assert "(not read for 3 days)" in why["b23"]
    assert why["new"] == "never read or emptied: nobody knows how full it is"


def test_a_bin_left_for_too_long_is_emptied_for_hygiene(run, recorded, tmp_path):
    fleet = Fleet(tmp_path / "old")
    fleet.__dict__.update({k: v for k, v in vars(recorded).items() if k != "folder"})
    fleet.collections = [
        row for row in recorded.collections if row[0] != "b0" or row[1] < "2016-06-05"
    ]
    fleet.readings = [
        row if row[0] != "b0" or row[1] < "2016-06-05" else (*row[:2], "20")
        for row in recorded.readings
    ]
    fleet.save()

    _, stops, _ = collect(run, fleet, tmp_path)

    why = {row["bin_id"]: row["why"] for row in stops}
    assert why["b0"].endswith("; not emptied for 19 days")


def test_a_tick_is_written_once_and_is_the_truth(run, recorded, tmp_path):
    fleet = Fleet(tmp_path / "ticked")
    fleet.__dict__.update({k: v for k, v in vars(recorded).items() if k != "folder"})
    fleet.save()
    before = (fleet.folder / "bins.csv").read_text()
    _, stops, _ = collect(run, fleet, tmp_path)
    ticks = [f"{row['bin_id']}=50" for row in stops]
    tick = ("emptied", *ticks, "--history", str(fleet.folder), "--at", "2016-06-23T04:00:00")

    assert as_json(run, *tick) == {"new": len(stops)}
    assert as_json(run, *tick) == {"new": 0}
    after = (fleet.folder / "bins.csv").read_text()
    _, later, _ = collect(run, fleet, tmp_path, "--at", "2016-06-23T05:00:00")

    assert after.startswith(before)
    assert after.count("\n") == before.count("\n") + len(stops)
    assert not {row["bin_id"] for row in stops} & {row["bin_id"] for row in later}
    code, _, err = run("emptied", "b99=50", *tick[-4:])
    assert code == 1
    assert "no collection of b99 is in" in err
    assert (fleet.folder / "bins.csv").read_text() == after


def test_the_way_goes_to_a_navigator_where_bins_have_latitudes(run, recorded, tmp_path):
    said = refusal(run, recorded.folder, tmp_path, "--gpx", str(tmp_path / "way.gpx"))
    assert "a GPX needs lat and lon of each bin" in said

    fleet = Fleet(tmp_path / "mapped")
    fleet.__dict__.update({k: v for k, v in vars(recorded).items() if k != "folder"})
    fleet.save()
    spots = [(f"b{n}", f"{47.75 + n / 1000:.4f}", "7.34") for n in range(24)]
    write(fleet.folder / "places.csv", spots, ("bin_id", "lat", "lon"))
    told, stops, _ = collect(
        run, fleet, tmp_path, "--gpx", str(tmp_path / "way.gpx"), "--pdf", str(tmp_path / "l.pdf"),
        "--depot", "47.75,7.34",
    )  # fmt: skip

    space = {"g": "http://www.topografix.com/GPX/1/1"}
    points = ET.parse(tmp_path / "way.gpx").findall("g:rte/g:rtept", space)
    assert [point.findtext("g:name", namespaces=space) for point in points] == [
        row["bin_id"] for row in stops
    ]
    furthest = max(int(row["bin_id"][1:]) for row in stops)
    assert told["km"] == pytest.approx(2 * furthest * 0.1112 * 1.35, rel=0.01)
    assert (tmp_path / "l.pdf").read_bytes().startswith(b"%PDF-1.4")


def test_what_is_wrong_is_said_with_who_acts_next(run, recorded, tmp_path):
    folder = tmp_path / "wrong"
    write(folder / "bins.csv", recorded.collections, COLUMNS)

    assert "nothing was collected or measured before 2016-01-01" in refusal(
        run, folder, tmp_path, at="2016-01-01T04:00:00"
    )
    for more, sentence in (
        (("--shift-end", "noon"), "--shift-end is 'noon', not a time such as 12:30"),
        (("--shift-end", "03:00"), "the shift ends at 03:00, before it begins at 04:00"),
        (("--depot", "here"), "--depot is 'here', not two numbers"),
    ):
        assert sentence in refusal(run, folder, tmp_path, *more)
    write(folder / "readings.csv", [("b1", "2016-06-03T04:00:00", "126")],
          ("bin_id", "at_local", "fill_pct"))  # fmt: skip
    assert "line 2: fill_pct is 126, outside of 0 to 125" in refusal(run, folder, tmp_path)
    (folder / "readings.csv").unlink()
    write(folder / "places.csv", [("b1", "1", "2"), ("b1", "3", "4")], PLACED)
    assert "line 3: b1 has two places" in refusal(run, folder, tmp_path)
    write(folder / "places.csv", [("b1", "1")], PLACED[:2])
    assert "line 2: y_m is missing: lat and lon, or x_m and y_m" in refusal(run, folder, tmp_path)


def test_a_list_is_made_of_collections_alone(run, recorded, tmp_path):
    folder = tmp_path / "plain"
    write(folder / "bins.csv", recorded.collections, COLUMNS)

    code, _, err = run(
        "collect", "--history", str(folder), "--at", "2016-06-24T04:00:00",
        "--out", str(tmp_path / "list.csv"),
    )  # fmt: skip

    assert code == 0
    assert "note: readings.csv is not there: levels come from collections alone" in err
    assert "note: places.csv is not there: the list has no order of the way" in err
    chosen = {int(row["bin_id"][1:]) for row in table(tmp_path / "list.csv")}
    assert {number for number, pace in enumerate(recorded.paces) if pace > 60} <= chosen
    assert csv_table.local("2016-06-24T04:00:00") > recorded.at

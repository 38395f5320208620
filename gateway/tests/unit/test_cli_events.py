"""Events and devices as a person reads them on the command line."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

from gateway import app
from gateway.events import (
    CommandData,
    JoinedData,
    MissingData,
    QuarantinedData,
    ReadingData,
    TroubleData,
    Value,
)
from gateway.model import Device
from gateway.notices import Link
from gateway.settings import load
from gateway.tests.unit.cli_bench import as_json

LAMP = "70b3d57ed005a001"
STRANGER = "70b3d57ed005a0ff"
FILLED = (
    Value("fillingLevel", 0.73, "1"),
    Value("distance", None, "mm", ("suspect",)),
    Value("batteryVoltage", 3.1, "V", ("ok", "low_battery")),
)
KNOWN: dict[str, Any] = {"dev_eui": LAMP, "device": "lamp 1"}
READING = ReadingData(
    **KNOWN, profile="bin", seq=7, observed_at="2026-01-01T00:00:00Z",
    received_at="2026-01-01T00:00:00Z", values=FILLED, link=Link(),
)  # fmt: skip
SAID = {
    "joined": (JoinedData(**KNOWN, dev_addr="01020304"), "DevAddr 01020304"),
    "reading": (
        READING,
        "fillingLevel 0.73, distance unknown (suspect), batteryVoltage 3.1 V (low_battery)",
    ),
    "command": (
        CommandData(
            id="cmd_1", dev_eui=LAMP, name="dim", values={"level": 40, "ramp": 2}, state="applied",
            applied={"level": 40},
        ),
        "dim level=40 ramp=2: applied; level 40",
    ),
    "missing": (
        MissingData(dev_eui=LAMP, first_seq=3, last_seq=5, count=3),
        "readings 3 to 5 did not arrive",
    ),
    "quarantined": (QuarantinedData(id=1, dev_eui=LAMP, reason="no JSON", size=3), "no JSON"),
    "trouble": (
        TroubleData(**KNOWN, code="UPLINK_MIC", reason="its MIC is wrong", count=1),
        "UPLINK_MIC, its MIC is wrong",
    ),
}  # fmt: skip


def store(config, *changes):
    """Commit these changes, in their order."""

    async def commit():
        async with app.open_store(load(config, {})) as opened:
            for change in changes:
                await opened.write(change)

    asyncio.run(commit())


def register(tx):
    tx.add_device(Device(dev_eui=LAMP, name="Lamp 1", profile="lamp", join_eui="0" * 16))


def event(kind, data, dev_eui=LAMP):
    return lambda tx: tx.append(kind, dev_eui, 1_767_225_600_000, data)


@pytest.mark.parametrize("kind", SAID)
def test_an_event_is_one_line_that_says_what_happened(run, config, kind):
    data, said = SAID[kind]
    store(config, register, event(kind, data))

    heading, line = run("event", "list")[1].splitlines()

    assert heading.split() == ["time", "kind", "device", "what", "id"]
    assert line.startswith(f"2026-01-01T00:00:00.000Z  {kind}")
    assert f"  Lamp 1  {said}  " in line
    assert "{" not in line


def test_events_come_newest_first_and_pages_oldest_first(run, config):
    many = [event("joined", JoinedData(**KNOWN, dev_addr=f"{n:08x}")) for n in range(30)]
    store(config, *many)

    def listed(*options):
        found = as_json(run, "event", "list", *options)
        return [int(one["data"]["dev_addr"], 16) for one in found["events"]], found["next"]

    assert listed() == (list(range(29, 9, -1)), 30)
    assert listed("--last", "2") == ([29, 28], 30)
    assert listed("--after", "0", "--limit", "2") == ([0, 1], 2)
    assert listed("--after", "28") == ([28, 29], 30)
    assert listed("--last", "1", "--kind", "boot") == ([], 30)
    code, _, said = run("event", "list", "--last", "2", "--after", "1")
    assert (code, "leave `after` and `limit` out" in said) == (1, True)


def test_a_series_is_shown_and_written_as_csv(run, config, tmp_path):
    store(config, register, event("reading", READING))
    filled = ("device", "series", "lamp 1", "--property", "fillingLevel")

    shown = as_json(run, *filled, "--step", "day")["spans"]
    code, text, _ = run(*filled)
    assert run("device", "series", "lamp 1", "--csv", str(tmp_path / "all.csv"))[0] == 0

    assert [(one["count"], one["mean"]) for one in shown] == [(1, 0.73)]
    assert (code, "fillingLevel  0.73" in text) == (0, True)
    lines = (tmp_path / "all.csv").read_text().splitlines()
    assert lines[1].startswith("2026-01-01T00:00:00Z,fillingLevel,0.73,1,ok,")
    assert len(lines) == 4
    assert run(*filled, "--csv", str(tmp_path / "no" / "x.csv"))[0] == 1
    assert not list(tmp_path.glob("*.part"))


def test_events_are_listed_by_time_and_property(run, config):
    joined = event("joined", JoinedData(**KNOWN, dev_addr="01"))
    store(config, register, joined, event("reading", READING))

    def kinds(*options):
        found = as_json(run, "event", "list", *options)
        return [one["type"].split(".")[1] for one in found["events"]]

    assert kinds("--property", "distance") == ["reading"]
    assert kinds("--since", "2026-01-01T00:00:00Z") == ["joined", "reading"]
    assert kinds("--until", "2026-01-01T00:00:00Z") == []
    assert "'distanz'" in run("event", "list", "--property", "distanz")[1]


def test_a_device_is_named_by_name_or_dev_eui(run, config):
    joined = event("joined", JoinedData(**KNOWN, dev_addr="01"))
    other = event("joined", JoinedData(dev_eui=STRANGER, device="x", dev_addr="02"), STRANGER)
    store(config, register, joined, other)

    for text in ("Lamp 1", "lamp 1", LAMP, LAMP.upper(), "70-B3-D5-7E-D0-05-A0-01"):
        assert as_json(run, "device", "show", text)["dev_eui"] == LAMP
        found = as_json(run, "event", "list", "--kind", "joined", "--device", text)
        assert len(found["events"]) == 1
        assert as_json(run, "command", "send", text, "dim", "level=4")["dev_eui"] == LAMP
        assert as_json(run, "command", "list", "--device", text)["commands"]
    assert len(as_json(run, "event", "list", "--device", STRANGER)["events"]) == 1
    assert run("device", "remove", "lamp 1")[0] == 0
    assert as_json(run, "device", "list")["devices"] == []


def test_a_name_that_is_none_is_told_with_what_was_meant(run, config):
    store(config, register)

    code, _, said = run("device", "show", "Lamp l")

    assert code == 1
    assert "there is no device 'Lamp l': did you mean 'Lamp 1'?" in said


def test_the_help_of_command_send_lists_every_command_with_fields_and_ranges(run):
    shown = run("command", "send", "--help")[1]

    assert "  dim level=0..100 [ramp=0..254] [hold=1..10080]" in shown
    assert "  interval [report_s=60..86400] [sample_s=10..86400]" in shown
    assert "Of milesight_em400_udl:" in shown


def test_an_event_explained_is_a_table_and_no_dict(run, config):
    store(config, register, event("reading", READING))
    [found] = as_json(run, "event", "list")["events"]

    shown = run("explain", found["id"])[1]

    assert "{" not in shown
    assert "  fillingLevel    0.73   1     ok" in shown


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_follow_prints_what_comes_until_it_is_interrupted(config, form):
    store(config, register, event("joined", JoinedData(**KNOWN, dev_addr="aa")))
    command = [sys.executable, "-m", "gateway", "--config", str(config), "event", "list"]
    process = subprocess.Popen(
        [*command, "--follow", *form], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1", "PYTHONPATH": ".:firmware"},
    )  # fmt: skip
    assert process.stdout
    lines = [process.stdout.readline()]
    store(config, event("joined", JoinedData(**KNOWN, dev_addr="bb")))
    began = time.monotonic()
    lines.append(process.stdout.readline())
    waited_s = time.monotonic() - began
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=10)

    assert (process.returncode, out, err) == (0, "", "")
    assert waited_s < 5
    if form:
        assert [json.loads(one)["data"]["dev_addr"] for one in lines] == ["aa", "bb"]
    else:
        assert [one.split()[-1] for one in lines] == ["aa", "bb"]


def test_a_backup_is_made_and_restored(run, tmp_path):
    as_json(run, "key", "add", "city")
    made = as_json(run, "backup", str(tmp_path / "b.tar"))
    as_json(run, "key", "revoke", as_json(run, "key", "list")[0]["id"])

    done = as_json(run, "restore", "--replace", str(tmp_path / "b.tar"))

    assert (made["cursor"], done["epoch"]) == (0, 1)
    assert [one["name"] for one in as_json(run, "key", "list")] == ["city"]
    [told] = as_json(run, "event", "list")["events"]
    assert told["type"] == "lamplighter.restored.v1"

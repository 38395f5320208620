"""A schedule whose process is killed around each write: each date once, each lamp once.

Real: the process, SIGKILL, SQLite. Ours: the clock, which begins again before the kill.
"""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway import daily
from gateway.plans import Bulk, Schedule, Selection
from gateway.settings import CommandSettings
from gateway.store.sqlite import Store
from gateway.tests.unit.bulk_bench import LAMPS, OAK

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
SAVED_MS = int(datetime(2026, 10, 25, 0, 28, tzinfo=UTC).timestamp() * 1000)
"""Two minutes before 02:30 in Paris, which comes twice in this night."""

pytestmark = [pytest.mark.slow, pytest.mark.faults]


async def made(path):
    """A store with a street of lamps and a schedule at 02:30."""
    async with Store(path) as store:
        for lamp in LAMPS:
            await store.write(lambda tx, lamp=lamp: tx.add_device(lamp))
        wanted = Schedule(
            id="", who="anna", zone="Europe/Paris", at="02:30", name="dim", values={"level": 30},
            selection=Selection(tags=(OAK,)),
        )  # fmt: skip
        day_ms = SAVED_MS - 3_600_000
        await store.write(
            lambda tx: daily.add(tx, wanted, CommandSettings(airtime=1), "EU868", day_ms)
        )


def ran(path, where, number=0, minutes=80):
    arguments = [str(path), str(SAVED_MS), str(minutes), where, str(number)]
    command = [sys.executable, str(HERE / "schedules_process.py"), *arguments]
    return subprocess.run(command, cwd=ROOT, check=False, capture_output=True).returncode


async def test_killed_around_each_write_a_date_begins_once_and_each_lamp_is_asked_once(tmp_path):
    path = tmp_path / "a.db"
    await made(path)
    died = [ran(path, *at) for at in (("before", 1), ("after", 1), ("before", 2), ("after", 2))]
    assert died == [-9] * 4
    assert ran(path, "never") == 0

    async with Store(path) as store:
        found, bulks, commands = await store.read(
            lambda view: (view.plans(Schedule)[0], view.plans(Bulk), view.commands(limit=100))
        )
    assert [(one.on, one.what) for one in found.turns] == [("2026-10-25", "begun")]
    assert [(one.id, one.state) for one in bulks] == [(found.turns[0].note, "done")]
    assert sorted(one.dev_eui for one in commands) == [one.dev_eui for one in LAMPS]
    assert found.next_date == "2026-10-26"

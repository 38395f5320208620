"""The power is lost at any moment: what was acknowledged is in every image that the disk may hold.

Real: the ingest process, its system calls, mosquitto, SQLite. Rebuilt: the disk (disk.py).
"""

import asyncio
import contextlib
import random
import re
import sqlite3

import msgspec
import pytest

from gateway.events import Event
from gateway.tests.faults.disk import WORDS, Disk
from gateway.tests.faults.test_ingest import Street, street
from gateway.tests.faults.tracing import traced
from gateway.tests.faults.waiting import until

__all__ = ["street"]
UPLINKS = 96
AT_ONCE = 3

pytestmark = [pytest.mark.slow, pytest.mark.faults]


async def trace(street: Street, log):
    """Uplinks into an ingest process under strace; its log, line by line."""
    process = await street.ingest("told", under=traced(*WORDS, "-o", str(log)))
    try:
        for first in range(0, UPLINKS, AT_ONCE):
            await street.publish(range(first, first + AT_ONCE))
            await asyncio.sleep(0.02)
        last = f"acknowledges {street.fcnt - 1}\n".encode()
        told = "".join(f"\\x{byte:02x}" for byte in last)
        # no look into the store: strace would not see its writes
        await until(lambda: told in log.read_text(), 90)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    return log.read_text().splitlines()


def held(path):
    """The numbers of the readings in a store that lost its power. It must be sound."""
    with contextlib.closing(sqlite3.connect(path)) as store:
        assert store.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        bodies = store.execute(
            "SELECT body FROM event WHERE type = 'lamplighter.reading.v1'"
        ).fetchall()
    return {msgspec.json.decode(body, type=Event).data["seq"] for (body,) in bodies}


@pytest.mark.timeout(300)
async def test_what_was_acknowledged_outlives_a_loss_of_power(street, tmp_path):
    disk, draw = Disk(street.path), random.Random(4)
    before, first = bytes(disk.files[street.path.name].content), street.fcnt
    acknowledged, images, lost = set(), 0, 0

    for number, line in enumerate(await trace(street, tmp_path / "trace")):
        told = re.findall(rb"acknowledges (\d+)", disk.take(line))
        acknowledged |= {int(one) - first for one in told if int(one) >= first}
        if told or number % 7 == 0:
            folder = tmp_path / f"image{images}"
            folder.mkdir()
            lost += disk.after_power_loss(draw, folder)
            images += 1
            missing = acknowledged - held(folder / street.path.name)
            assert not missing, f"acknowledged and lost at line {number}: {sorted(missing)}"

    assert acknowledged >= set(range(UPLINKS))
    assert images > UPLINKS
    assert lost > UPLINKS, "writes were under way"
    assert disk.files[street.path.name].content != before, "a checkpoint was under way"

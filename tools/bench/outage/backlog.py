"""What an outage leaves: does every reading arrive after it, alarms first, within the law?"""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass
from pathlib import Path

from wire.batch import FPORT
from wire.batch_decoding import readings

from tools.bench.outage.air import Air
from tools.bench.outage.campaign import SETTLE_S
from tools.bench.outage.loop import now_us, run
from tools.bench.outage.unit import Unit

READING = 10
EVERY_S = 600
PATIENCE_S = 5 * 86_400


@dataclass
class Backlog:
    """made: readings that the node numbered.  arrived_s: number -> s after the network's return.

    alarms: numbers of the urgent ones.  dropped: what the journal gave up.  violations: what the
    regulator saw.  frames: with readings, after the return.
    """

    made: int
    arrived_s: dict[int, float]
    alarms: list[int]
    dropped: int
    violations: list[str]
    frames: int


def backlog(hours: float, *, need_sf: int = 7, alarms: int = 4) -> Backlog:
    """One bin that reads each 10 minutes and has urgent readings spread over the outage."""
    with tempfile.TemporaryDirectory(prefix="lamplighter-backlog-") as folder:
        return run(_backlog(hours, need_sf, alarms, Path(folder)))


async def _backlog(hours: float, need_sf: int, alarms: int, folder: Path) -> Backlog:
    air = Air(1)
    unit = Unit(air, 1, folder, need_sf=need_sf, report_s=EVERY_S)
    unit.start()
    await asyncio.sleep(SETTLE_S)
    air.reached = False
    urgent: list[int] = []
    for _ in range(alarms):
        await asyncio.sleep(hours * 3600 / alarms)
        urgent.append(unit.read(urgent=True))
    before = len(air.uplinks)
    air.reached = True
    back_us = now_us()
    made = unit.journal.next_seq
    known = _arrived(air, 0, before, back_us)
    while now_us() < back_us + PATIENCE_S * 1_000_000:
        await asyncio.sleep(EVERY_S)
        found = _arrived(air, before, len(air.uplinks), back_us)
        if len(known | found) >= made:
            break
    found = known | _arrived(air, before, len(air.uplinks), back_us)
    await unit.stop()
    frames = sum(port in (READING, READING + FPORT) for _, port, _ in air.uplinks[before:])
    return Backlog(made, found, urgent, unit.journal.dropped, unit.watch.found, frames)


def _arrived(air: Air, first: int, last: int, zero_us: int) -> dict[int, float]:
    """Number -> s since `zero_us`, of the readings of these uplinks; the first arrival counts."""
    found: dict[int, float] = {}
    for at_us, port, data in air.uplinks[first:last]:
        if port in (READING, READING + FPORT):
            for one in readings(port, data):
                found.setdefault(one["seq"] or 0, (at_us - zero_us) / 1e6)
    return found

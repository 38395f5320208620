"""Nodes for weeks: no reset, and every reading at the server.

A bin for 7 days and a lamp for one; with `--weeks`, as in `make faults`, for 30 and 5. Virtual
time, emulated boards, the bench's network server with ADR on; `-s` shows the figures.
"""

import pytest
from wire import decoding

from hil_tests.nodes import only_virtual
from tools.bench.world.lab import Lab, Unit

pytestmark = [pytest.mark.slow, pytest.mark.faults, pytest.mark.timeout(1800)]

DAY_S = 86400
DAYS = {"bin": (7, 30), "lamp": (1, 5)}
"""{profile: days without and with --weeks}."""
HOUR_US = 3_600_000_000
EVENING_H, MORNING_H = 18, 6


@pytest.fixture(autouse=True)
def on_virtual_boards(virtual):
    only_virtual(virtual, "a month of it is minutes of virtual time")


@pytest.fixture
def days(pytestconfig):
    """{profile: days}, as asked for."""
    return {name: ends[pytestconfig.getoption("weeks")] for name, ends in DAYS.items()}


def numbers(unit: Unit, f_port: int) -> list[int]:
    """The numbers of the readings that arrived, in order, each once."""
    found: set[int] = set()
    for message in unit.of("up"):
        if message.f_port == f_port:
            found |= {record["seq"] or 0 for record in decoding.unpack(f_port, message.data)[1]}
    return sorted(found)


async def held(lab: Lab, unit: Unit, f_port: int, days: int, least: int) -> None:
    """No reset and no hole; prints the figures."""
    ledger = await unit.board.ledger()
    seqs = numbers(unit, f_port)
    ups = unit.of("up")
    print(
        f"\n{unit.name}: {days} days, {len(ups)} uplinks, {len(seqs)} readings, "
        f"{seqs[-1] + 1 - len(seqs)} missing, resets {ledger['resets']}, "
        f"starts {unit.board.boots}, air violations {len(lab.simulation.violations)} (emulated)"
    )
    assert (ledger["resets"], unit.board.boots) == ({"watchdog": 0, "forced": 0}, 1)
    assert seqs == list(range(len(seqs)))
    assert len(seqs) >= least
    assert lab.simulation.refusals == []
    assert lab.simulation.violations == []


async def test_a_bin_for_weeks(days):
    length = days["bin"]
    fill = [[hour * HOUR_US, 1200 - 7 * (hour % 120)] for hour in range((length + 1) * 24)]
    async with Lab() as lab:
        unit = await lab.add("bin", usb=False, parts={"a02yyuw": {"distance_mm": fill}})
        await lab.run(length * DAY_S)

        await held(lab, unit, 10, length, least=length * 24 - 1)


async def test_a_lamp_for_days_of_dusk_and_dawn(days):
    length = days["lamp"]
    light: list[list[int]] = []
    for hour in range((length + 1) * 24):
        night = not MORNING_H <= hour % 24 < EVENING_H
        light += [
            [hour * HOUR_US + at * 40_000_000, (2 if night else 3000) + at] for at in range(90)
        ]
    passing = [[hour * HOUR_US + 900_000_000, True] for hour in range(1, (length + 1) * 24)]
    parts = {"bh1750": {"lux": light}, "am312": {"motion": passing}}
    async with Lab() as lab:
        unit = await lab.add("lamp", parts=parts, night_level=30)
        await lab.run(length * DAY_S)

        await held(lab, unit, 11, length, least=length * 24 - 1)

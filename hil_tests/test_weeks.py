"""Nodes for weeks: no reset but from deep sleep, and every reading at the server.

On the RP2040 a bin for 7 days and a lamp for one; on the ESP32, which takes longer to emulate, for
6 hours and one. With `--weeks`, as in `make faults`, for 30 days and 5 on both. Virtual time,
emulated boards, the bench's network server with ADR on; `-s` shows the figures.
"""

import pytest

from hil_tests.nodes import only_virtual
from tools.bench.world.lab import BOARD, Lab, Unit

pytestmark = [pytest.mark.slow, pytest.mark.faults, pytest.mark.timeout(14_400)]

ESP32 = "t_beam"
HOUR_S = 3600
HOURS = {
    ("bin", BOARD): (7 * 24, 30 * 24),
    ("lamp", BOARD): (24, 5 * 24),
    ("bin", ESP32): (6, 30 * 24),
    ("lamp", ESP32): (1, 5 * 24),
}
"""{(profile, board): hours without and with --weeks}."""
HOUR_US = 3_600_000_000
EVENING_H, MORNING_H = 18, 6


@pytest.fixture(autouse=True)
def on_virtual_boards(virtual):
    only_virtual(virtual, "a month of it is minutes of virtual time")


@pytest.fixture
def hours(pytestconfig):
    """{(profile, board): hours}, as asked for."""
    return {key: ends[pytestconfig.getoption("weeks")] for key, ends in HOURS.items()}


def numbers(unit: Unit, f_port: int) -> list[int]:
    """The numbers of the readings that arrived, in order, each once."""
    return sorted({record["seq"] or 0 for record in unit.readings(f_port)})


async def held(lab: Lab, unit: Unit, f_port: int, hours: int) -> None:
    """No hole, no reset but from deep sleep, a reading an hour; prints the figures."""
    ledger = await unit.board.ledger()
    seqs = numbers(unit, f_port)
    woken = ledger["resets"].pop("deepsleep", 0)
    print(
        f"\n{unit.name}: {hours} h, {len(unit.of('up'))} uplinks, {len(seqs)} readings, "
        f"{seqs[-1] + 1 - len(seqs)} missing, {woken} wakes from deep sleep, other resets "
        f"{ledger['resets']}, air violations {len(lab.simulation.violations)} (emulated)"
    )
    assert not any(ledger["resets"].values())
    assert unit.board.boots == 1 + woken
    assert seqs == list(range(len(seqs)))
    assert len(seqs) >= hours - 1
    assert lab.simulation.refusals == []
    assert lab.simulation.violations == []


async def bin_for(board: str, hours: int) -> dict[str, int]:
    """A bin that fills and is emptied; returns its resets by cause."""
    fill = [[hour * HOUR_US, 1200 - 7 * (hour % 120)] for hour in range(hours + 24)]
    async with Lab() as lab:
        parts = {"a02yyuw": {"distance_mm": fill}}
        unit = await lab.add("bin", board=board, usb=False, parts=parts)
        await lab.run(hours * HOUR_S)

        await held(lab, unit, 10, hours)
        return (await unit.board.ledger())["resets"]


async def lamp_for(board: str, hours: int) -> None:
    """A lamp whose light goes and comes, and under which somebody passes each hour."""
    light: list[list[int]] = []
    for hour in range(hours + 24):
        night = not MORNING_H <= hour % 24 < EVENING_H
        light += [
            [hour * HOUR_US + at * 40_000_000, (2 if night else 3000) + at] for at in range(90)
        ]
    passing = [[hour * HOUR_US + 900_000_000, True] for hour in range(1, hours + 24)]
    parts = {"bh1750": {"lux": light}, "am312": {"motion": passing}}
    async with Lab() as lab:
        unit = await lab.add("lamp", board=board, parts=parts, night_level=30)
        await lab.run(hours * HOUR_S)

        await held(lab, unit, 11, hours)


async def test_a_bin_for_weeks(hours):
    await bin_for(BOARD, hours["bin", BOARD])


async def test_a_bin_that_sleeps_deep_for_weeks(hours):
    resets = await bin_for(ESP32, hours["bin", ESP32])

    assert resets["deepsleep"] >= hours["bin", ESP32]


async def test_a_lamp_for_days_of_dusk_and_dawn(hours):
    await lamp_for(BOARD, hours["lamp", BOARD])


async def test_a_lamp_for_days_on_an_esp32(hours):
    await lamp_for(ESP32, hours["lamp", ESP32])

"""Nodes for weeks: no reset but from deep sleep, every reading at the server, a whole heap.

Each profile on an RP2040, and those that an ESP32 takes too, which is longer to emulate. HOURS has
how long: by default, and with `--weeks`, as in `make faults`. Virtual time, emulated boards, the
bench's network server with ADR on; `-s` shows the figures.
"""

from collections.abc import Callable
from typing import Any

import pytest
from wire.schema import PAYLOADS

from hil_tests.nodes import only_virtual
from tools.bench.world.lab import BOARD, Lab, Unit

pytestmark = [pytest.mark.slow, pytest.mark.faults, pytest.mark.timeout(14_400)]

ESP32 = "t_beam"
HOUR_S = 3600
MONTH = 30 * 24
HOURS = {
    ("bin", BOARD): (3 * 24, MONTH),
    ("counter", BOARD): (6, MONTH),
    ("people", BOARD): (1, MONTH),
    ("lamp", BOARD): (24, MONTH),
    ("bin", ESP32): (6, MONTH),
    ("lamp", ESP32): (1, 5 * 24),
}
"""{(profile, board): hours without and with --weeks}."""
HOUR_US = 3_600_000_000
SAMPLES_H = 6
"""Of a bin, by default, with a deep sleep after each; in its first hour it may be awake."""
EVENING_H, MORNING_H = 18, 6
WHOLE = 40_000
"""Bytes that the largest free block of the heap has at least, at the end."""
BEAMS = {"people": {"chip": "beam_pair", "pin": 13, "pin_b": 14, "gap_mm": 300}}


@pytest.fixture(autouse=True)
def on_virtual_boards(virtual):
    only_virtual(virtual, "a month of it is minutes of virtual time")


def numbers(unit: Unit, f_port: int) -> list[int]:
    """The numbers of the readings that arrived, in order, each once."""
    return sorted({record["seq"] or 0 for record in unit.readings(f_port)})


async def held(lab: Lab, unit: Unit, profile: str, hours: int) -> None:
    """No hole, no reset but from deep sleep, a reading an hour; prints the figures."""
    ledger = await unit.board.ledger()
    seqs = numbers(unit, PAYLOADS[profile][0])
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
    if woken:  # each wake begins with a new heap
        assert woken >= SAMPLES_H * hours - SAMPLES_H, "some samples left it awake"
    else:
        await whole(lab, unit)


async def whole(lab: Lab, unit: Unit) -> None:
    """Little of the heap lies between what is kept: it takes a piece of `WHOLE` bytes."""
    await unit.board.usb(True)
    await lab.run(5)
    heap = (await lab.ask(unit, "info"))["heap"]
    print(f"{unit.name}: heap {heap}")
    assert heap["largest"] >= WHOLE


def bins(hours: int) -> dict[str, Any]:
    """A bin that fills and is emptied."""
    fill = [[hour * HOUR_US, 1200 - 7 * (hour % 120)] for hour in range(hours + 24)]
    return {"usb": False, "parts": {"a02yyuw": {"distance_mm": fill}}}


def counters(hours: int) -> dict[str, Any]:
    """Somebody passes every 20 minutes."""
    passing = [[at * HOUR_US // 3, True] for at in range(1, 3 * hours + 24)]
    return {"usb": False, "parts": {"am312": {"motion": passing}}}


def people(hours: int) -> dict[str, Any]:
    """Each minute somebody, by turns in and out."""
    walks = [[at * 60_000_000, 1300, "out" if at % 2 else "in"] for at in range(1, 60 * hours)]
    return {"sensors": BEAMS, "parts": {"beam_pair": {"walks": walks}}}


def lamps(hours: int) -> dict[str, Any]:
    """A lamp whose light goes and comes, and under which somebody passes each hour."""
    light: list[list[int]] = []
    for hour in range(hours + 24):
        night = not MORNING_H <= hour % 24 < EVENING_H
        light += [
            [hour * HOUR_US + at * 40_000_000, (2 if night else 3000) + at] for at in range(90)
        ]
    passing = [[hour * HOUR_US + 900_000_000, True] for hour in range(1, hours + 24)]
    parts = {"bh1750": {"lux": light}, "am312": {"motion": passing}}
    return {"parts": parts, "night_level": 30}


WORLDS: dict[str, Callable[[int], dict[str, Any]]] = {
    "bin": bins, "counter": counters, "people": people, "lamp": lamps,
}  # fmt: skip
"""By profile: settings of a node and what happens around it, for so many hours."""


def test_every_world_stands_for_weeks():
    assert {profile for profile, _ in HOURS} == set(WORLDS)


@pytest.mark.parametrize(("profile", "board"), HOURS)
async def test_a_node_for_weeks(profile, board, pytestconfig):
    hours = HOURS[profile, board][pytestconfig.getoption("weeks")]
    async with Lab() as lab:
        unit = await lab.add(profile, board=board, **WORLDS[profile](hours))
        await lab.run(hours * HOUR_S)

        await held(lab, unit, profile, hours)

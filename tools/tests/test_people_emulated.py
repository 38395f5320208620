"""A node that counts people on its emulated board, from walks whose truth is known."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from tools.bench.world.lab import Lab, Unit

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

BEAMS = {"people": {"chip": "beam_pair", "pin": 13, "pin_b": 14, "gap_mm": 300}}
QUARTER_S = 900
"""The lab's clock starts on the hour."""


def walks(first_s: int, last_s: int, each_s: float, seed: int) -> list[list[Any]]:
    """Somebody each so many seconds on average, 1.5 s apart at least, two thirds inwards."""
    draw = Random(seed)
    found: list[list[Any]] = []
    at = float(first_s)
    while at < last_s:
        speed = round(min(2200, max(600, draw.gauss(1340, 260))))
        found.append([round(at * 1e6), speed, "in" if draw.random() < 0.67 else "out"])
        at += 1.5 + draw.expovariate(1 / each_s)
    return found


def within(all_walks: list[list[Any]], first_s: int, last_s: int) -> tuple[int, int]:
    """(inbound, outbound) of an interval."""
    ways = [way for at_us, _, way in all_walks if first_s * 1e6 <= at_us < last_s * 1e6]
    return ways.count("in"), ways.count("out")


def closed(unit: Unit) -> list[dict[str, Any]]:
    """The readings that closed an interval, in order."""
    found = {one["seq"]: one for one in unit.readings(14) if not one["open"]}
    return [found[seq] for seq in sorted(found)]


async def test_a_node_counts_each_quarter_hour_and_goes_on_after_a_power_cut(lab: Lab):
    people = walks(60, 3 * QUARTER_S, 12, 4) + walks(4 * QUARTER_S + 300, 6 * QUARTER_S, 12, 5)
    unit = await lab.add(
        "people", sensors=BEAMS, usb=False, parts={"beam_pair": {"walks": people}}
    )
    await lab.run(3 * QUARTER_S + 120)

    first, second, third = closed(unit)
    assert [one["partial"] for one in (first, second, third)] == [1, 0, 0]
    for before, after, at in ((first, second, 1), (second, third, 2)):
        counted = after["inbound"] - before["inbound"], after["outbound"] - before["outbound"]
        true = within(people, at * QUARTER_S, (at + 1) * QUARTER_S)
        assert all(abs(n - m) <= 1 for n, m in zip(counted, true, strict=True)), (counted, true)
        assert sum(true) > 50
    assert 0 < third["hidden"] <= 4

    await unit.board.power(False)
    await lab.run(QUARTER_S)
    await unit.board.power(True)
    await lab.run(2 * QUARTER_S)

    hole, whole = closed(unit)[3:]
    assert (hole["partial"], whole["partial"]) == (1, 0)
    counted = whole["inbound"] - hole["inbound"], whole["outbound"] - hole["outbound"]
    true = within(people, 5 * QUARTER_S, 6 * QUARTER_S)
    assert all(abs(n - m) <= 1 for n, m in zip(counted, true, strict=True)), (counted, true)
    assert hole["inbound"] >= third["inbound"]
    assert (await unit.board.ledger())["resets"]["watchdog"] == 0


async def test_a_quarter_hour_without_sight_is_not_counted_and_one_without_people_is_0(lab: Lab):
    parts = {
        "beam_pair": {"blocked": [[0, "none"], [1_800_500_000, "inner"], [2_701_000_000, "none"]]}
    }
    unit = await lab.add("people", sensors=BEAMS, parts=parts)
    await lab.run(4 * QUARTER_S + 120)

    counts = [one["inbound"] for one in closed(unit)]
    assert counts == [0, 0, None, 0], closed(unit)
    assert [one["partial"] for one in closed(unit)] == [1, 0, 1, 0]

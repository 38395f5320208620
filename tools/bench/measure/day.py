"""Charge that a node of each profile takes in a day, by part, on a Pico with its default settings.

The ledger of an emulated board: CPU, radio, the profile's sensors; what a regulator or a lamp
takes is not in it. A bin and a counter sleep without USB, the others stay awake on mains. The
first hour, with the join, is left out. Years on a cell are calculated in `energy`, for boards that
sleep deep: a Pico takes 1.8 mA asleep.
"""

from __future__ import annotations

from typing import Any

from tools.bench.measure import Figure
from tools.bench.world.lab import Lab

LONG = True
HOUR_S, DAY_S = 3600, 86_400
HOUR_US = 3_600_000_000
BEAMS = {"people": {"chip": "beam_pair", "pin": 13, "pin_b": 14, "gap_mm": 300}}
BOARD_PARTS = ("rp2040", "sx1262")
HOURS = range(1, 27)
WORLDS: dict[str, dict[str, Any]] = {
    "bin": {
        "usb": False,
        "parts": {"a02yyuw": {"distance_mm": [[at * HOUR_US, 1100 - 20 * at] for at in HOURS]}},
    },
    "lamp": {
        "parts": {
            "bh1750": {"lux": [[at * HOUR_US, 2 if 2 <= at < 14 else 3000 + at] for at in HOURS]},
            "am312": {"motion": [[at * HOUR_US // 2, True] for at in range(2, 52)]},
        },
    },
    "counter": {
        "usb": False,
        "parts": {"am312": {"motion": [[at * HOUR_US // 10, True] for at in range(10, 260)]}},
    },
    "people": {
        "sensors": BEAMS,
        "parts": {
            "beam_pair": {
                "walks": [
                    [at * 60_000_000, 1300, "out" if at % 2 else "in"] for at in range(60, 1560)
                ]
            }
        },
    },
}
"""Somebody passes each 30 minutes, 6 minutes or minute; a night of 12 hours."""


async def measure() -> list[Figure]:
    """A line for each part, and their sum."""
    figures: list[Figure] = []
    for profile, world in WORLDS.items():
        async with Lab() as lab:
            unit = await lab.add(profile, **world)
            await lab.run(HOUR_S)
            before = charges(await unit.board.ledger(), profile)
            await lab.run(DAY_S)
            after = charges(await unit.board.ledger(), profile)
        day = {part: (after[part] - before.get(part, 0)) / 1000 for part in after}
        figures += [Figure(f"{profile}, a day: {part}", day[part], "mAh") for part in day]
        figures.append(Figure(f"{profile}, a day: in all", sum(day.values()), "mAh"))
    return figures


def charges(ledger: dict[str, Any], profile: str) -> dict[str, float]:
    """Microampere hours by part since the start, of chip, radio and what the profile reads."""
    counted = {*BOARD_PARTS, *WORLDS[profile]["parts"]}
    return {
        part: sum(state["microampere_hours"] for state in states.values())
        for part, states in ledger["energy"].items()
        if part in counted
    }

"""Wall seconds that a day of one node takes in virtual time, beside the limit of each profile."""

from __future__ import annotations

import time

from tools.bench.measure import Figure
from tools.bench.world.lab import Lab

LIMITS_S = {"bin": 45, "lamp": 90}
HOURS = 4


async def measure() -> list[Figure]:
    """Runs four hours of each and scales them to a day."""
    figures: list[Figure] = []
    for profile, limit in LIMITS_S.items():
        async with Lab() as lab:
            unit = await lab.add(profile, usb=False, report_s=600, sample_s=600)
            await lab.run(180, lambda unit=unit: bool(unit.of("up")))
            started = time.perf_counter()
            await lab.run(HOURS * 3600)
            wall = (time.perf_counter() - started) * 24 / HOURS
        name = f"{profile}: wall seconds per node-day"
        figures.append(Figure(name, wall, "s", limit, where="this machine"))
    return figures

"""Live heap with code, after a collection, at the end of each phase; and what a day leaves.

What a month leaves is in `hil_tests/test_weeks.py`, for each profile.

Source: `info --json` of each node, from MicroPython's own `gc` on the emulated board.
"""

from __future__ import annotations

from tools.bench.measure import Figure
from tools.bench.world.lab import Lab

PROFILES = ("bin", "lamp", "counter")
LIVE_KB, WHOLE_KB = 100, 40
DAY_S = 24 * 3600


async def measure() -> list[Figure]:
    """One day of each profile, console attached."""
    figures: list[Figure] = []
    for profile in PROFILES:
        async with Lab() as lab:
            unit = await lab.add(profile, report_s=600, sample_s=600)
            await lab.run(180, lambda unit=unit: len(unit.of("up")) >= 2)
            await lab.run(DAY_S)
            heap = (await lab.ask(unit, "info"))["heap"]
        peak, largest = heap["peak"] / 1000, heap["largest"] / 1000
        figures += [
            Figure(f"{profile}: live heap with code, highest phase", peak, "kB", LIVE_KB),
            Figure(
                f"{profile}: largest free block after 24 h", largest, "kB", WHOLE_KB, least=True
            ),
        ]
    return figures

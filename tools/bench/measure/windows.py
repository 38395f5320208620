"""Receive windows: the radio model's RX-on minus the planned instant, signed, while all else runs.

The planned instant follows from the radio's settings (symbols, spreading factor) and the
model's own end of transmission. The bin samples, keeps its journal and answers its console between
windows.
"""

from __future__ import annotations

import asyncio

from tools.bench.measure import Figure
from tools.bench.world.lab import Lab

WINDOWS = 1000
PERIOD_S = 60
ASK_EACH_S = 17.3
"""No multiple of the period, so that console commands fall into every phase of a report."""


async def measure() -> list[Figure]:
    """Runs two bins, each in a lab of its own, until a thousand windows were opened."""
    halves = await asyncio.gather(*(errors(seed, WINDOWS // 2) for seed in (1, 2)))
    found = [one for half in halves for one in half]
    late, early = max(found), min(found)
    return [
        Figure(f"RX window error of {len(found)}, largest", max(late, -early), "ms", 0.5),
        Figure("RX window error, latest", late, "ms"),
        Figure("RX window error, earliest", early, "ms"),
    ]


async def errors(seed: int, count: int) -> list[float]:
    """At least `count` errors in ms; positive is late."""
    found: list[float] = []
    async with Lab(seed=seed) as lab:
        unit = await lab.add("bin", usb=True, report_s=PERIOD_S, sample_s=10)
        await lab.run(120, lambda: bool(unit.of("up")))
        await unit.board.drain("sx1262")
        while len(found) < count:
            await unit.board.write(b"link --json\r\n")
            await lab.run(ASK_EACH_S)
            drained = await unit.board.drain("sx1262")
            found += [error_ms(one) for one in drained["windows"]]
    return found


def error_ms(window: dict[str, float]) -> float:
    """RX-on minus planned, ms; positive is late.

    A window starts at the delay (whole seconds), or earlier so that its middle falls on the fourth
    symbol of the preamble. Source: LoRaMac-node, RegionCommonComputeRxWindowParameters.
    """
    symbol_ns = 2 ** window["sf"] / window["bw_hz"] * 1e9
    offset_ns = min(4 * symbol_ns - window["symbols"] * symbol_ns / 2, 0)
    after_ns = window["rx_on_ns"] - window["tx_end_ns"] - offset_ns
    return (after_ns - round(after_ns / 1e9) * 1e9) / 1e6

"""Receive windows: the radio model's RX-on minus the planned instant, signed, while all else runs.

The planned instant follows from the radio's settings (symbols, spreading factor) and the
model's own end of transmission. The bin samples, keeps its journal and collects its heap between
windows; half of them open on a node that answers its console, half on one that is left alone and
sleeps where its board can.
"""

from __future__ import annotations

import asyncio

from tools.bench.measure import Figure
from tools.bench.world.lab import BOARD, Lab
from tools.bench.world.wiring import radio, wiring

BOARDS = (BOARD, "t_beam", "t3_v16")
"""One of each MCU, and of each radio."""
WINDOWS = 1000
PERIOD_S = 60
ASK_EACH_S = 17.3
"""No multiple of the period, so that console commands fall into every phase of a report."""
AIM_MS = 0.5


async def measure() -> list[Figure]:
    """Runs two bins of each board, each in a lab of its own, until 1000 windows were opened."""
    figures: list[Figure] = []
    for board in BOARDS:
        asked, alone = await asyncio.gather(
            errors(board, 1, WINDOWS // 2), errors(board, 2, WINDOWS // 2, asked=False)
        )
        figures += distribution(board, asked + alone)
    return figures


def distribution(board: str, found: list[float]) -> list[Figure]:
    """Largest error beside its aim, then the signed quantiles in ms; positive is late."""
    ordered = sorted(found)
    largest = max(ordered[-1], -ordered[0])
    figures = [Figure(f"{board}: RX window error of {len(found)}, largest", largest, "ms", AIM_MS)]
    for name, share in (("earliest", 0), ("p1", 0.01), ("p50", 0.5), ("p99", 0.99), ("latest", 1)):
        value = ordered[round(share * (len(ordered) - 1))]
        figures.append(Figure(f"{board}: RX window error, {name}", value, "ms"))
    return figures


async def errors(board: str, seed: int, count: int, *, asked: bool = True) -> list[float]:
    """At least `count` errors in ms; positive is late. asked: its console is used meanwhile."""
    found: list[float] = []
    chip = radio(wiring(board))
    async with Lab(seed=seed) as lab:
        unit = await lab.add("bin", board=board, usb=asked, report_s=PERIOD_S, sample_s=10)
        await lab.run(120, lambda: bool(unit.of("up")))
        await unit.board.drain(chip)
        while len(found) < count:
            if asked:
                await unit.board.write(b"link --json\r\n")
            await lab.run(ASK_EACH_S)
            drained = await unit.board.drain(chip)
            found += [error_ms(one) for one in drained["windows"] if not one["continuous"]]
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

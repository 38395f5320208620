"""Outages: the network goes away, comes back, and each node's time to its first frame is taken."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tools.bench.outage.air import Air
from tools.bench.outage.loop import now_us, run
from tools.bench.outage.unit import Unit

SETTLE_S = 2 * 3600
"""Before the outage: joined, rated by ADR, reporting."""
SPREAD_S = 900
"""The nodes of one run are started at random within this."""
PATIENCE_S = 3 * 86_400


@dataclass
class Result:
    """after_s: by node, from the return to its first uplink taken by the server, sorted.

    violations: what the regulator saw in the whole run.  attempts: Join-Requests from the start of
    the outage on, all nodes.  share: the fullest sub-band of the gateway, 1: all of its hour.
    """

    after_s: list[float]
    violations: list[str] = field(default_factory=list[str])
    attempts: int = 0
    share: float = 0.0

    def within(self, percent: int) -> float:
        """The time within which so many percent of the nodes were back, s."""
        return self.after_s[-(-len(self.after_s) * percent // 100) - 1]


def outage(
    hours: float, *, keeps: bool, need_sf: int = 7, nodes: int = 4, seeds: int = 5,
    profile: str = "bin", **settings: int,
) -> Result:  # fmt: skip
    """One outage of so many hours. keeps: whether the server still has the sessions after it.

    seeds: so many worlds of `nodes` nodes each.
    """
    whole = Result([])
    for seed in range(seeds):
        with tempfile.TemporaryDirectory(prefix="lamplighter-outage-") as folder:
            job = _outage(hours, keeps, need_sf, nodes, seed, profile, Path(folder), settings)
            one = run(job)
        whole.after_s = sorted(whole.after_s + one.after_s)
        whole.violations += one.violations
        whole.attempts += one.attempts
        whole.share = max(whole.share, one.share)
    return whole


async def _outage(  # noqa: PLR0917 - as in `outage`
    hours: float, keeps: bool, need_sf: int, nodes: int, seed: int, profile: str, folder: Path,
    settings: dict[str, int],
) -> Result:  # fmt: skip
    air, draw = Air(seed), Random(seed)  # noqa: S311 - a bench
    units = [
        Unit(air, number, folder, profile=profile, need_sf=need_sf, seed=seed, **settings)
        for number in range(nodes)
    ]
    for unit in units:
        asyncio.get_running_loop().call_later(draw.uniform(0, SPREAD_S), unit.start)
    await asyncio.sleep(SPREAD_S + SETTLE_S)
    air.reached = False
    if not keeps:
        air.forget_sessions()
    marks = [len(unit.sent) for unit in units]
    await asyncio.sleep(hours * 3600)
    air.reached = True
    after = await _first(air, units, now_us())
    requests = sum(
        frame.phy[0] == 0
        for unit, mark in zip(units, marks, strict=True)
        for frame in unit.sent[mark:]
    )
    share = air.spent_share()
    for unit in units:
        await unit.stop()
    violations = [text for unit in units for text in unit.watch.found]
    return Result(sorted(after), violations, requests, share)


async def _first(air: Air, units: list[Unit], from_us: int) -> list[float]:
    """Seconds from `from_us` to each node's first uplink that the server took."""
    seen: dict[str, float] = {}
    at = len(air.events)
    while len(seen) < len(units) and now_us() < from_us + PATIENCE_S * 1_000_000:
        await asyncio.sleep(10)
        for when_us, dev_eui, kind in air.events[at:]:
            if kind == "up":
                seen.setdefault(dev_eui, (when_us - from_us) / 1e6)
        at = len(air.events)
    return list(seen.values()) + [float("inf")] * (len(units) - len(seen))

"""A whole street: power returns for all of it at once, or its server forgets all sessions."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, cast

from node import defaults

from tools.bench.outage.air import Air
from tools.bench.outage.loop import now_us, run
from tools.bench.outage.unit import Unit

JITTER_S: int = cast("dict[str, Any]", defaults.DEFAULTS)["start_jitter_s"]
SPREAD_S = 900
QUARTER_S = 900
PATIENCE_S = 6 * 3600


@dataclass
class Start:
    """joined_s, reported_s: when the last node had joined, and its boot report was taken.

    joined: nodes that had joined after a quarter of an hour.  attempts: Join-Requests a node,
    mean.  violations: what the regulator saw.
    """

    joined_s: float
    joined: int
    reported_s: float
    attempts: float
    violations: list[str]


@dataclass
class Forgotten:
    """From the loss of the sessions, by node and sorted.

    noticed_s: to its next Join-Request.  back_s: to its next uplink that was taken.  answers:
    downlinks a node and hour before.  share: the fullest sub-band of the radio gateway's hour
    before, 1: all of it.
    """

    noticed_s: list[float]
    back_s: list[float]
    answers: float
    share: float
    violations: list[str]


def power_returns(
    nodes: int, need_sf: Sequence[int] = (7,), seed: int = 1, **settings: Any
) -> Start:
    """All nodes start at once, without a session. need_sf: shared out among them in turn."""
    with tempfile.TemporaryDirectory(prefix="lamplighter-street-") as folder:
        return run(_power_returns(nodes, need_sf, seed, Path(folder), settings))


async def _power_returns(
    nodes: int, need_sf: Sequence[int], seed: int, folder: Path, settings: dict[str, Any]
) -> Start:
    air, draw = Air(seed), Random(seed)  # noqa: S311 - a bench
    settings.setdefault("start_jitter_s", JITTER_S)
    units = [
        Unit(
            air, number, folder, need_sf=need_sf[number % len(need_sf)],
            margin_db=draw.uniform(0.5, 12), seed=seed, **settings,
        )
        for number in range(nodes)
    ]  # fmt: skip
    for unit in units:
        unit.start()
    reported: dict[str, float] = {}
    while len(reported) < nodes and now_us() < 2 * QUARTER_S * 1_000_000:
        await asyncio.sleep(1)
        for at_us, dev_eui, kind in air.events:
            if kind == "up":
                reported.setdefault(dev_eui, at_us / 1e6)
        air.events.clear()
    joined = [unit.joined_us[0] / 1e6 if unit.joined_us else float("inf") for unit in units]
    attempts = statistics.mean(sum(frame.phy[0] == 0 for frame in unit.sent) for unit in units)
    for unit in units:
        await unit.stop()
    violations = [text for unit in units for text in unit.watch.found]
    early = sum(at_s <= QUARTER_S for at_s in joined)
    return Start(max(joined), early, max(reported.values(), default=0.0), attempts, violations)


def server_forgets(
    nodes: int, need_sf: Sequence[int] = (7,), seed: int = 1, profile: str = "bin",
    **settings: Any,
) -> Forgotten:  # fmt: skip
    """After some hours of work the server has no session left; it is there all the time."""
    with tempfile.TemporaryDirectory(prefix="lamplighter-street-") as folder:
        return run(_server_forgets(nodes, need_sf, seed, profile, Path(folder), settings))


async def _server_forgets(  # noqa: PLR0917 - as in `server_forgets`
    nodes: int, need_sf: Sequence[int], seed: int, profile: str, folder: Path,
    settings: dict[str, Any],
) -> Forgotten:  # fmt: skip
    air, draw = Air(seed), Random(seed)  # noqa: S311 - a bench
    units = [
        Unit(
            air, number, folder, profile=profile, need_sf=need_sf[number % len(need_sf)],
            seed=seed, **settings,
        )
        for number in range(nodes)
    ]  # fmt: skip
    for unit in units:
        asyncio.get_running_loop().call_later(draw.uniform(0, SPREAD_S), unit.start)
    await asyncio.sleep(4 * 3600)
    before = air.sent
    await asyncio.sleep(2 * 3600 + draw.uniform(0, 3600))
    hours = (now_us() / 1e6 - 4 * 3600) / 3600
    answers = (air.sent - before) / nodes / hours
    share = air.spent_share()
    air.forget_sessions()
    from_us, mark = now_us(), len(air.events)
    back: dict[str, float] = {}
    while len(back) < nodes and now_us() < from_us + PATIENCE_S * 1_000_000:
        await asyncio.sleep(5)
        for at_us, dev_eui, kind in air.events[mark:]:
            if kind == "up":
                back.setdefault(dev_eui, (at_us - from_us) / 1e6)
        mark = len(air.events)
    noticed = [
        next(
            ((frame.start_us - from_us) / 1e6 for frame in unit.sent
             if frame.phy[0] == 0 and frame.start_us > from_us), float("inf"),
        )
        for unit in units
    ]  # fmt: skip
    for unit in units:
        await unit.stop()
    violations = [text for unit in units for text in unit.watch.found]
    return Forgotten(sorted(noticed), sorted(back.values()), answers, share, violations)

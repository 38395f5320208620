"""How soon nodes are back after an outage, and how a street joins: firmware in virtual time.

The link, journal and MAC run on CPython (tools/bench/outage) before the bench server's core. Each
row of the curve is the 95th percentile of 20 nodes, each in the outage of its own phase.
"""

from __future__ import annotations

import asyncio
import logging

from tools.bench.measure import Figure
from tools.bench.outage import campaign, street

HOURS = (1, 5, 14, 24, 72, 240)
LARGE_JITTER_S = 600
"""start_jitter_s of a street of hundreds: in 240 s, the default, the gateway refuses RX1 for each
Join-Accept that it sends in RX2 at SF12, 1.8 s, and 500 nodes need 7 attempts each."""
WHERE = "MAC on CPython"
KEPT_MIN = 10.5
"""A report period of 600 s, and the time of the frame itself."""


async def measure() -> list[Figure]:
    """The curve, the forgetful server, and the streets; the loops inside have their own time."""
    logging.getLogger("bench.network").setLevel(logging.ERROR)
    return await asyncio.to_thread(_figures)


def _figures() -> list[Figure]:
    figures: list[Figure] = []
    violations = 0
    for hours in HOURS:
        for keeps, need_sf in ((True, 7), (True, 12), (False, 7), (False, 9), (False, 12)):
            found = campaign.outage(hours, keeps=keeps, need_sf=need_sf)
            violations += len(found.violations)
            figures.append(_row(hours, need_sf, found.within(95) / 60, keeps=keeps))
    lamp = campaign.outage(24, keeps=True, profile="lamp", report_s=3600)
    violations += len(lamp.violations)
    figures.append(
        Figure(
            "24 h, session kept, lamp: first frame, p95",
            lamp.within(95) / 60,
            "min",
            15,
            where=WHERE,
        )
    )
    for found in (_forgotten("bin"), _forgotten("lamp")):
        figures += found
    figures += _streets()
    figures.append(Figure("duty and attempts: violations", violations, "", 0, where=WHERE))
    return figures


def _row(hours: int, need_sf: int, minutes: float, *, keeps: bool) -> Figure:
    if keeps:
        what = "session kept: first frame"
        aim = KEPT_MIN if need_sf < 12 else 15
    else:
        what = "session lost: back"
        aim = None if need_sf == 12 else (20 if hours <= 1 else 60)
    return Figure(f"{hours} h, SF{need_sf}, {what}, p95", minutes, "min", aim, where=WHERE)


def _forgotten(profile: str) -> list[Figure]:
    found = street.server_forgets(20, profile=profile)
    many = street.server_forgets(200, (7, 8), profile=profile)
    return [
        Figure(
            f"{profile}: forgotten session noticed, max",
            found.noticed_s[-1] / 60,
            "min",
            30,
            where=WHERE,
        ),
        Figure(f"{profile}: answers of a node and hour", found.answers, "", 4, where=WHERE),
        Figure(f"200 {profile}s: fullest sub-band of the gateway", many.share, "", 1, where=WHERE),
    ]


def _streets() -> list[Figure]:
    near = street.power_returns(200, (7, 8))
    large = street.power_returns(500, start_jitter_s=LARGE_JITTER_S)
    return [
        Figure(
            "200 nodes at SF7-8 get power: all joined", near.joined_s / 60, "min", 6, where=WHERE
        ),
        Figure("200 nodes: attempts of a node", near.attempts, "", 2, where=WHERE),
        Figure("200 nodes: all reported", near.reported_s / 60, "min", where=WHERE),
        Figure(
            "500 nodes at SF7, start_jitter_s 600: joined after 15 min",
            large.joined,
            "",
            500,
            least=True,
            where=WHERE,
        ),
        Figure("500 nodes: attempts of a node", large.attempts, "", 2, where=WHERE),
    ]

"""From a person in front of a lamp to the verified webhook, paced, by stage.

Stages: edge at the PIR's pin -> end of the frame at the radio gateway -> the backend has verified
the webhook. 0.2 s of the second stage are ChirpStack's deduplication delay.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from tools.bench.main_job.street import Street
from tools.bench.measure import Figure

PASSAGES = 8
PAUSE_S = 13
"""Longer than the boost that the last passage began, so that each passage changes the level."""
SETTLE_S = 65
"""A PIR is unreliable until it has warmed up. Source: AM312 product page, 30 to 60 s."""
SETTINGS = {"report_s": 3600, "boost_s": 8, "night_level": 30, "on_lux": 200, "off_lux": 400}


async def measure() -> list[Figure]:
    """Eight passages at night."""
    to_air: list[float] = []
    to_backend: list[float] = []
    with tempfile.TemporaryDirectory(prefix="lamplighter-latency-") as folder:
        street = Street(Path(folder), names=("lamp",), settings=SETTINGS, recorded=False)
        async with street, street.simulation.paced():
            await street.power_up()
            lamp = street.nodes["lamp"].board
            await lamp.set("bh1750", lux=1)
            await street.receiver.event("reading", 60)
            ends: list[float] = []
            street.simulation.on_received(lambda _: ends.append(time.monotonic()))
            await asyncio.sleep(SETTLE_S)
            for _ in range(PASSAGES):
                ends.clear()
                known = len(street.receiver.events)
                edge = time.monotonic()
                await lamp.set("am312", motion=True)
                await street.receiver.event("reading", 20, since=known)
                to_backend.append((time.monotonic() - ends[0]) * 1000)
                to_air.append((ends[0] - edge) * 1000)
                await asyncio.sleep(PAUSE_S)
    air, backend = statistics.median(to_air), statistics.median(to_backend)
    return [
        Figure(f"PIR edge to end of frame, p50 of {PASSAGES}", air, "ms"),
        Figure("end of frame to verified webhook, p50", backend, "ms"),
        Figure("PIR edge to verified webhook, p50", air + backend, "ms"),
    ]

"""The gateway under steady load: delay, memory, waits for the disk; takes minutes."""

from __future__ import annotations

import asyncio

from tools.bench.load import syncs
from tools.bench.load.process import rss_mb, written_bytes
from tools.bench.load.scene import gateway
from tools.bench.measure import Figure
from tools.bench.measure.gateway import BURST, HERE, wrong

LONG = True
"""Left out of a plain `make bench`."""
PACED_S = 10
FAST = 5000
FAST_MS = 25
WEBHOOKS = 5
SHARED = 2000
SHARED_MS = 50
BATCH = 100
BATCHED_PER_S = 25_000
MANY = 10_000
MANY_EACH = 2
MANY_MB = 150
SLOW = 20
SYNCS = 1.1
WAL_BYTES = 12_000
LEFT_S = 60.0


async def measure() -> list[Figure]:
    """Each row with a service of its own."""
    rows = (_fast, _shared, _batched, _many, _slow)
    return [figure for row in rows for figure in await row()]


async def _fast() -> list[Figure]:
    async with gateway() as (scene, _):
        run = await scene.run(FAST * PACED_S, rate=FAST, most_s=PACED_S + LEFT_S)
    return [
        Figure(f"at {FAST}/s: late, p50", run.late(0.5), "ms", where=HERE),
        Figure(f"at {FAST}/s: late, p99", run.late(0.99), "ms", FAST_MS, where=HERE),
        Figure(f"at {FAST}/s: CPU an uplink", run.cpu_us["service"], "us", where=HERE),
        wrong(f"at {FAST}/s", run),
    ]


async def _shared() -> list[Figure]:
    name = f"{WEBHOOKS} webhooks, {SHARED}/s"
    async with gateway(webhooks=WEBHOOKS) as (scene, _):
        run = await scene.run(SHARED * PACED_S, rate=SHARED, most_s=PACED_S + LEFT_S)
    return [
        Figure(f"{name}: late, p99", run.late(0.99), "ms", SHARED_MS, where=HERE),
        Figure(f"{name}: CPU an uplink", run.cpu_us["service"], "us", where=HERE),
        wrong(name, run),
    ]


async def _batched() -> list[Figure]:
    """A burst for one webhook that takes batches."""
    name = f"batches of {BATCH}, burst of {BURST}"
    async with gateway(batch=BATCH) as (scene, _):
        run = await scene.run(BURST, most_s=LEFT_S)
    return [
        Figure(f"{name}: uplinks/s", run.per_s, "/s", BATCHED_PER_S, least=True, where=HERE),
        Figure(f"{name}: CPU an uplink", run.cpu_us["service"], "us", where=HERE),
        wrong(name, run),
    ]


async def _many() -> list[Figure]:
    async with gateway(devices=MANY) as (scene, service):
        run = await scene.run(MANY * MANY_EACH, devices=MANY, most_s=LEFT_S)
        assert service.process
        used = rss_mb(service.process.pid)
    return [
        Figure(f"RSS with {MANY} devices", used, "MB", MANY_MB, where=HERE),
        wrong(f"{MANY} devices", run),
    ]


async def _slow() -> list[Figure]:
    """Waits for the disk where uplinks come one by one, and what each has the disk write."""
    count = SLOW * PACED_S
    async with gateway() as (scene, service):
        assert service.process
        pid = service.process.pid
        before = written_bytes(pid)
        run = await scene.run(count, rate=SLOW)
        written = (written_bytes(pid) - before) / count
        figures = [
            Figure(f"at {SLOW}/s: written an uplink", written, "B", WAL_BYTES, where=HERE),
            Figure(f"at {SLOW}/s: late, p99", run.late(0.99), "ms", where=HERE),
            wrong(f"at {SLOW}/s", run),
        ]
        async with syncs.counting(pid) as counted:
            await scene.run(count, rate=SLOW)
            await asyncio.sleep(1)
        each = counted.calls / count
        figures.append(Figure(f"at {SLOW}/s: fdatasync an uplink", each, "", SYNCS, where=HERE))
    return figures

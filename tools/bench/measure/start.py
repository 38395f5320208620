"""`make run`, warm: from the command to the first verified webhook, as a user sees it."""

from __future__ import annotations

import asyncio
import json
import sys
import time

from tools.bench.measure import Figure
from tools.setup.paths import ROOT, environment

STREET_S = 60


async def measure() -> list[Figure]:
    """Runs the street once with `--json` and reads the story."""
    started = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tools.bench.main_job", "--for", str(STREET_S), "--json",
        cwd=ROOT, env=environment(), stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout
    first = None
    async for line in process.stdout:
        fact = json.loads(line)
        if first is None and "at the backend, verified" in fact["what"]:
            first = time.perf_counter() - started
            process.terminate()
    await process.wait()
    if first is None:
        raise RuntimeError(f"no reading reached the backend within {STREET_S} s of street")
    return [Figure("make run, warm: first verified reading", first, "s", 20, where="this machine")]

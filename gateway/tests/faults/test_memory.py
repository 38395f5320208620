"""The service's memory does not grow with the events that go through it, nor with its devices.

Real: the process, mosquitto, HTTP, SQLite. 300 devices and 6000 events; with `--weeks`, as in
`make faults`, 10 000 devices and a million events, which takes minutes.
"""

import pytest

from tools.bench.load.process import rss_mb
from tools.bench.load.scene import gateway

pytestmark = [pytest.mark.slow, pytest.mark.faults]
MOST_MB = 150
FLAT_MB = 8
"""What the second half may add: as much as events that wait at the moment take."""
PARTS = 20


@pytest.mark.timeout(7200)
async def test_memory_is_flat_over_a_million_events_of_ten_thousand_devices(pytestconfig):
    weeks = pytestconfig.getoption("weeks")
    devices, events = (10_000, 1_000_000) if weeks else (300, 6_000)
    used_mb, wrong, missing = [], [], 0
    async with gateway(devices=devices) as (scene, _):
        for _ in range(PARTS):
            run = await scene.run(events // PARTS, devices=devices, most_s=600)
            used_mb.append(rss_mb(scene.service))
            wrong += run.wrong
            missing += run.missing
            print(f"{run.uplinks} at {run.per_s:.0f}/s, {used_mb[-1]:.1f} MB", flush=True)

    assert (missing, wrong) == (0, [])
    assert max(used_mb) < MOST_MB
    assert max(used_mb) - max(used_mb[: PARTS // 2]) < FLAT_MB

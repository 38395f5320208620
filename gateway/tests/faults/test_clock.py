"""The clock is an hour off, or set while the service runs: nothing is lost, doubled or held back.

Real: the process, mosquitto, HTTP, SQLite. Injected: what the process takes for the wall clock.
"""

import contextlib
import json
import time
from pathlib import Path

import pytest
from aiohttp import web

from gateway.tests.faults import backends
from gateway.tests.faults.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.faults]
HOUR_S = 3600
BACK_S = 10.0
"""Within this all that waited is delivered; its schedule is at 0.5 s by then."""


class Set:
    """The service's clock. by_s: seconds that it is ahead."""

    def __init__(self, scene, by_s=0):
        self._file = scene.service.folder / "offset"
        self.to(by_s)
        scene.service.program = (str(Path(__file__).with_name("serve_at.py")), str(self._file))

    def to(self, by_s):
        with self._file.open("r+b" if self._file.exists() else "wb") as file:
            file.write((by_s * 1_000_000_000).to_bytes(8, "big", signed=True))


class Backend:
    """Takes events, but answers 503 while `busy`. ahead_s: of each signed timestamp."""

    def __init__(self):
        self.busy = False
        self.failed = 0
        self.got: list[dict] = []
        self.ahead_s: list[float] = []

    async def post(self, request):
        event = json.loads(await request.read())
        if self.busy:
            self.failed += 1
            return web.Response(status=503)
        self.ahead_s.append(int(request.headers["webhook-timestamp"]) - time.time())
        self.got.append(event)
        return web.Response(status=204)

    def checked(self, stored):
        """Each event of the store once, those of a device in order."""
        assert sorted(one["id"] for one in self.got) == sorted(one["id"] for one in stored)
        for subject in {one["subject"] for one in stored}:
            numbers = [int(one["sequence"]) for one in self.got if one["subject"] == subject]
            assert numbers == sorted(numbers)


@contextlib.asynccontextmanager
async def serving(scene):
    """(backend, its webhook) of a service that has taken reading 0 of its first device."""
    backend = Backend()
    async with backends.listening(backend.post) as url:
        await scene.service.start()
        hook = await scene.subscribe(url)
        await scene.listening(scene.devices[0])
        yield backend, hook
        await scene.service.stop()


@pytest.mark.parametrize("by_s", [HOUR_S, -HOUR_S])
async def test_an_hour_off_then_set_right_every_event_arrives_once_and_in_its_time(scene, by_s):
    """Ahead and then set back, or behind and then set forward, while events wait for a retry."""
    clock = Set(scene, by_s)
    async with serving(scene) as (backend, hook):
        await scene.uplinks(scene.devices, range(1, 4))
        await scene.delivered(hook, 16)
        off_s = backend.ahead_s[-1] - by_s
        backend.busy = True
        await scene.uplinks(scene.devices, range(4, 7))
        await scene.stored(31)
        await until(lambda: backend.failed >= 8, 20)
        clock.to(0)
        backend.busy = False
        began = time.monotonic()
        totals = await scene.delivered(hook, 31)
        took_s = time.monotonic() - began

        backend.checked(await scene.stored(31))
    assert abs(off_s) < 60, "the clock was off"
    assert abs(backend.ahead_s[-1]) < 60, "the clock was set"
    assert took_s < BACK_S
    assert (totals["matched"], totals["pending"], totals["dead"]) == (31, 0, 0)

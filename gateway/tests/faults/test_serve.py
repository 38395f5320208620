"""The service as a process: killed, ended, crowded out.

Nothing accepted is lost: what the store holds is, event for event, what the backend verified.
"""

import asyncio
import contextlib
import json
import time

import aiohttp
import pytest
from aiohttp import web

from gateway.tests.faults import backends
from tools.bench.main_job.service import ServiceError

pytestmark = [pytest.mark.slow, pytest.mark.faults]


async def test_a_reading_arrives_verified(scene):
    await scene.service.start()
    await scene.subscribe()
    await scene.listening(scene.devices[0])

    event = await scene.receiver.event("reading", within_s=10, dev_eui=scene.devices[0])

    [stored] = await scene.stored(1)
    assert event == stored
    assert event["source"] == "lamplighter/street"
    assert scene.receiver.refused == []


async def test_killed_with_deliveries_under_way_nothing_is_lost_and_order_is_kept(scene):
    await scene.service.start()
    hook = await scene.subscribe()
    await scene.listening(scene.devices[0])
    scene.receiver.answer = 500
    await scene.uplinks(scene.devices, range(1, 41))
    count = len(scene.devices) * 40 + 1
    await scene.stored(count)
    scene.receiver.answer = 200

    for _ in range(4):
        await scene.service.kill()
        assert scene.service.process.returncode == -9
        arrived = len(scene.receiver.events)
        await scene.service.start()
        await scene.arrived(arrived + 30)
    totals = await scene.delivered(hook, count)

    readings = [one for one in scene.receiver.events if one["type"] == "lamplighter.reading.v1"]
    stored = await scene.stored(count)
    key = lambda event: event["id"]  # noqa: E731
    assert sorted(readings, key=key) == sorted(stored, key=key)
    assert (scene.receiver.unordered, scene.receiver.refused) == ([], [])
    assert len(scene.receiver.repeated) <= 4 * 8  # what was under way at each kill
    assert (totals["pending"], totals["dead"]) == (0, 0)


class Assassin:
    """A backend that takes an event and kills the service before that can note it."""

    def __init__(self, service, kills):
        self.service, self.kills = service, kills
        self.got = []
        self.killed = None
        self.came = asyncio.Event()
        self.at_once = asyncio.Event()
        self.at_once.set()

    async def events(self, request):
        body = await request.read()
        self.got.append((request.headers["webhook-id"], body))
        self.came.set()
        await self.at_once.wait()
        if self.kills and self.service.process is not self.killed:
            self.kills -= 1
            self.killed = self.service.process
            self.killed.kill()  # the 2xx is written into the socket of a dead process
        return web.Response(status=204)

    def listening(self):
        return backends.listening(self.events)


async def test_killed_between_the_2xx_and_its_mark_the_same_bytes_come_again(scene):
    await scene.service.start()
    backend = Assassin(scene.service, kills=3)
    async with backend.listening() as url:
        hook = await scene.subscribe(url)
        with contextlib.suppress(aiohttp.ClientError):
            await scene.listening(scene.devices[0])
        for _ in range(3):
            await asyncio.wait_for(scene.service.process.wait(), 10)
            with contextlib.suppress(ServiceError):  # it may die before it answers
                await scene.service.start()
        totals = await scene.delivered(hook, 1)

    [stored] = await scene.stored(1)
    assert [event_id for event_id, _ in backend.got] == [stored["id"]] * 4
    assert {body for _, body in backend.got} == {backend.got[0][1]}
    assert json.loads(backend.got[0][1]) == stored
    assert (totals["matched"], totals["delivered"]) == (1, 1)


async def test_killed_between_the_2xx_of_a_batch_and_its_marks_the_same_batch_comes_again(scene):
    """Though events of other devices wait by then, which could have gone with it."""
    await scene.service.start()
    backend = Assassin(scene.service, kills=0)
    some, others = scene.devices[::2], scene.devices[1::2]
    async with backend.listening() as url:
        hook = await scene.subscribe(url, batch=20)
        await scene.listening(scene.devices[0])
        await scene.delivered(hook, 1)
        backend.got.clear()
        for number in range(1, 4):
            backend.kills = 1
            backend.at_once.clear()
            backend.came.clear()
            await scene.uplinks(some, [number])
            await backend.came.wait()
            await scene.uplinks(others, [number])
            await scene.stored(number * len(scene.devices) + 1)
            backend.at_once.set()
            await asyncio.wait_for(scene.service.process.wait(), 10)
            await scene.service.start()
            await scene.delivered(hook, number * len(scene.devices) + 1)

    batches = {}
    for batch_id, body in backend.got:
        batches.setdefault(batch_id, []).append(body)
    stored = {one["id"] for one in await scene.stored(3 * len(scene.devices) + 1)}
    events = [[one["id"] for one in json.loads(bodies[0])] for bodies in batches.values()]
    sent = [one for batch in events for one in batch]
    assert max(map(len, events)) > 1
    assert len(backend.got) >= len(batches) + 3
    assert all(len(set(bodies)) == 1 for bodies in batches.values())
    assert len(sent) == len(set(sent)) == len(stored) - 1
    assert set(sent) < stored


async def test_sigterm_ends_it_at_once_and_in_peace(scene):
    await scene.service.start()
    started = time.monotonic()

    await scene.service.stop()

    assert scene.service.process.returncode == 0
    assert time.monotonic() - started < 3
    assert "Traceback" not in scene.service.log.read_text()


async def test_its_log_is_json_when_asked(scene):
    config = scene.service.config
    text = config.read_text().replace('log_level = "warning"', 'log_format = "json"')
    config.write_text(text)
    await scene.service.start()
    await scene.service.stop()

    logged = [json.loads(line) for line in scene.service.log.read_text().splitlines()]
    told = [(one["level"], one["event"]) for one in logged if one["logger"] == "gateway"]
    assert told == [("info", "serving"), ("info", "ending")]

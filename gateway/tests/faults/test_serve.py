"""The service as a process: killed, ended, crowded out; and backends that fail in every way.

Nothing accepted is lost: what the store holds is, event for event, what the backend verified.
"""

import asyncio
import contextlib
import json
import socket
import sys
import time

import aiohttp
import pytest
from aiohttp import web

from gateway.tests.faults import backends
from tools.bench.child import ended
from tools.bench.main_job.service import ROOT, ServiceError

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


@contextlib.asynccontextmanager
async def troublesome():
    """Backends that hang, drip, redirect, fail and close at once; {kind: URL}."""

    async def hang(_reader, writer):
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        writer.close()

    async def drip(_reader, writer):
        writer.write(b"HTTP/1.1 503 Busy\r\nContent-Length: 100000\r\n\r\n")
        with contextlib.suppress(OSError, asyncio.CancelledError):
            while True:
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.05)
        writer.close()

    async def cut(_reader, writer):
        writer.close()

    async def redirect(_request):
        raise web.HTTPFound("/followed")

    async def followed(_request):
        pytest.fail("a redirect was followed")

    app = web.Application()
    app.add_routes([web.post("/redirect", redirect), web.route("*", "/followed", followed)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    servers = [await asyncio.start_server(talk, "127.0.0.1", 0) for talk in (hang, drip, cut)]
    urls = [f"http://127.0.0.1:{one.sockets[0].getsockname()[1]}/" for one in servers]
    here = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield [*urls, f"{here}/redirect", f"{here}/nothing"]
    finally:
        for one in servers:
            one.close()
        await runner.cleanup()


async def test_backends_in_trouble_delay_no_other(scene):
    await scene.service.start()
    async with troublesome() as urls:
        bad = [await scene.subscribe(url) for url in urls]
        good = await scene.subscribe()
        await scene.listening(scene.devices[0])
        started = time.monotonic()
        await scene.uplinks(scene.devices, range(1, 21))

        await scene.delivered(good, 101)

        assert time.monotonic() - started < 5
        for hook in bad:
            totals = await scene.totals(hook)
            assert totals["matched"] == totals["pending"] == 101
        with contextlib.suppress(ServiceError):
            await scene.service.stop()
        assert scene.service.process.returncode == 0


async def test_a_backend_that_answered_500_gets_everything_when_it_is_back(scene):
    await scene.service.start()
    hook = await scene.subscribe()
    await scene.listening(scene.devices[0])
    scene.receiver.answer = 503
    await scene.uplinks(scene.devices, range(1, 11))
    await scene.stored(51)
    await asyncio.sleep(1)

    scene.receiver.answer = 200

    await scene.delivered(hook, 51)
    assert scene.receiver.unordered == []


async def test_a_backend_that_says_gone_is_left_alone(scene):
    await scene.service.start()
    hook = await scene.subscribe()
    scene.receiver.answer = 410
    await scene.listening(scene.devices[0])

    assert "410" in await scene.disabled(hook)
    scene.receiver.answer = 200
    await scene.service.request("POST", f"/v1/webhooks/{hook}/enable")

    await scene.delivered(hook, 1)


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


async def refusal(config, under=()):
    """(exit code, stderr) of a `serve` that ends by itself. under: the program that runs it."""
    process = await asyncio.create_subprocess_exec(
        *under, sys.executable, "-m", "gateway", "--config", str(config), "serve",
        cwd=ROOT, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    return await ended(process, 20)


async def test_a_port_in_use_is_said_in_one_sentence(scene):
    host, _, port = scene.service.bind.partition(":")
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind((host, int(port)))
        other.listen()

        code, err = await refusal(scene.service.config)

    assert code == 3
    assert f"`http.bind` {scene.service.bind} is used by another program" in err
    assert "Next: the operator edits the configuration." in err
    assert "Traceback" not in err


async def test_a_second_service_on_the_same_store_refuses_to_start(scene):
    await scene.service.start()

    code, err = await refusal(scene.service.config)

    assert (code, "another service runs on the store" in err) == (3, True)


async def test_a_broken_configuration_is_said_with_its_line(scene):
    scene.service.config.write_text('site = "x"\n[network\n')

    code, err = await refusal(scene.service.config)

    assert code == 3
    assert err.startswith(f"{scene.service.config}:2: ")

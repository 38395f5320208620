"""Backends that fail in every way: they delay no other, and get everything when they are well.

Real: the service, its connections, the backends' sockets. Each fault counts how often it fired.
"""

import asyncio
import contextlib
import time
from collections import Counter

import pytest
from aiohttp import web

from gateway.tests.faults.waiting import until
from tools.bench.load.process import rss_mb
from tools.bench.main_job.service import ServiceError

pytestmark = [pytest.mark.slow, pytest.mark.faults]
HELD_MB = 25
"""What backends in trouble may add to the service's memory; its first events are among it."""
POURED = 20_000_000
"""Of 10 GB."""


class Troublesome:
    """Backends that hang, drip, pour, cut, redirect and know no path.

    urls: by kind.  asked: requests, by kind.  longest_s: the longest that one was kept waiting.
    poured: most bytes that one reply got rid of.
    """

    def __init__(self):
        self.asked = Counter()
        self.longest_s = 0.0
        self.poured = 0

    @contextlib.asynccontextmanager
    async def listening(self):
        """While inside, `urls` is set."""
        app = web.Application()
        for kind in ("redirect", "followed", "nothing"):
            app.router.add_route("*", f"/{kind}", self._answer)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        raw = ("hang", "drip", "pour", "cut")
        servers = [await asyncio.start_server(self._raw(one), "127.0.0.1", 0) for one in raw]
        here = f"http://127.0.0.1:{runner.addresses[0][1]}"
        ports = [one.sockets[0].getsockname()[1] for one in servers]
        urls = {kind: f"http://127.0.0.1:{port}/" for kind, port in zip(raw, ports, strict=True)}
        self.urls = urls | {kind: f"{here}/{kind}" for kind in ("redirect", "nothing")}
        try:
            yield self
        finally:
            for one in servers:
                one.close()
            await runner.cleanup()

    async def _answer(self, request):
        kind = request.path.strip("/")
        self.asked[kind] += 1
        if kind == "redirect":
            raise web.HTTPFound("/followed")
        raise web.HTTPNotFound

    def _raw(self, kind):
        async def talk(reader, writer):
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await reader.readuntil(b"\r\n\r\n")
                self.asked[kind] += 1
                began = time.monotonic()
                try:
                    await getattr(self, f"_{kind}")(reader, writer)
                finally:
                    self.longest_s = max(self.longest_s, time.monotonic() - began)
            writer.close()

        return talk

    async def _hang(self, reader, _writer):
        while await reader.read(65536):
            pass

    async def _drip(self, _reader, writer):
        writer.write(b"HTTP/1.1 503 Busy\r\nContent-Length: 100000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    async def _pour(self, _reader, writer):
        writer.write(b"HTTP/1.1 503 Busy\r\nContent-Length: 10000000000\r\n\r\n")
        poured = 0
        while True:
            writer.write(bytes(65536))
            await writer.drain()
            poured += 65536
            self.poured = max(self.poured, poured)

    async def _cut(self, _reader, _writer):
        """It closes at once."""


async def test_backends_in_trouble_delay_no_other(scene):
    await scene.service.start()
    before_mb = rss_mb(scene.service.process.pid)
    async with Troublesome().listening() as trouble:
        bad = {kind: await scene.subscribe(url) for kind, url in trouble.urls.items()}
        good = await scene.subscribe()
        await scene.listening(scene.devices[0])
        started = time.monotonic()
        await scene.uplinks(scene.devices, range(1, 21))

        await scene.delivered(good, 101)

        assert time.monotonic() - started < 5
        for hook in bad.values():
            totals = await scene.totals(hook)
            assert totals["matched"] == totals["pending"] == 101
        assert rss_mb(scene.service.process.pid) - before_mb < HELD_MB
        with contextlib.suppress(ServiceError):
            await scene.service.stop()
        assert scene.service.process.returncode == 0
    assert bad.keys() == trouble.asked.keys(), "each was asked, a redirect was not followed"
    assert trouble.longest_s < 1.0 + 1.5, "`timeout_s`, and what a busy machine adds"
    assert 65536 <= trouble.poured < POURED, "what the kernel's buffers of a connection take"


async def test_a_backend_that_answered_500_gets_everything_when_it_is_back(scene):
    await scene.service.start()
    hook = await scene.subscribe()
    await scene.listening(scene.devices[0])
    scene.receiver.answer = 503
    await scene.uplinks(scene.devices, range(1, 11))
    await scene.stored(51)
    await until(lambda: scene.receiver.failed >= 2, 10)

    scene.receiver.answer = 200

    await scene.delivered(hook, 51)
    assert scene.receiver.failed >= 1
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


async def test_a_webhook_inside_the_network_is_never_connected_to(scene):
    """It was added while `allow_private` was set; a new one is refused at once."""
    config = scene.service.config
    connections = []
    server = await asyncio.start_server(lambda *_: connections.append(1), "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        hook = (await scene.service.cli("webhook", "add", url))["id"]
        config.write_text(config.read_text().replace("allow_private = true\n", ""))
        await scene.service.start()
        await scene.listening(scene.devices[0])

        path = f"/v1/webhooks/{hook}/deliveries"
        shown = await scene.shown(path, lambda found: found["deliveries"][0]["attempts"])
        with pytest.raises(ServiceError, match=r"422 .*private"):
            await scene.subscribe(url)

    assert "127.0.0.1 lies in a private" in shown["deliveries"][0]["note"]
    assert connections == []

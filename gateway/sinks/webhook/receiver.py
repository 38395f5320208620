"""A backend in this process, for the contract suite of sinks."""

import contextlib
import socket
from collections.abc import AsyncGenerator
from pathlib import Path

from aiohttp import web

from gateway.sinks import Receiver


@contextlib.asynccontextmanager
async def receiver(_folder: Path) -> AsyncGenerator[Receiver]:
    """A server that takes every event, and a port that refuses connections."""
    taken: list[bytes] = []

    async def take(request: web.Request) -> web.Response:
        taken.append(await request.read())
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/events", take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))  # bound but not listening
            yield Receiver(
                target=f"http://127.0.0.1:{runner.addresses[0][1]}/events",
                failing=f"http://127.0.0.1:{closed.getsockname()[1]}/",
                taken=lambda: list(taken),
            )
    finally:
        await runner.cleanup()

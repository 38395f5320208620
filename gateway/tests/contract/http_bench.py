"""The API on a port of its own, with a network server in this process."""

import contextlib

from aiohttp import web

from gateway.commands import Commands
from gateway.errors import Refused
from gateway.http.routes import ROUTES
from gateway.http.server import application
from gateway.networks.virtual import Network
from gateway.settings import CommandSettings
from gateway.usecases import Parts


def check_url(url):
    if "private" in url:
        raise Refused("that lies in a private net")


def made_parts(store):
    """The use cases' parts; their clock stands still."""
    network = Network()
    return Parts(
        store=store, network=network, commands=Commands(store, network, CommandSettings()),
        check_url=check_url, clock=lambda: 1_700_000_000_000,
    )  # fmt: skip


@contextlib.asynccontextmanager
async def served(parts, routes=ROUTES, shutdown_s=60.0):
    """The API, while inside; its base URL."""
    runner = web.AppRunner(application(parts, routes), shutdown_timeout=shutdown_s)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()

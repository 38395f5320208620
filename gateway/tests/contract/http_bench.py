"""The API on a port of its own, with a network server in this process."""

import contextlib
from pathlib import Path

from aiohttp import web

from gateway.codecs import Codecs
from gateway.commands import Commands
from gateway.http.routes import ROUTES
from gateway.http.server import application
from gateway.networks.virtual import Network
from gateway.settings import CommandSettings
from gateway.sinks import Surroundings, make
from gateway.usecases import Parts

SURROUNDINGS = Surroundings(
    clock=lambda: 1_700_000_000_000, timeout_s=5.0, allow_private=False, folder=Path("none")
)


def made_parts(store, folder=Path("none")):
    """The use cases' parts; their clock stands still. folder: of the codecs."""
    network = Network()
    return Parts(
        store=store, network=network, commands=Commands(store, network, CommandSettings()),
        sinks=make({}, SURROUNDINGS), clock=lambda: 1_700_000_000_000,
        codecs=Codecs(folder / "codecs"), public=True,
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

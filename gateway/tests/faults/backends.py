"""A backend in the process of the test, for what `Receiver` does not do."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable

from aiohttp import web


@contextlib.asynccontextmanager
async def listening(
    post: Callable[[web.Request], Awaitable[web.StreamResponse]],
) -> AsyncGenerator[str]:
    """Its address; what is posted there goes to `post`."""
    app = web.Application()
    app.router.add_post("/", post)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def taking(protocol: Callable[[], asyncio.Protocol]) -> AsyncGenerator[str]:
    """The address of a `tools.bench.load.receiver.Backend`, which takes more in a second."""
    loop = asyncio.get_running_loop()
    async with await loop.create_server(protocol, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"

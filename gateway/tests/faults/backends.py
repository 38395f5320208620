"""A backend in the process of the test, for what `Receiver` does not do."""

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

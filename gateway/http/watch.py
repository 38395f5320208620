"""What watches the service, beside the API: `/healthz`, `/readyz` and `/metrics`.

`/healthz` and `/readyz` are open to all and say nothing but that; `/v1/health` says what is wrong.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from gateway.errors import Broken, Retry
from gateway.http import metrics
from gateway.http.auth import authorize
from gateway.usecases import Parts

FRESH_S = 1.0
"""Scrapes within this time of another get its answer."""

_Answer = Callable[[web.Request], Awaitable[web.Response]]


def mount(app: web.Application, parts: Parts) -> None:
    """Add the three paths, and count what the application answers."""
    answers: Counter[str] = Counter()
    scrapes = _Scrapes(parts, answers)
    app.middlewares.insert(0, _counting(answers))
    app.router.add_get("/healthz", _alive)
    app.router.add_get("/readyz", _ready(parts))
    app.router.add_get("/metrics", scrapes.answer)


def _counting(answers: Counter[str]) -> Middleware:
    @web.middleware
    async def count(request: web.Request, handler: Handler) -> web.StreamResponse:
        response = await handler(request)
        answers[f"{response.status // 100}xx"] += 1
        return response

    return count


async def _alive(_request: web.Request) -> web.Response:
    """The event loop runs: restarting the process would not help."""
    return web.Response(text="ok\n")


def _ready(parts: Parts) -> _Answer:
    async def ready(_request: web.Request) -> web.Response:
        """The store answers, so requests can be served, also while the broker is away."""
        try:
            await parts.store.read(lambda view: view.last_cursor())
        except (Retry, Broken):
            return web.Response(text="the store does not answer\n", status=503)
        if parts.store.troubles():
            return web.Response(text="the store is in trouble: see /v1/health\n", status=503)
        return web.Response(text="ok\n")

    return ready


class _Scrapes:
    """The answers to Prometheus; many at once cost as much as one."""

    def __init__(self, parts: Parts, answers: Counter[str]) -> None:
        self._parts = parts
        self._answers = answers
        self._lock = asyncio.Lock()
        self._text = ""
        self._until_s = 0.0

    async def answer(self, request: web.Request) -> web.Response:
        """The metrics, for a key that may read."""
        header = request.headers.get("Authorization", "")
        await authorize(self._parts.store, header, "read")
        loop = asyncio.get_running_loop()
        async with self._lock:
            if loop.time() >= self._until_s:
                facts = await metrics.facts_of(self._parts, self._answers)
                self._text = metrics.text(facts)
                self._until_s = loop.time() + FRESH_S
        return web.Response(body=self._text.encode(), headers={"Content-Type": metrics.CONTENT})

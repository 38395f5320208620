"""CPU that a webhook costs the gateway: its own poster beside aiohttp and beside bare connections.

The backend is another process and answers 204; so what is counted is the sender's side alone,
on loopback, with eight requests under way. A bare connection sends the same bytes and waits for
any answer: less is not possible with asyncio. All are measured in turn and the least is taken, as
another program on the machine can only add to it.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from typing import cast

import aiohttp
from yarl import URL

from gateway.clock import wall_ms
from gateway.model import Delivery, Endpoint
from gateway.sinks import Surroundings, make
from gateway.sinks.webhook.request import ONE, Target
from tools.bench.measure import Figure

COUNT = 4000
WIDTH = 8
ROUNDS = 5
BODY = b'{"id":"evt_1","data":"' + b"x" * 580 + b'"}'
"""As long as the event of a reading."""
EVENT = Delivery(endpoint_id="wh_1", cursor=1, event_id="evt_1", type="t", subject="s", body=BODY)
SECRET = "whsec_" + "c2Vj" * 8
BACKEND = """
import asyncio

class Backend(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.missing = transport, b""
    def data_received(self, data):
        self.missing += data
        head, found, body = self.missing.partition(b"\\r\\n\\r\\n")
        length = head.lower().partition(b"content-length: ")[2].split(b"\\r\\n")[0]
        if found and len(body) >= int(length):
            self.missing = b""
            self.transport.write(b"HTTP/1.1 204 No Content\\r\\n\\r\\n")

async def main():
    server = await asyncio.get_running_loop().create_server(Backend, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
"""
Post = Callable[[], Awaitable[None]]


async def measure() -> list[Figure]:
    """Both posters, and their ratio."""
    around = Surroundings(clock=wall_ms, timeout_s=15.0, allow_private=True, folder=Path())
    async with _backend() as url, make({}, around) as sinks, aiohttp.ClientSession() as session:
        endpoint = Endpoint(id="wh_1", url=url, secret=SECRET)

        async def own() -> None:
            await sinks.deliver(endpoint, [EVENT])

        async def by_aiohttp() -> None:
            headers = {"webhook-id": "evt_1", "content-type": "application/json"}
            async with session.post(url, data=BODY, headers=headers) as reply:
                await reply.read()

        async with _bare(url) as floor:
            posts = (own, by_aiohttp, floor)
            rounds = [[await _cpu_us(post) for post in posts] for _ in range(ROUNDS)]
    own_us, aiohttp_us, floor_us = map(min, zip(*rounds, strict=True))
    place = "this machine"
    return [
        Figure("webhook: CPU a signed POST", own_us, "us", where=place),
        Figure("webhook: CPU an unsigned POST by aiohttp", aiohttp_us, "us", where=place),
        Figure("webhook: CPU of the same bytes, bare", floor_us, "us", where=place),
        Figure("webhook: signed POST by aiohttp's", own_us / aiohttp_us, "", 0.45, where=place),
        Figure("webhook: signed POST by bare", own_us / floor_us, "", 2, where=place),
    ]


async def _cpu_us(post: Post) -> float:
    """CPU of this process by request, us."""
    numbers = iter(range(COUNT))

    async def line() -> None:
        for _ in numbers:
            await post()

    began = time.process_time()
    await asyncio.gather(*(line() for _ in range(WIDTH)))
    return (time.process_time() - began) / COUNT * 1e6


class _Bare(asyncio.Protocol):
    """Any bytes are an answer."""

    waiter: asyncio.Future[None]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:  # noqa: ARG002 - any bytes
        self.waiter.set_result(None)


@contextlib.asynccontextmanager
async def _bare(url: str) -> AsyncGenerator[Post]:
    """Posts over connections that do nothing else."""
    loop = asyncio.get_running_loop()
    endpoint = Endpoint(id="wh_1", url=url, secret=SECRET)
    request = Target(endpoint).request(ONE, "evt_1", BODY, 1_700_000_000)
    port = URL(url).port or 0
    free = [(await loop.create_connection(_Bare, "127.0.0.1", port))[1] for _ in range(WIDTH)]

    async def post() -> None:
        one = free.pop()
        one.waiter = loop.create_future()
        one.transport.write(request)
        await one.waiter
        free.append(one)

    try:
        yield post
    finally:
        for one in free:
            one.transport.abort()


@contextlib.asynccontextmanager
async def _backend() -> AsyncGenerator[str]:
    """A backend in a process of its own; its URL."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", BACKEND, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    try:
        port = int(await process.stdout.readline())
        yield f"http://127.0.0.1:{port}/events"
    finally:
        process.kill()
        await process.wait()

"""The port of the REST API: bind it, or find out who has it."""

import asyncio
import contextlib
import errno
from collections.abc import AsyncGenerator

import aiohttp
import msgspec
from aiohttp import web

from gateway.errors import ConfigError


class _Health(msgspec.Struct):
    """What `check` reads of `/v1/health`."""

    troubles: list[str] = []


STOP_S = 3.0
"""How long requests in progress may take to finish when the service ends."""
ANSWER_S = 1.0
"""How long `check` waits for a service on the port to answer."""


def address(bind: str) -> tuple[str, int]:
    """(host, port) of `host:port` or `[v6]:port`. Raises ConfigError."""
    host, _, port = bind.rpartition(":")
    host = host.strip("[]")
    if not host or not port.isdigit() or int(port) > 65535:
        raise ConfigError(f"`http.bind` is {bind!r}; expected host:port, as 127.0.0.1:8090")
    return host, int(port)


@contextlib.asynccontextmanager
async def listening(bind: str, application: web.Application) -> AsyncGenerator[None]:
    """Serve an application on the port, while inside. Raises ConfigError when it cannot bind."""
    host, port = address(bind)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=STOP_S)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        await runner.cleanup()
        raise ConfigError(_refusal(bind, error)) from error
    try:
        yield
    finally:
        await runner.cleanup()


async def check_port(bind: str) -> list[str]:
    """Whether our service answers on the port or could bind it.

    Raises ConfigError when another program has it.
    """
    host, port = address(bind)
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_S)) as session,
            session.get(f"http://{bind}/v1/health") as answer,
        ):
            ours = answer.status in {200, 503} and answer.content_type == "application/json"
            troubles = _troubles(await answer.read())
    except aiohttp.ClientConnectorError:
        return [await _try_binding(bind, host, port)]
    except (aiohttp.ClientError, TimeoutError):
        ours = False
        troubles = []
    if not ours:
        raise ConfigError(_refusal(bind, OSError(errno.EADDRINUSE, "")))
    if troubles:
        raise ConfigError(f"the service at http://{bind} says: {'; '.join(troubles)}")
    return [f"the service answers at http://{bind}"]


def _troubles(body: bytes) -> list[str]:
    """What a service says in its health; empty where it says nothing."""
    try:
        return msgspec.json.decode(body, type=_Health).troubles
    except msgspec.DecodeError:
        return []


async def _try_binding(bind: str, host: str, port: int) -> str:
    try:
        server = await asyncio.get_running_loop().create_server(asyncio.Protocol, host, port)
    except OSError as error:
        raise ConfigError(_refusal(bind, error)) from None
    server.close()
    return f"the service does not run; {bind} is free for it"


def _refusal(bind: str, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"`http.bind` {bind} is used by another program: end that, or choose another port"
    return f"`http.bind` {bind} cannot be opened: {error.strerror or error}"

"""The port of the REST API: bind it, or find out who has it."""

import asyncio
import contextlib
import errno
from collections.abc import AsyncGenerator

import aiohttp
import msgspec
from aiohttp import web

from gateway.errors import ConfigError, Problem


class _Health(msgspec.Struct):
    """What `check` reads of `/v1/health`."""

    status: str
    version: str
    troubles: list[str] = []


_health = msgspec.json.Decoder(_Health).decode
_problem = msgspec.json.Decoder(Problem).decode
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


async def check_port(bind: str, *, running: bool | None = None) -> list[str]:
    """Whether our service answers on the port or could bind it.

    running: whether a service holds the store; None: unknown. Raises ConfigError when another
    program has the port, or the service of another configuration.
    """
    host, port = address(bind)
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_S)) as session,
            session.get(f"http://{bind}/v1/health") as answer,
        ):
            troubles = _troubles(await answer.read(), answer.status)
    except aiohttp.ClientConnectorError:
        return [await _try_binding(bind, host, port, running=running)]
    except (aiohttp.ClientError, TimeoutError, msgspec.DecodeError):
        raise ConfigError(_refusal(bind, OSError(errno.EADDRINUSE, ""))) from None
    if running is False:
        raise ConfigError(
            f"`http.bind` {bind} is used by the service of another configuration: end that, or "
            "choose another port"
        )
    if troubles:
        raise ConfigError(f"the service at http://{bind} says: {'; '.join(troubles)}")
    return [f"the service answers at http://{bind}"]


def _troubles(body: bytes, status: int) -> list[str]:
    """What our service says in its health. Raises msgspec.DecodeError for any other's."""
    if status == 503:
        return [_problem(body).error]
    return _health(body).troubles


async def _try_binding(bind: str, host: str, port: int, *, running: bool | None) -> str:
    try:
        server = await asyncio.get_running_loop().create_server(asyncio.Protocol, host, port)
    except OSError as error:
        raise ConfigError(_refusal(bind, error)) from None
    server.close()
    if running:
        raise ConfigError(
            f"the service of this store runs, but not at `http.bind` {bind}: restart it, so that "
            "it takes this configuration"
        )
    return f"the service does not run; {bind} is free for it"


def _refusal(bind: str, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"`http.bind` {bind} is used by another program: end that, or choose another port"
    return f"`http.bind` {bind} cannot be opened: {error.strerror or error}"

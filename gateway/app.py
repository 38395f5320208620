"""The composition root: makes the objects from the Settings and runs them until told to end.

The only file that knows every part. `lamplighter serve` runs `serve`; the other commands of the
CLI take single parts from here.
"""

import asyncio
import contextlib
import errno
import fcntl
import functools
import signal
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from pathlib import Path

import aiohttp
import structlog
from aiohttp import web

from gateway import networks, registry
from gateway.clock import wall_ms
from gateway.commands import Commands
from gateway.delivery import Deliverer, Schedule
from gateway.errors import ConfigError, GatewayError
from gateway.http.server import address, application
from gateway.ingest import Ingest
from gateway.networks import Network
from gateway.settings import Settings
from gateway.sinks import webhook
from gateway.sinks.addresses import check_url
from gateway.store import Store
from gateway.store.sqlite import Store as SqliteStore
from gateway.threads import Threads
from gateway.usecases import Parts

STOP_S = 3.0
"""What requests under way get to finish when the service ends."""
ANSWER_S = 1.0
"""What a service on our port gets to say that it is ours."""

log = structlog.get_logger("gateway")


def open_store(settings: Settings) -> Store:
    """The store of the settings; an async context manager, open inside."""
    source = f"lamplighter/{settings.site}"
    if settings.store.kind == "memory":
        return SqliteStore(source=source)
    with contextlib.suppress(OSError):  # the store says what is wrong with its path
        _store_path(settings).touch(mode=0o600)  # it holds the secrets of the webhooks
    return SqliteStore(_store_path(settings), source)


def open_network(settings: Settings) -> Network:
    """The network server of the settings.

    An async context manager that listens to the broker inside. Commands of the CLI must not enter
    it: they would take the broker's session from the service that runs.
    """
    kind = type(settings.network).__module__.split(".")[2]  # gateway.networks.<kind>
    return registry.find(networks, kind, "network").Network(settings.network)


@contextlib.asynccontextmanager
async def open_parts(settings: Settings) -> AsyncGenerator[Parts]:
    """What the use cases work with, for one command of the CLI; the network is not entered."""
    network = open_network(settings)
    async with open_store(settings) as store:
        yield _parts(settings, store, network, Commands(store, network, settings.commands))


def _parts(settings: Settings, store: Store, network: Network, commands: Commands) -> Parts:
    return Parts(
        store=store,
        network=network,
        commands=commands,
        check_url=functools.partial(check_url, allow_private=settings.delivery.allow_private),
    )


def _store_path(settings: Settings) -> Path:
    return Path(settings.folder) / settings.store.path


async def serve(settings: Settings) -> None:
    """Run the gateway until SIGTERM or SIGINT.

    Raises ConfigError when the port or the store is in another's use, Broken when the machine
    does not keep what it was given.
    """
    loop = asyncio.get_running_loop()
    loop.set_default_executor(Threads())
    ending = asyncio.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(one, ending.set)
    try:
        with _alone(settings):
            await _run(settings, ending)
    except BaseExceptionGroup as group:
        raise _first(group) from group


async def _run(settings: Settings, ending: asyncio.Event) -> None:
    """Everything at once, until `ending` or until one part fails."""
    async with contextlib.AsyncExitStack() as stack:
        store = await stack.enter_async_context(open_store(settings))
        network = await stack.enter_async_context(open_network(settings))
        of = settings.delivery
        sink = await stack.enter_async_context(
            webhook.open_sink(wall_ms, of.timeout_s, allow_private=of.allow_private)
        )
        commands = Commands(store, network, settings.commands)
        ingest = Ingest(store, network, settings.commands)
        deliverer = Deliverer(store, sink, schedule=Schedule(of.schedule_s), parallel=of.parallel)
        parts = _parts(settings, store, network, commands)
        await stack.enter_async_context(_listening(settings, parts))
        log.info("serving", site=settings.site, http=settings.http.bind)
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(one.run()) for one in (ingest, commands, deliverer)]
            await ending.wait()
            log.info("ending")
            for one in running:
                one.cancel()


@contextlib.asynccontextmanager
async def _listening(settings: Settings, parts: Parts) -> AsyncGenerator[None]:
    """The REST API on its port, while inside. Raises ConfigError when it cannot have the port."""
    host, port = address(settings.http.bind)
    runner = web.AppRunner(application(parts), access_log=None, shutdown_timeout=STOP_S)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        await runner.cleanup()
        raise ConfigError(_no_port(settings.http.bind, error)) from error
    try:
        yield
    finally:
        await runner.cleanup()


def _no_port(bind: str, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"`http.bind` {bind} is used by another program: end that, or choose another port"
    return f"`http.bind` {bind} cannot be opened: {error.strerror or error}"


@contextlib.contextmanager
def _alone(settings: Settings) -> Generator[None]:
    """Hold the store's lock, while inside: two services on one store would deliver twice.

    Raises ConfigError when another one runs. The lock ends with the process, however it ends.
    """
    if settings.store.kind == "memory":
        yield
        return
    path = _store_path(settings).with_suffix(".lock")
    try:
        lock = path.open("w")
    except OSError as error:
        raise ConfigError(f"`store.path`: {path} cannot be written: {error.strerror}") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            said = f"another service runs on the store {_store_path(settings)}: end it first"
            raise ConfigError(said) from None
        yield


def _first(group: BaseExceptionGroup) -> BaseException:
    """The cause: an error of ours before any other, for it tells who acts next."""
    ours, others = group.split(GatewayError)
    found: BaseException = ours or others or group
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    return found


def trials(settings: Settings) -> dict[str, Callable[[], Awaitable[list[str]]]]:
    """What `lamplighter check` tries: {what: trial}; each gives lines, or raises what is wrong."""

    async def store() -> list[str]:
        async with open_store(settings) as opened:
            cursor = await opened.read(lambda view: view.last_cursor())
            await opened.write(lambda _tx: None)
            return [f"keeps {cursor} events"]

    return {
        "store": store,
        "http": lambda: _try_port(settings.http.bind),
        "network": open_network(settings).check,
    }


async def _try_port(bind: str) -> list[str]:
    """Whether the service answers there, or could. Raises ConfigError when another does."""
    host, port = address(bind)
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_S)) as session,
            session.get(f"http://{bind}/v1/health") as answer,
        ):
            ours = answer.status in {200, 503} and answer.content_type == "application/json"
    except aiohttp.ClientConnectorError:
        return [await _try_binding(bind, host, port)]
    except (aiohttp.ClientError, TimeoutError):
        ours = False
    if not ours:
        raise ConfigError(_no_port(bind, OSError(errno.EADDRINUSE, "")))
    return [f"the service answers at http://{bind}"]


async def _try_binding(bind: str, host: str, port: int) -> str:
    try:
        server = await asyncio.get_running_loop().create_server(asyncio.Protocol, host, port)
    except OSError as error:
        raise ConfigError(_no_port(bind, error)) from None
    server.close()
    return f"the service does not run; {bind} is free for it"

"""The composition root: makes the objects from the Settings and runs them until a signal.

The only file that knows every part. `lamplighter serve` runs `serve`; the other commands of the
CLI take their Parts from here.
"""

import asyncio
import contextlib
import fcntl
import os
import secrets
import signal
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator, Sequence
from pathlib import Path
from typing import Any, cast

import structlog
from aiohttp import web

from gateway import audit, backups, devices, networks, promises, registry, simulation, sinks
from gateway.absences import Absences
from gateway.backups import Manifest, Restored
from gateway.batches import Batches
from gateway.bulks import Bulks
from gateway.clock import wall_ms
from gateway.codecs import Codecs
from gateway.commands import Commands
from gateway.daily import Schedules
from gateway.delivery import Deliverer, Worker
from gateway.errors import ConfigError, GatewayError, Refused, Unknown
from gateway.events import counted
from gateway.http.page import Page
from gateway.http.port import check_port, listening
from gateway.http.server import application
from gateway.ingest import Ingest
from gateway.leading import LEASE_S, Leader
from gateway.networks import Network
from gateway.retention import Retention, file_growth
from gateway.schedule import Schedule
from gateway.settings import Settings
from gateway.simulation.frames import frames
from gateway.sinks import Outlet, Sinks, Surroundings
from gateway.standing import Standing
from gateway.store import Store
from gateway.store.sqlite import Store as SqliteStore
from gateway.systemd import Systemd
from gateway.threads import Threads
from gateway.usecases import Parts

log = structlog.get_logger("gateway")
Loops = Sequence[Coroutine[Any, Any, None]]


def open_store(settings: Settings) -> Store:
    """The configured store: an async context manager, open inside."""
    source = f"lamplighter/{settings.site}"
    if settings.store.kind == "memory":
        return SqliteStore(source=source)
    if settings.store.kind == "postgresql":
        return _postgresql(settings.store.url, source)
    with contextlib.suppress(OSError):  # the store itself reports a bad path
        _store_path(settings).touch(mode=0o600)  # it holds the secrets of the webhooks
    return SqliteStore(_store_path(settings), source)


def _postgresql(url: str, source: str) -> Store:
    try:
        from gateway.store.postgresql import Store as PostgresqlStore
    except ImportError as error:
        raise ConfigError(
            "`store.kind`: PostgreSQL needs its driver: `pip install 'lamplighter[postgresql]'` "
            f"({error})"
        ) from None
    return PostgresqlStore(url, source)


def open_network(settings: Settings) -> Network:
    """The configured network server: an async context manager, subscribed inside.

    Commands of the CLI must not enter it: a second connection with the same client id takes over
    the session of the running service (MQTT 5.0, 3.1.4).
    """
    return registry.find(networks, _kind(settings), "network").Network(settings.network)


def made_sinks(settings: Settings) -> Sinks:
    """The sinks of every kind: an async context manager, able to deliver inside."""
    surroundings = Surroundings(
        clock=wall_ms,
        timeout_s=settings.delivery.timeout_s,
        allow_private=settings.delivery.allow_private,
        folder=Path(settings.folder),
    )
    return sinks.make(settings.sinks, surroundings)


@contextlib.asynccontextmanager
async def open_parts(settings: Settings) -> AsyncGenerator[Parts]:
    """The Parts for one command of the CLI; the network is not entered."""
    network = open_network(settings)
    async with open_store(settings) as store:
        parts = _parts(settings, store, network, Commands(store, network, settings.commands))
        with contextlib.closing(parts.codecs):
            yield parts


def _parts(settings: Settings, store: Store, network: Network, commands: Commands) -> Parts:
    codecs = Codecs(Path(settings.folder) / "codecs")
    devices.more["js"] = codecs.find
    return Parts(
        store=store,
        network=network,
        commands=commands,
        sinks=made_sinks(settings),
        codecs=codecs,
        network_kind=_kind(settings),
        public=settings.http.public,
    )


def _file(settings: Settings) -> Path | None:
    """The file of the store, where it is one."""
    return _store_path(settings) if settings.store.kind == "sqlite" else None


def _store_path(settings: Settings) -> Path:
    return Path(settings.folder) / settings.store.path


async def serve(settings: Settings) -> None:
    """Run the gateway until SIGTERM or SIGINT.

    Raises ConfigError when another program has the port or the store, Broken when the machine no
    longer stores data reliably.
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
    """All parts concurrently, until `ending` is set or one of them fails."""
    async with contextlib.AsyncExitStack() as stack:
        store = await stack.enter_async_context(open_store(settings))
        sink = await stack.enter_async_context(made_sinks(settings))
        outlet = await stack.enter_async_context(Batches(sink, store))
        if settings.store.kind == "postgresql":
            parts, loops = _shared(settings, store, outlet)
        else:
            network = await stack.enter_async_context(open_network(settings))
            parts, loops = _sole(settings, store, network, outlet)
        stack.enter_context(contextlib.closing(parts.codecs))
        await stack.enter_async_context(
            listening(settings.http.bind, _application(settings, parts))
        )
        systemd = Systemd(os.environ)
        systemd.ready()
        log.info("serving", site=settings.site, http=settings.http.bind)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one) for one in (*loops, systemd.live())]
            await ending.wait()
            log.info("ending")
            systemd.ending()
            for one in tasks:
                one.cancel()


def _application(settings: Settings, parts: Parts) -> web.Application:
    of = settings.http
    basemap = Path(settings.folder) / of.basemap if of.basemap else None
    return application(parts, page=Page(basemap=basemap, plain_login=of.plain_login))


def _sole(
    settings: Settings, store: Store, network: Network, outlet: Outlet
) -> tuple[Parts, Loops]:
    """The only service at its store: it does everything itself."""
    commands = Commands(store, network, settings.commands)
    loops = _leading(settings, store, network, commands)
    parts = _parts(settings, store, network, commands)
    return parts, [*loops, _deliverer(settings, store, outlet).run()]


def _shared(settings: Settings, store: Store, outlet: Outlet) -> tuple[Parts, Loops]:
    """One of several services at a store: each delivers and answers, one of them leads.

    The network of its Parts is not entered: see `open_network`.
    """
    name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
    network = Standing(open_network(settings))

    async def lead(fenced: Store) -> None:
        async with open_network(settings) as entered:
            with network.led_by(entered):
                commands = Commands(fenced, entered, settings.commands)
                async with asyncio.TaskGroup() as group:
                    for one in _leading(settings, fenced, entered, commands):
                        group.create_task(one)

    worker = Worker(name, lease_s=2 * settings.delivery.timeout_s + LEASE_S)
    loops = [Leader(store, name).run(lead), _deliverer(settings, store, outlet, worker).run()]
    commands = Commands(store, network, settings.commands)
    return _parts(settings, store, network, commands), loops


def _leading(settings: Settings, store: Store, network: Network, commands: Commands) -> Loops:
    """What one service alone does at a store."""
    return [
        Ingest(store, network, settings.commands).run(),
        commands.run(),
        Bulks(store, network, settings.commands).run(),
        Schedules(store, network, settings.commands).run(),
        Absences(store, network).run(),
        made_sinks(settings).listen(commands.request),
        Retention(
            store,
            settings.retention.days,
            _file(settings),
            audit_days=settings.retention.audit_days,
        ).run(),
    ]


def _deliverer(
    settings: Settings, store: Store, outlet: Outlet, worker: Worker | None = None
) -> Deliverer:
    of = settings.delivery
    schedule = Schedule(of.schedule_s)
    return Deliverer(store, outlet, schedule=schedule, parallel=of.parallel, worker=worker)


@contextlib.contextmanager
def _alone(settings: Settings) -> Generator[None]:
    """Hold the store's lock while inside: two services on one store would deliver twice.

    Raises ConfigError when another process holds it. The kernel releases it with the process.
    """
    if settings.store.kind != "sqlite":
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


def _is_running(settings: Settings) -> bool | None:
    """Whether a service holds the store's lock; None for a store without one."""
    if settings.store.kind != "sqlite":
        return None
    try:
        with _store_path(settings).with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # the trial of the store says why
        return None
    return False


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The cause; an error of ours before any other, as it names who acts next."""
    ours, others = group.split(GatewayError)
    within = ours or others or group
    first = within.exceptions[0]
    if not isinstance(first, BaseExceptionGroup):
        return first
    return _first(cast("BaseExceptionGroup[BaseException]", first))


async def simulate(
    settings: Settings, dev_eui: str, *, every_s: float, count: int | None, stop: asyncio.Event
) -> int:
    """Store readings of a device that is not there; returns how many.

    Raises Refused beside a real network server, Unknown for a device that is not registered.
    """
    if _kind(settings) != "virtual":
        raise Refused(
            'simulated readings need `[network]` with `kind = "virtual"`: beside those of a real '
            "network server nobody could tell them apart"
        )
    async with open_store(settings) as store:
        device, latest = await store.read(
            lambda view: (view.device(dev_eui), view.latest(dev_eui))
        )
        if device is None:
            raise Unknown(f"there is no device {dev_eui}: `lamplighter device list` shows them")
        first_seq = max((one.seq + 1 for one in latest if one.seq is not None), default=0)
        made = frames(device, first_seq)
        return await simulation.run(store, device, made, every_s=every_s, count=count, stop=stop)


def _of_broker(settings: Settings) -> dict[str, Callable[[], Awaitable[list[str]]]]:
    """Whether the broker keeps what it must, where the network server has one."""
    if _kind(settings) != "chirpstack":
        return {}
    return {"broker": lambda: promises.keeps(settings.network)}


def _kind(settings: Settings) -> str:
    """The kind of network server: gateway.networks.<kind>."""
    return type(settings.network).__module__.split(".")[2]


async def back_up(settings: Settings, target: Path) -> Manifest:
    """Write a backup, also beside a running service. Raises Refused, Retry, Broken."""
    path, codecs = _backed_up(settings)
    return await asyncio.to_thread(backups.back_up, path, codecs, target, settings.site, wall_ms())


async def restore(settings: Settings, backup: Path, *, replace: bool) -> Restored:
    """Put a backup in the place of the store. Raises ConfigError while a service runs on it."""
    path, codecs = _backed_up(settings)
    with _alone(settings):
        return await backups.restore(
            backup, path, codecs, settings.site, wall_ms(), replace=replace
        )


def _backed_up(settings: Settings) -> tuple[Path, Path]:
    """The store and the folder of codecs. Raises Refused where the store is no file."""
    path = _file(settings)
    if path is None:
        tool = "use pg_dump and pg_restore" if settings.store.kind == "postgresql" else "it ends"
        raise Refused(f"a store of kind {settings.store.kind} is no file: {tool}", "store")
    return path, Path(settings.folder) / "codecs"


def trials(settings: Settings) -> dict[str, Callable[[], Awaitable[list[str]]]]:
    """The trials of `lamplighter check`, by name: each returns lines, or raises what is wrong."""

    async def store() -> list[str]:
        async with open_store(settings) as opened:
            first, last = await opened.read(
                lambda view: (view.events(limit=1), view.last_cursor())
            )
            with audit.acting(None):  # it changes nothing
                await opened.write(lambda _tx: None)
            kept = counted(first[0].cursor, last) if first else 0
            path = _file(settings)
            grows = await file_growth(opened, path, settings.retention.days) if path else None
            return [f"keeps {kept} events", *([grows.said()] if grows else [])]

    return {
        "store": store,
        "http": lambda: check_port(settings.http.bind, running=_is_running(settings)),
        "network": open_network(settings).check,
        **_of_broker(settings),
        **{
            name: trial
            for name, trial in made_sinks(settings).trials().items()
            if name.removeprefix("sinks.") in settings.sinks
        },
    }

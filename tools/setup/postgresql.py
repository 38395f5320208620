"""The database of the tests: PostgreSQL as a child process on a Unix socket of its own.

It refuses to run as root; then it runs as `nobody`, of whom every system knows the name, which
initdb asks for. fsync is on, as the store demands: what a test calls durable is on the disk.
Source: PostgreSQL 15, initdb, "Server Configuration", and the file postmaster.pid.
"""

import asyncio
import atexit
import contextlib
import functools
import os
import pwd
import secrets
import shutil
import signal
import tempfile
import time
from pathlib import Path
from typing import Any, Self

from tools.setup.children import die_with_parent
from tools.setup.paths import postgresql

USER = "lamplighter"
START_S = 30.0
STOP_S = 10.0
ROOT_RUNS_AS = "nobody"
STARTED = ("ready", "standby")
"""The states of postmaster.pid in which it takes connections; `standby`: a read-only replica."""
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "60",
    "shared_buffers": "32MB",
    "jit": "off",
    "dynamic_shared_memory_type": "mmap",  # nothing is left in /dev/shm after a SIGKILL
    "log_timezone": "GMT",
    "timezone": "GMT",
}


class ServerError(Exception):
    """PostgreSQL did not start; the message holds the end of its log."""


class Server:
    """One server. `async with Server() as server:` gives `server.url("postgres")`.

    settings: further settings of postgresql.conf.  folder: where data, socket and log are.
    Raises ServerError when PostgreSQL is missing or is not ready within 30 s.
    """

    def __init__(self, **settings: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="lamplighter-pg-"))
        self.password = secrets.token_hex(8)
        self._settings = SETTINGS | {"unix_socket_directories": str(self.folder)} | settings
        self._process: asyncio.subprocess.Process | None = None

    def url(self, database: str) -> str:
        """Where a database of this server is, as libpq reads it."""
        return f"postgresql://{USER}:{self.password}@/{database}?host={self.folder}"

    async def __aenter__(self) -> Self:
        try:
            await self._initialise()
            await self.start()
        except BaseException:
            self._forget()
            raise
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()
        self._forget()

    async def start(self) -> None:
        """Start and wait until it takes connections; also again after `stop`."""
        options = [f"--{name}={value}" for name, value in self._settings.items()]
        self._process = await self._run("postgres", "-D", str(self.folder / "data"), *options)
        deadline = asyncio.get_running_loop().time() + START_S
        while asyncio.get_running_loop().time() < deadline and self._process.returncode is None:
            if self._is_ready(self._process.pid):
                return
            await asyncio.sleep(0.02)
        said = self._said()
        await self.stop(kill=True)
        raise ServerError(f"PostgreSQL is not ready: {said}")

    async def stop(self, *, kill: bool = False) -> None:
        """End it: a checkpoint, and open connections are cut; kill=True is SIGKILL to all of it.

        Source: PostgreSQL 15, 19.5: SIGINT is the fast shutdown.
        """
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        if kill:
            await _kill([process.pid, *_children(process.pid)])
        else:
            process.send_signal(signal.SIGINT)
        try:
            await asyncio.wait_for(process.wait(), STOP_S)
        except TimeoutError:
            await _kill([process.pid, *_children(process.pid)])
            await process.wait()

    async def _initialise(self) -> None:
        (self.folder / "password").write_text(self.password)
        if os.geteuid() == 0:
            for path in (self.folder, self.folder / "password"):
                shutil.chown(path, ROOT_RUNS_AS)
        words = ("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync")
        where = ("-D", str(self.folder / "data"), "-U", USER)
        made = await self._run("initdb", *where, *words, f"--pwfile={self.folder / 'password'}")
        if await made.wait():
            raise ServerError(f"initdb made no database: {self._said()}")

    async def _run(self, name: str, *words: str) -> asyncio.subprocess.Process:
        found = postgresql()
        if found is None:
            raise ServerError("PostgreSQL is missing: run `make test`, which brings it.")
        programs, environment = found
        as_user: dict[str, Any] = {}
        if os.geteuid() == 0:
            programs, environment = _reachable(programs, environment)
            entry = pwd.getpwnam(ROOT_RUNS_AS)
            as_user = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        with (self.folder / "server.log").open("ab") as log:
            return await asyncio.create_subprocess_exec(
                str(programs / name), *words, env=environment, cwd="/",
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,  # Ctrl-C ends the caller first and the server last
                preexec_fn=functools.partial(die_with_parent, signal.SIGQUIT),
                **as_user,
            )  # fmt: skip

    def _is_ready(self, pid: int) -> bool:
        with contextlib.suppress(OSError):
            lines = (self.folder / "data" / "postmaster.pid").read_text().splitlines()
            # one that was killed left its file
            return len(lines) > 7 and lines[0] == str(pid) and lines[7].strip() in STARTED
        return False

    def _said(self) -> str:
        return (self.folder / "server.log").read_text(errors="replace").strip()[-400:]

    def _forget(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def _children(pid: int) -> list[int]:
    """The processes that a postmaster began; each leads a session of its own."""
    with contextlib.suppress(OSError):
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


async def _kill(processes: list[int]) -> None:
    """SIGKILL, and wait until the last of them is gone: until then no other may use the data."""
    for pid in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    await asyncio.to_thread(_wait_for_end, processes)


def _wait_for_end(processes: list[int]) -> None:
    while any(_lives(pid) for pid in processes):
        time.sleep(0.005)


def _lives(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def _reachable(programs: Path, environment: dict[str, str]) -> tuple[Path, dict[str, str]]:
    """The same programs where another user can run them, as from a checkout below /root."""
    if all(folder.stat().st_mode & 0o001 for folder in programs.parents):
        return programs, environment
    root = programs.parents[4]  # usr/lib/postgresql/VERSION/bin below it
    copy = _linked(root)
    libraries = environment.get("LD_LIBRARY_PATH", "").replace(str(root), str(copy))
    return copy / programs.relative_to(root), environment | {"LD_LIBRARY_PATH": libraries}


@functools.cache
def _linked(root: Path) -> Path:
    """A tree again in a folder that is open to all, until this process ends."""
    folder = Path(tempfile.mkdtemp(prefix="lamplighter-pg-programs-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o755)
    shutil.copytree(root, folder / "root", symlinks=True, copy_function=_link)
    return folder / "root"


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # of another file system
        shutil.copy2(source, target)

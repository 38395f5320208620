"""Appends events to a file, one CloudEvent per line (JSON lines), rotated by size and count.

An event counts as delivered after fsync. `east.jsonl` is the newest file; when the next event
would make it larger than `max_bytes` it becomes `east.jsonl.1`, that becomes `east.jsonl.2`, and
so on; of those `keep` are kept. After a crash the last event may be there twice, with the same id.
"""

import asyncio
import contextlib
import os
import re
import threading
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Annotated, BinaryIO, Self

from msgspec import Meta, Struct

from gateway.errors import Refused, Retry
from gateway.model import Delivery, Endpoint
from gateway.sinks import Receiver, Surroundings

TARGET = re.compile(r"(\w[\w.-]{0,63}/){0,8}\w[\w.-]{0,63}\.jsonl", re.ASCII)
REFUSED = ("", "east", "/var/log/east.jsonl", "../east.jsonl", "a/../b.jsonl", "a\n.jsonl")
LINE_BYTES = 1 << 20  # more than one event ever has


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """`[sinks.file]`.

    folder: holds every target; relative to the configuration, made when needed.
    max_bytes: size of one file.  keep: numbered files beside the newest.
    """

    folder: str = "events"
    max_bytes: Annotated[int, Meta(ge=100_000)] = 10_000_000
    keep: Annotated[int, Meta(ge=1, le=1000)] = 10


class Sink:
    """Writes in threads, one at a time per file."""

    target = "a path ending in .jsonl inside the folder of `[sinks.file]`"
    signed = batched = False

    def __init__(self, settings: Settings, surroundings: Surroundings) -> None:
        self._folder = surroundings.folder / settings.folder
        self._settings = settings
        self._timeout_s = surroundings.timeout_s
        self._locks: dict[Path, threading.Lock] = {}
        self._named: set[Path] = set()  # files whose names are on the disk, which fsync leaves out

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        pass

    def check(self, target: str) -> None:
        """See gateway.sinks.Sink."""
        if not TARGET.fullmatch(target):
            raise Refused(f"{target[:80]!r} is no target: give a path as `east/lamps.jsonl`")

    async def deliver(self, endpoint: Endpoint, events: Sequence[Delivery]) -> None:
        """See gateway.sinks.Outlet. Ends only when its thread has, so that none writes later."""
        self.check(endpoint.url)
        path = self._folder / endpoint.url
        lock = self._locks.setdefault(path, threading.Lock())
        data = b"".join(event.body + b"\n" for event in events)
        work = asyncio.ensure_future(asyncio.to_thread(self._append, path, lock, data))
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            await asyncio.wait([work], timeout=self._timeout_s)
            raise

    def _append(self, path: Path, lock: threading.Lock, data: bytes) -> None:
        """Write whole lines and fsync them. Raises Retry when that fails, Refused for a link."""
        if not lock.acquire(timeout=self._timeout_s):
            raise Retry(f"{path} is still being written: the operator looks at the disk")
        try:
            if not path.resolve().is_relative_to(self._folder.resolve()):
                raise Refused(f"{path} leads out of {self._folder} by a symbolic link")
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists() or self._rotated(path, len(data)):
                self._named.discard(path)
            _write(path, data)
            if path not in self._named:
                _fsync_folders(path, self._folder.parent)
                self._named.add(path)
        except OSError as error:
            raise Retry(f"{path} cannot be written: {error.strerror or error}") from error
        finally:
            lock.release()

    def _rotated(self, path: Path, more: int) -> bool:
        """Give each file the next number when the newest has no room, the oldest file first."""
        if path.stat().st_size + more <= self._settings.max_bytes:
            return False
        for number in range(self._settings.keep, 0, -1):
            newer = path.with_name(f"{path.name}.{number - 1}") if number > 1 else path
            with contextlib.suppress(FileNotFoundError):
                newer.replace(path.with_name(f"{path.name}.{number}"))
        return True


def _write(path: Path, data: bytes) -> None:
    with path.open("a+b") as file:
        _end_last_line(file)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _fsync_folders(path: Path, top: Path) -> None:
    """Make the name of a file durable. Source: fsync(2), on directories."""
    for folder in path.parents[: len(path.relative_to(top).parts)]:
        opened = os.open(folder, os.O_DIRECTORY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def _end_last_line(file: BinaryIO) -> None:
    """Remove a line that a crash cut off: its event is still pending and comes again."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 1))
    if file.read() in {b"", b"\n"}:
        return
    start = max(0, size - LINE_BYTES)
    file.seek(start)
    whole = file.read().rfind(b"\n") + 1
    if whole or not start:
        file.truncate(start + whole)
    else:  # not a line of ours
        file.write(b"\n")


@contextlib.asynccontextmanager
async def receiver(folder: Path) -> AsyncGenerator[Receiver]:
    """A file, and a folder where a file should be."""
    inside = folder / Settings().folder
    (inside / "failing.jsonl").mkdir(parents=True)
    taken = inside / "taken.jsonl"
    yield Receiver(
        target=taken.name,
        failing="failing.jsonl",
        taken=lambda: taken.read_bytes().splitlines() if taken.exists() else [],
    )

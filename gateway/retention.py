"""Drops events by age, and says when the disk will be full.

What is dropped: events older than `[retention] days`, with their deliveries, a few at a time, so
that what comes in meanwhile never waits long. What stays, whatever its age: events with a pending
delivery, the newest value of each property, commands, and each webhook's sums.
"""

import asyncio
import shutil
from pathlib import Path

import msgspec
import structlog
from msgspec import Struct

from gateway.backoff import delay_s
from gateway.clock import Clock, wall_ms
from gateway.errors import Retry
from gateway.events import Entry, counted
from gateway.store import Store, View

DAY_MS = 86_400_000
EVERY_S = 3600.0
"""How often events of that age are looked for."""
CHUNK = 200
"""Events dropped by one change: some 5 ms of the writer on SQLite."""
PAUSE_S = 0.02
"""Between two of them, so that others write as well."""
SHORT_DAYS = 14
"""From here on the log warns that the disk will be full."""
SPAN_MS = 3_600_000
"""Events of less time say nothing about a day."""

log = structlog.get_logger("gateway.retention")


class Growth(Struct, frozen=True):
    """What the store's file does to its disk.

    events_a_day, bytes_an_event: on the average over what is kept.  days: until the disk is full,
    None when it will not be, as the oldest events go before.
    """

    events_a_day: float
    bytes_an_event: float
    days: float | None

    def said(self) -> str:
        """One line for the operator."""
        grows = f"{self.events_a_day:.0f} events a day of {self.bytes_an_event / 1000:.1f} kB"
        if self.days is None:
            return f"{grows}; the disk holds all that `retention.days` keeps"
        return f"{grows}; the disk is full in {self.days:.0f} days"


def growth(first: Entry, last: Entry, size: int, free: int, keep_days: float) -> Growth | None:
    """How the store grows, from its oldest and newest events; None when they say too little.

    size: of the file, bytes.  free: on its disk, bytes.  keep_days: 0: for ever.
    """
    span_ms = _at_ms(last) - _at_ms(first)
    count = counted(first.cursor, last.cursor)
    if span_ms < SPAN_MS:
        return None
    a_day = count * DAY_MS / span_ms
    each = size / count
    still = (keep_days - span_ms / DAY_MS) * a_day * each if keep_days else None
    full = None if still is not None and still <= free else free / (a_day * each)
    return Growth(a_day, each, full)


async def file_growth(store: Store, path: Path, keep_days: float) -> Growth | None:
    """The growth of a store that is one file."""

    def ends(view: View) -> tuple[list[Entry], list[Entry]]:
        return view.events(limit=1), view.newest_events(limit=1)

    first, last = await store.read(ends)
    if not first:
        return None
    return growth(first[0], last[0], *_room(path), keep_days)


def _room(path: Path) -> tuple[int, int]:
    """Size of a file, and what is free on its disk, bytes."""
    return path.stat().st_size, shutil.disk_usage(path.parent).free


class Retention:
    """Drops what is older than `keep_days`, 0: nothing. path: of the store where it is a file.

    audit_days: the same for entries of the audit log.
    """

    def __init__(
        self,
        store: Store,
        keep_days: float,
        path: Path | None = None,
        *,
        audit_days: float = 0.0,
        clock: Clock = wall_ms,
        pause_s: float = PAUSE_S,
    ) -> None:
        self._store = store
        self._keep_days = keep_days
        self._audit_days = audit_days
        self._path = path
        self._clock = clock
        self._pause_s = pause_s

    async def run(self) -> None:
        """Look until cancelled. Raises Broken."""
        failures = 0
        while True:
            try:
                await self.look()
            except Retry as error:
                failures += 1
                log.warning("no old events were dropped", why=str(error))
                await asyncio.sleep(delay_s(failures, 1.0, 600.0))
            else:
                failures = 0
                await asyncio.sleep(EVERY_S)

    async def look(self) -> None:
        """Drop what is old now, and warn of a disk that will be full. Raises Retry, Broken."""
        if self._keep_days:
            await self._drop(self._clock() - int(self._keep_days * DAY_MS))
        if self._audit_days:
            await self._drop_audit(self._clock() - int(self._audit_days * DAY_MS))
        if self._path is None:
            return
        found = await file_growth(self._store, self._path, self._keep_days)
        if found and found.days is not None and found.days < SHORT_DAYS:
            log.warning(
                "the disk will be full",
                days=round(found.days, 1),
                growth=found.said(),
                next="the operator frees space, or sets `retention.days`",
            )

    async def _drop(self, before_ms: int) -> None:
        after = await self._chunk(before_ms, 0)
        if after:
            log.info("dropping events by age", days=self._keep_days)
        while after:
            await asyncio.sleep(self._pause_s)
            after = await self._chunk(before_ms, after)

    async def _drop_audit(self, before_ms: int) -> None:
        dropped = CHUNK
        while dropped == CHUNK:
            dropped = await self._store.write(lambda tx: tx.forget_audit(before_ms, CHUNK))
            await asyncio.sleep(self._pause_s)

    async def _chunk(self, before_ms: int, after: int) -> int:
        return await self._store.write(lambda tx: tx.forget(before_ms, after, CHUNK))


def _at_ms(entry: Entry) -> int:
    """When an event was; its id begins with it."""
    return int(_id(entry.body).id[:12], 16)


class _Id(Struct):
    id: str


_id = msgspec.json.Decoder(_Id).decode

"""Copies of a SQLite store while it is in use, and what begins a new epoch in one.

Source: sqlite.org/backup.html (a copy in one step is one state; a WAL database is written on
meanwhile), sqlite.org/pragma.html#pragma_quick_check.
"""

import contextlib
import sqlite3
from contextlib import closing
from pathlib import Path

from gateway.errors import Broken, Refused
from gateway.events import EPOCH
from gateway.store.sqlite.file import FOLDER, translated

MAGIC = b"SQLite format 3\0"
"""Source: sqlite.org/fileformat.html, 1.3."""


def copy(path: Path, target: Path) -> None:
    """Write one state of the store into a new file of its own. Raises Retry, Broken."""
    with (
        translated(path),
        closing(sqlite3.connect(f"file:{path}?mode=rw", uri=True)) as source,
        closing(sqlite3.connect(target)) as copied,
    ):
        source.backup(copied)
        copied.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
    check(target)


def fold(path: Path) -> None:
    """Write a store's log into its file, so that the file is all of it; a damaged one stays."""
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:  # opening it would drop its log
            return
    with contextlib.suppress(sqlite3.Error), closing(sqlite3.connect(path)) as opened:
        opened.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()


def check(path: Path) -> int:
    """The newest cursor of a store that is whole. Raises Refused for what is none, Broken."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as opened:
            (schema,) = opened.execute("PRAGMA user_version").fetchone()
            (said,) = opened.execute("PRAGMA quick_check(1)").fetchone()
            (last,) = opened.execute("SELECT coalesce(max(cursor), 0) FROM event").fetchone()
    except sqlite3.Error as error:
        raise Refused(f"{path.name} is no store: {error}; take another backup") from None
    if schema > len([*FOLDER.glob("[0-9]*.sql")]):
        raise Refused("a newer gateway wrote this backup: install that version, then restore")
    if said != "ok":
        raise Broken(f"the store {path} is damaged: {said}")
    return int(last)


def begin_epoch(path: Path, event_id: str) -> int:
    """Let the newest event, which says that the store was restored, begin an epoch; its number.

    Its cursor becomes the first of the epoch, so that no cursor of what was lost is given again.
    The store is not open elsewhere.
    """
    with translated(path), closing(sqlite3.connect(path)) as opened, opened:
        (cursor,) = opened.execute("SELECT cursor FROM event WHERE id = ?", (event_id,)).fetchone()
        epoch = cursor // EPOCH + 1
        for table in ("event", "outbox"):
            opened.execute(
                f"UPDATE {table} SET cursor = ? WHERE cursor = ?",  # noqa: S608 - two names of ours
                (epoch * EPOCH, cursor),
            )
    return epoch

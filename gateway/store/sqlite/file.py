"""The SQLite database: opening, migrating, running statements, and what its errors mean."""

import contextlib
import re
import sqlite3
from collections.abc import Generator, Iterable
from functools import cache
from pathlib import Path
from typing import Any

from gateway.errors import Broken, ConfigError, Retry
from gateway.store.sql import Row, statements

FOLDER = Path(__file__).parent
MEMORY = Path(":memory:")
"""A database without a file: it belongs to one connection and ends with it."""
BUSY_MS = 5000
"""How long to wait for another process (the CLI) that writes, ms."""
PAGE_BYTES = 2048
"""Of a new file; one that is there keeps its own.

A commit writes some ten whole pages to the log, whatever changed in them: an uplink that comes
alone writes 38 kB with 4096, 22 with 2048 and 13 with 1024; but with 1024 an event fills more than
a page, and a burst takes a tenth more CPU.
"""
LOG_PAGES = 8000
"""The log is written into the file from this size on: 16 MB; meanwhile no commit is made.

In a burst an uplink has the disk write 7.0 kB; with 2000 pages, 4 MB as by default with pages of
4096, it writes 8.2 kB and stops four times as often.
"""

# What is worth trying again; everything else means that file or disk is damaged.
_PASSING = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_NOMEM}


@cache
def queries() -> dict[str, str]:
    """The statements of queries.sql by name."""
    return statements(FOLDER / "queries.sql")


class Connection:
    """See gateway.store.sql.Connection."""

    def __init__(self, opened: sqlite3.Connection) -> None:
        self._execute = opened.execute
        self._executemany = opened.executemany
        self._sql = queries()

    def rows(self, name: str, *values: Any) -> list[Row]:
        """See gateway.store.sql.Connection."""
        return self._execute(self._sql[name], values).fetchall()

    def row(self, name: str, *values: Any) -> Row | None:
        """See gateway.store.sql.Connection."""
        return self._execute(self._sql[name], values).fetchone()

    def change(self, name: str, *values: Any) -> int:
        """See gateway.store.sql.Connection."""
        return self._execute(self._sql[name], values).rowcount

    def many(self, name: str, rows: Iterable[Row]) -> int:
        """See gateway.store.sql.Connection."""
        return self._executemany(self._sql[name], rows).rowcount


def connect(path: Path) -> sqlite3.Connection:
    """A connection, set as the store needs it. Raises ConfigError, Retry, Broken."""
    with translated(path):
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
            connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
            connection.execute("PRAGMA synchronous = FULL")
        except sqlite3.Error:
            connection.close()
            raise
    return connection


def open_store(path: Path) -> sqlite3.Connection:
    """A connection to a store, its schema migrated. Raises ConfigError, Retry, Broken."""
    connection = connect(path)
    try:
        _migrate(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Run the numbered files that this database has not seen."""
    files = sorted(FOLDER.glob("[0-9]*.sql"))
    with translated(path), transaction(connection):
        (done,) = connection.execute("PRAGMA user_version").fetchone()
        if done > len(files):
            raise ConfigError(
                f"was written by a newer gateway (schema {done}, this one knows {len(files)})",
                path,
            )
        for number, file in enumerate(files[done:], done + 1):
            text = re.sub("--.*", "", file.read_text(encoding="utf-8"))
            for statement in _statements(text):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number}")


def _statements(text: str) -> Generator[str]:
    """One by one; a trigger is one, whatever it holds."""
    begun = ""
    for piece in text.split(";"):
        begun += f"{piece};"
        if sqlite3.complete_statement(begun):
            yield begun
            begun = ""


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Generator[None]:
    """BEGIN, and COMMIT at the end or ROLLBACK when something was raised."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):  # some failures have rolled back already
            connection.execute("ROLLBACK")
        raise


@contextlib.contextmanager
def translated(path: Path) -> Generator[None]:
    """Turn what sqlite3 raises into the error that says who acts next."""
    try:
        yield
    except sqlite3.Error as error:
        extended = getattr(error, "sqlite_errorcode", 0)
        code = extended & 0xFF  # the primary code
        if extended == sqlite3.SQLITE_IOERR_SHMSIZE:  # what a full disk says at the first access
            full = f"the disk of the store {path} is full; the operator frees space"
            raise Retry(full) from error
        if code in _PASSING:
            raise Retry(f"the store {path} takes nothing now: {error}") from error
        if code in {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM}:
            raise ConfigError(f"the store cannot be opened for writing: {error}", path) from error
        raise Broken(f"the store {path} is damaged or its disk failed: {error}") from error

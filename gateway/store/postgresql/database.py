"""The PostgreSQL database: connecting, migrating, running statements.

Every connection is set so that what it commits is on the disk, that a peer which is gone is
noticed, and that a process which stops within a transaction blocks the others for a few seconds,
not for good.
"""

from pathlib import Path
from typing import Any

import psycopg
from psycopg import conninfo
from psycopg.types.numeric import Int8BinaryDumper, Int8Dumper
from psycopg.types.string import StrBinaryDumper, StrDumper

from gateway.errors import ConfigError, Retry
from gateway.store.postgresql.refusals import translated
from gateway.store.sql import Row

FOLDER = Path(__file__).parent
OLDEST = 15
LOCK = 0x4C414D50
"""Number of the advisory lock of everybody who writes: `LAMP`."""
SCHEMA = "lamplighter"
REACH = {
    "application_name": "lamplighter",
    "client_encoding": "utf8",
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "20000",
}
"""What `store.url` may replace. Source: libpq, "Parameter Key Words"."""
SESSION = f"""
SET search_path TO {SCHEMA};
SET synchronous_commit TO on;
SET lock_timeout TO '8s';
SET statement_timeout TO '60s';
SET idle_in_transaction_session_timeout TO '5s'
"""
STALLED = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity JOIN pg_locks USING (pid)
WHERE locktype = 'advisory' AND objid = %s AND granted AND usename = current_user
  AND wait_event = 'ClientRead' AND state_change < now() - interval '5s'
"""
FACTS = """
SELECT current_setting('server_version_num')::int / 10000, current_setting('fsync'),
       current_setting('full_page_writes'), current_setting('server_encoding'), pg_is_in_recovery()
"""


class _Text(StrDumper):
    """PostgreSQL's text holds no NUL, which messages of a network may hold."""

    def dump(self, obj: str) -> Any:
        return super().dump(obj.replace("\0", "�") if "\0" in obj else obj)


class _BinaryText(StrBinaryDumper):
    def dump(self, obj: str) -> Any:
        return super().dump(obj.replace("\0", "�") if "\0" in obj else obj)


def place(url: str) -> str:
    """Where a URL leads, without user and password. Raises ConfigError when it is none."""
    try:
        parts = conninfo.conninfo_to_dict(url)
        port = str(parts.get("port", ""))
        if port and not port.replace(",", "").isdigit():
            raise psycopg.ProgrammingError
    except psycopg.Error:  # its text may hold the password
        raise ConfigError(
            "`store.url` is no URL of PostgreSQL: expected "
            "postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
        ) from None
    port = f":{port}" if port else ""
    return f"postgresql://{parts.get('host', '')}{port}/{parts.get('dbname', '')}"


def connect(url: str) -> psycopg.Connection[Row]:
    """A connection, set as the store needs it. Raises ConfigError, Retry, Broken."""
    where = place(url)
    known = {name: str(value) for name, value in conninfo.conninfo_to_dict(url).items()}
    reach = conninfo.make_conninfo(**(REACH | known))
    with translated(where):
        opened = psycopg.connect(reach, autocommit=True, prepare_threshold=2)
        try:
            opened.prepared_max = 200  # all statements
            for dumper in (Int8Dumper, Int8BinaryDumper):  # of one type, whatever the size
                opened.adapters.register_dumper(int, dumper)
            for dumper in (_BinaryText, _Text):
                opened.adapters.register_dumper(str, dumper)
            opened.execute(SESSION.encode())
        except BaseException:
            opened.close()
            raise
    return opened


def open_store(url: str, *, again: bool = False) -> psycopg.Connection[Row]:
    """A connection to a store, its schema migrated. Raises ConfigError, Retry, Broken.

    again: it was open before; then a replica is one that waits to take over.
    """
    opened = connect(url)
    try:
        with translated(place(url)):
            _check(opened, again=again)
            try:
                _migrate(opened)
            except psycopg.errors.LockNotAvailable:
                end_stalled(opened)
                _migrate(opened)
    except BaseException:
        opened.close()
        raise
    return opened


def end_stalled(opened: psycopg.Connection[Row]) -> None:
    """End the session of a writer that stopped with the lock while it sent rows in a pipeline.

    The server counts it as active until its next Sync, so idle_in_transaction_session_timeout
    never ends it; transaction_timeout does, from PostgreSQL 17 on. Called after a lock_timeout.
    """
    opened.execute(STALLED, (LOCK,))


def _one(opened: psycopg.Connection[Row], question: str) -> Row:
    (row,) = opened.execute(question.encode()).fetchall()
    return row


def _check(opened: psycopg.Connection[Row], *, again: bool) -> None:
    """Raise ConfigError or Retry when the server cannot keep what the gateway promises."""
    version, fsync, full_pages, encoding, standby = _one(opened, FACTS)
    where = "the server of `store.url`"
    if version < OLDEST:
        raise ConfigError(f"{where} is PostgreSQL {version}: {OLDEST} or newer is needed")
    if standby and again:
        raise Retry(f"{where} is a read-only replica now")
    if standby:
        raise ConfigError(f"{where} is a read-only replica: name the primary")
    for name, value in (("fsync", fsync), ("full_page_writes", full_pages)):
        if value != "on":
            raise ConfigError(
                f"{where} has `{name} = {value}` and loses what it confirmed when its power "
                f"fails: set `{name} = on` in its postgresql.conf"
            )
    if encoding != "UTF8":
        raise ConfigError(
            f"the database of `store.url` is encoded as {encoding}: create one by "
            "`createdb --encoding=UTF8 --template=template0`"
        )


def _migrate(opened: psycopg.Connection[Row]) -> None:
    """Run the numbered files that this database has not seen."""
    files = sorted(FOLDER.glob("[0-9]*.sql"))
    with opened.transaction():
        opened.execute(f"SELECT pg_advisory_xact_lock({LOCK})".encode())
        opened.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}".encode())
        opened.execute("CREATE TABLE IF NOT EXISTS schema_version (done INT NOT NULL)")
        (done,) = _one(opened, "SELECT coalesce(max(done), 0) FROM schema_version")
        if done > len(files):
            raise ConfigError(
                f"the database of `store.url` was written by a newer gateway (schema {done}, "
                f"this one knows {len(files)})"
            )
        for number, file in enumerate(files[done:], done + 1):
            opened.execute(file.read_bytes())
            opened.execute("INSERT INTO schema_version VALUES (%s)", (number,))

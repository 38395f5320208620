"""What the PostgreSQL store alone must do: survive its server, and name who acts next."""

import asyncio
import time
from typing import Any

import psycopg
import pytest

from gateway.errors import Broken, ConfigError, Retry
from gateway.model import Totals
from gateway.store.postgresql import Store
from gateway.store.postgresql import database as database_module
from gateway.store.postgresql.connection import queries
from gateway.store.postgresql.refusals import meaning
from gateway.store.sqlite.file import queries as sqlite_queries
from gateway.tests.contract.store_bench import BIN, HOOK, LAMP, joined
from gateway.tests.postgresql import created
from gateway.tests.unit.cli_bench import command_line

SECRET = "sesame"
WELL = f"postgresql://me:{SECRET}@db.example:5433/lamps?sslmode=require"
IDLE = "idle_in_transaction_session_timeout"
COUNTED = {"next_token", "last_given", "state", "put_state"}
"""What SQLite's writer has in memory, and PostgreSQL in rows of their own."""


def test_every_statement_of_the_other_database_is_here():
    assert set(sqlite_queries()) - COUNTED <= set(queries())


def test_no_message_shows_the_password():
    assert database_module.place(WELL) == "postgresql://db.example:5433/lamps"
    for url in (f"postgresql://me:{SECRET}@db:port/lamps", f"lamps:{SECRET}", f"host={SECRET} x"):
        with pytest.raises(ConfigError, match="expected postgresql://") as caught:
            Store(url)
        assert SECRET not in str(caught.value)


def refusal(code, said="it said so"):
    return meaning(psycopg.errors.lookup(code)(said), "postgresql://db/lamps")


@pytest.mark.parametrize(
    ("code", "kind", "said"),
    [
        ("28P01", ConfigError, "password of `store.url`"),
        ("3D000", ConfigError, "createdb"),
        ("42501", ConfigError, "grants CREATE"),
        ("53100", Retry, "full disk, and its operator frees space"),
        ("53300", Retry, "max_connections"),
        ("57P03", Retry, "starting or stopping"),
        ("25006", Retry, "read-only now, as after a failover"),
        ("58030", Broken, "damaged"),
        ("XX001", Broken, "damaged"),
        ("42P01", Broken, "changed by others"),
    ],
)
def test_each_refusal_says_who_acts(code, kind, said):
    error = refusal(code)

    assert type(error) is kind
    assert said in str(error)
    assert "it said so" in str(error)


async def refused(url):
    with pytest.raises((ConfigError, Retry)) as caught:
        async with Store(url):
            pass
    return caught.value


@pytest.mark.slow
async def test_what_the_operator_has_to_change_is_said_at_the_start(server, database):
    wrong = await refused(database.replace(server.password, SECRET))
    assert isinstance(wrong, ConfigError)
    assert "refuses the user or the password of `store.url`" in str(wrong)
    assert SECRET not in str(wrong)

    assert "create it by `createdb`" in str(await refused(server.url("none")))
    ascii_ = await refused(created(server, "ENCODING 'SQL_ASCII' LOCALE 'C'"))
    assert "createdb --encoding=UTF8" in str(ascii_)
    nowhere = await refused(database.replace(str(server.folder), "/nowhere"))
    assert isinstance(nowhere, Retry)
    assert "cannot be reached" in str(nowhere)


@pytest.mark.slow
async def test_a_user_who_may_not_create_is_told_what_to_grant(server):
    url = created(server)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE USER guest PASSWORD '{SECRET}'".encode())
    guest = url.replace(f"lamplighter:{server.password}", f"guest:{SECRET}")

    try:
        assert "grants CREATE on the database" in str(await refused(guest))
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("DROP USER guest")


def set_fsync(url, value):
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"ALTER SYSTEM SET fsync = {value}".encode())
        connection.execute("SELECT pg_reload_conf()")
        while connection.execute("SHOW fsync").fetchall() != [(value,)]:
            time.sleep(0.02)


@pytest.mark.slow
async def test_a_server_that_loses_what_it_confirmed_is_refused(database):
    set_fsync(database, "off")
    said = str(await refused(database))
    set_fsync(database, "on")

    assert "set `fsync = on`" in said


@pytest.mark.slow
async def test_an_older_server_and_a_newer_store_are_refused(monkeypatch, database):
    async with Store(database) as store:
        await store.write(lambda tx: tx.add_device(BIN))
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("INSERT INTO lamplighter.schema_version VALUES (999)")

    assert "newer gateway (schema 999" in str(await refused(database))
    monkeypatch.setattr("gateway.store.postgresql.database.OLDEST", 99)
    assert "99 or newer is needed" in str(await refused(database))


@pytest.mark.slow
async def test_a_full_disk_takes_nothing_and_then_goes_on(database):
    """The trigger says what the server says when its disk is full, where it would say it."""
    async with Store(database) as store:
        await store.write(joined)
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute(
                b"CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                b"RAISE 'could not extend file: No space left' USING ERRCODE = '53100'; END $$"
            )
            connection.execute(
                b"CREATE TRIGGER full_disk BEFORE INSERT ON lamplighter.event "
                b"EXECUTE FUNCTION full_disk()"
            )
            with pytest.raises(Retry, match="full disk"):
                await store.write(joined)
            assert await store.read(lambda view: view.last_cursor()) == 1
            connection.execute("DROP FUNCTION full_disk CASCADE")

        assert (await store.write(joined)).sequence == "2"


@pytest.mark.slow
async def test_sums_and_numbers_of_a_change_that_fails_are_undone(database):
    """Each is counted up in memory until the end of its transaction."""

    def fails(tx):
        joined(tx)
        tx.next_token("a1")
        assert tx.totals("h1").matched == 2  # writes what was counted so far
        raise KeyError("mine")

    async with Store(database) as store:
        await store.write(lambda tx: tx.add_endpoint(HOOK))
        said: Any = await asyncio.gather(
            store.write(lambda tx: (joined(tx), tx.next_token("a1"))),
            store.write(fails),
            store.write(lambda tx: (joined(tx), tx.next_token("a1"), tx.last_cursor())),
            return_exceptions=True,
        )

        one, bad, two = said
        assert isinstance(bad, KeyError)
        assert (one[0].sequence, one[1]) == ("1", 1)
        assert (two[0].sequence, *two[1:]) == ("2", 2, 2)
        assert await store.read(lambda view: view.totals("h1")) == Totals(matched=2, pending=2)
        assert await store.read(lambda view: view.last_cursor()) == 2


@pytest.mark.slow
async def test_a_group_in_which_nothing_raises_has_no_savepoints(database):
    async with Store(database) as store:
        await store.write(lambda tx: tx.add_endpoint(HOOK))
        writer = store._write_by
        assert writer
        said, run = [], writer.run
        writer.run = lambda statement: (said.append(statement), run(statement))[1]

        await asyncio.gather(*(store.write(joined) for _ in range(50)))
        assert not [one for one in said if "SAVEPOINT" in one]


@pytest.mark.slow
async def test_what_a_reader_knows_ends_with_its_question(database):
    async with Store(database) as one, Store(database) as other:
        await one.write(lambda tx: (tx.add_device(LAMP), tx.put_seen("b2", b"1")))
        for seen in (b"1", b"2"):
            asked = [one.read(lambda view: (view.device("b2"), view.seen("b2"))) for _ in range(4)]
            assert await asyncio.gather(*asked) == [(LAMP, seen)] * 4
            await other.write(lambda tx: tx.put_seen("b2", b"2"))
            assert await one.write(lambda tx: tx.seen("b2")) == b"2"


@pytest.mark.slow
async def test_a_nul_in_a_message_is_kept_as_a_replacement_character(database):
    async with Store(database) as store:
        await store.write(lambda tx: tx.quarantine(1, "a1", "up/\0", b"\0", "no\0"))

        (kept,) = await store.read(lambda view: view.quarantined())
        assert (kept.topic, kept.body, kept.reason) == ("up/�", b"\0", "no�")


@pytest.mark.slow
async def test_cursors_are_in_the_order_of_commits_with_several_writers(database):
    async with Store(database) as one, Store(database) as two, Store(database) as reader:
        writing = [
            asyncio.create_task(store.write(lambda tx, n=n: [joined(tx, f"d{n}")] * 3))
            for n in range(100)
            for store in (one, two)
        ]
        seen, after, ended = [], 0, False
        while not ended:
            ended = all(task.done() for task in writing)
            page = await reader.read(lambda view, a=after: view.events(after=a, limit=1000))
            seen += [entry.cursor for entry in page]
            after = seen[-1] if seen else 0
        await asyncio.gather(*writing)

    assert seen == list(range(1, 201))


@pytest.mark.slow
async def test_a_writer_that_stops_in_its_transaction_is_not_waited_for_long(
    monkeypatch, database
):
    session = "gateway.store.postgresql.database.SESSION"
    sooner = database_module.SESSION.replace(f"{IDLE} TO '5s'", f"{IDLE} TO '300ms'")
    monkeypatch.setattr(session, sooner)
    hangs, goes_on = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def stops(tx):
        tx.put_seen("a1", b"late")
        loop.call_soon_threadsafe(hangs.set)
        asyncio.run_coroutine_threadsafe(goes_on.wait(), loop).result(20)
        return tx.last_cursor()

    async with Store(database) as stopped, Store(database) as other:
        late = asyncio.create_task(stopped.write(stops))
        await hangs.wait()

        await other.write(lambda tx: tx.put_seen("a1", b"in time"))

        goes_on.set()
        with pytest.raises(Retry):
            await late
        assert await other.read(lambda view: view.seen("a1")) == b"in time"
        await stopped.write(lambda tx: tx.put_seen("b2", b"again"))


CHECKED = """\
site = "street"
[network]
kind = "virtual"
[http]
bind = "127.0.0.1:0"
[store]
kind = "postgresql"
url = "{url}"
"""


@pytest.mark.slow
def test_check_tries_the_database_and_says_who_acts(tmp_path, server, database):
    config = tmp_path / "gateway.toml"
    config.write_text(CHECKED.format(url=database))
    code, out, _ = command_line(config)("check")
    assert "keeps 0 events" in out

    config.write_text(CHECKED.format(url=database.replace(server.password, SECRET)))
    code, out, err = command_line(config)("check")
    assert code
    assert "refuses the user or the password" in out + err
    assert "the operator edits the configuration" in out + err
    assert SECRET not in out + err

"""PostgreSQL is killed and comes back, or is lost at the very commit."""

import asyncio
import contextlib
import time

import psycopg
import pytest

from gateway.errors import ConfigError, Retry
from gateway.store.postgresql import Store
from gateway.store.postgresql.database import LOCK
from gateway.tests.contract.store_bench import HOOK, joined
from gateway.tests.faults.cut import Relay
from gateway.tests.faults.waiting import until
from tools.setup.postgresql import Server

pytestmark = pytest.mark.slow
BACK_S = 30.0
"""Until a store answers again after its server is back. Source: fault test F20 of the project."""


async def patiently(store, change):
    while True:
        with contextlib.suppress(Retry):
            return await store.write(change)
        await asyncio.sleep(0.02)


async def write_until(store, stop, acknowledged):
    """What a network server does: the same uplink again until it is acknowledged."""
    while not stop.is_set():
        event = await patiently(store, joined)
        acknowledged.append(event.id)


@pytest.mark.parametrize("kill", range(3))
async def test_nothing_acknowledged_is_lost_when_the_server_is_killed(kill):
    acknowledged, stop = [], asyncio.Event()
    async with Server() as server, Store(server.url("postgres")) as store:
        await store.write(lambda tx: tx.add_endpoint(HOOK))
        writers = [asyncio.create_task(write_until(store, stop, acknowledged)) for _ in range(8)]
        await until(lambda: len(acknowledged) >= 30 + 40 * kill, 60)

        await server.stop(kill=True)
        before = len(acknowledged)
        with pytest.raises(Retry):
            await store.read(lambda view: view.last_cursor())
        await server.start()
        back = time.monotonic()
        await until(lambda: len(acknowledged) >= before + 30, 60)
        assert time.monotonic() - back < BACK_S

        stop.set()
        await asyncio.gather(*writers)
        entries = await store.read(lambda view: view.events(limit=100_000))
        totals = await store.read(lambda view: view.totals("h1"))
        kept = [await store.read(lambda view, id_=id_: view.event(id_)) for id_ in acknowledged]

    assert len(set(acknowledged)) == len(acknowledged)
    assert None not in kept
    assert [one.cursor for one in entries] == list(range(1, len(entries) + 1))
    assert totals.matched == totals.pending == len(entries) == len(acknowledged)


@pytest.fixture
async def relay(server, tmp_path):
    async with Relay(server.folder, tmp_path) as relay:
        yield relay


async def test_a_commit_whose_answer_is_lost_was_made_and_is_reported_so(server, database, relay):
    async with Store(database.replace(str(server.folder), str(relay.folder))) as store:
        await store.write(joined)
        relay.cut = "after"

        second = await store.write(joined)

        assert relay.fired == 1
        assert second.sequence == "2"
        assert (await store.write(joined)).sequence == "3"
        assert len(await store.read(lambda view: view.events())) == 3


async def test_a_commit_that_never_arrived_is_reported_as_such(server, database, relay):
    async with Store(database.replace(str(server.folder), str(relay.folder))) as store:
        await store.write(joined)
        relay.cut = "before"

        with pytest.raises(Retry, match="cannot be reached"):
            await store.write(joined)

        assert relay.fired == 1
        assert (await store.write(joined)).sequence == "2"
        assert len(await store.read(lambda view: view.events())) == 2


async def test_a_server_that_restarted_between_two_changes_is_no_news():
    async with Server() as other, Store(other.url("postgres")) as store:
        await store.write(joined)
        assert await store.read(lambda view: view.last_cursor()) == 1
        await other.stop()
        await other.start()

        assert await store.read(lambda view: view.last_cursor()) == 1
        assert (await store.write(joined)).sequence == "2"


async def test_a_writer_that_stopped_within_a_pipeline_does_not_hold_the_others_up(database):
    """Its session is no idle one for the server: nothing there would ever end it."""
    async with Store(database) as store:
        await store.write(joined)
        with (
            contextlib.suppress(psycopg.OperationalError),  # it hears of its end as it ends
            psycopg.connect(database, autocommit=True) as stopped,
            stopped.pipeline(),
        ):
            stopped.execute("BEGIN")
            stopped.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,)).fetchone()  # no Sync
            with pytest.raises(Retry, match="holds a lock"):
                await store.write(joined)

            await store.write(joined)
        entries = await store.read(lambda view: view.events(limit=10))
    assert len(entries) == 2


async def test_a_replica_is_refused_until_it_is_the_primary():
    async with Server() as server, Store(server.url("postgres")) as store:
        await store.write(joined)
        await server.stop()
        standby = server.folder / "data" / "standby.signal"
        standby.touch()
        await server.start()

        with pytest.raises(Retry, match="read-only replica now"):
            await store.write(joined)
        assert await store.read(lambda view: view.last_cursor()) == 1
        with pytest.raises(ConfigError, match="read-only replica: name the primary"):
            await Store(server.url("postgres")).__aenter__()

        await server.stop()
        standby.unlink()
        await server.start()
        assert (await store.write(joined)).sequence == "2"

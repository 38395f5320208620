"""What the SQLite store alone must do: survive, share commits, never scan what grows."""

import asyncio
import contextlib
import re
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from gateway.errors import Broken, ConfigError, Retry
from gateway.events import JoinedData
from gateway.model import Device, Endpoint
from gateway.store.sql.changes import Changes
from gateway.store.sql.view import Endpoints
from gateway.store.sqlite import Store, file
from gateway.store.sqlite.buffered import Buffered, Memory
from gateway.store.sqlite.file import queries

ROOT = Path(__file__).parents[3]
HOOK = Endpoint(id="h1", url="http://x/", secret="whsec_x")
BIN = Device("a1", "bin", "bin", "00", "A", 1)
GROWING = ("event", "outbox", "command", "quarantine")


def joined(tx):
    return tx.append("joined", "a1", 1, JoinedData(dev_eui="a1", device="x", dev_addr="01"))


async def test_what_was_written_is_there_after_a_restart(tmp_path):
    async with Store(tmp_path / "a.db") as store:
        await store.write(lambda tx: tx.add_device(BIN))
        event = await store.write(joined)

    async with Store(tmp_path / "a.db") as store:
        assert await store.read(lambda view: view.devices()) == [BIN]
        assert (await store.write(joined)).sequence == "2"
        assert await store.read(lambda view: view.event(event.id)) is not None


async def test_every_commit_reaches_the_disk(tmp_path):
    async with Store(tmp_path / "a.db") as store:
        assert store._writer.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
        assert store._writer.execute("PRAGMA journal_mode").fetchone() == ("wal",)


async def test_changes_that_wait_together_share_a_commit(tmp_path):
    async with Store(tmp_path / "a.db") as store:
        commits = []
        store._writer.set_trace_callback(lambda sql: sql == "COMMIT" and commits.append(sql))

        await asyncio.gather(*(store.write(joined) for _ in range(200)))

        assert await store.read(lambda view: view.last_cursor()) == 200
        assert len(commits) < 20


async def test_endpoints_are_read_again_only_when_one_changed(tmp_path):
    async with Store(tmp_path / "a.db") as store:
        await store.write(lambda tx: tx.add_endpoint(HOOK))
        reads = []
        store._writer.set_trace_callback(
            lambda sql: "FROM endpoint WHERE" in sql and reads.append(sql)
        )

        for _ in range(5):
            await store.write(joined)
        assert len(reads) == 1
        await store.write(lambda tx: tx.put_endpoint(replace(HOOK, disabled_reason="410")))
        for _ in range(5):
            await store.write(joined)

        assert len(reads) == 2
        assert (await store.read(lambda view: view.totals("h1"))).matched == 5


async def test_an_endpoint_that_another_process_adds_or_changes_is_seen(tmp_path):
    async with Store(tmp_path / "a.db") as service, Store(tmp_path / "a.db") as cli:
        await service.write(joined)
        assert await service.read(lambda view: view.endpoints()) == []

        await cli.write(lambda tx: tx.add_endpoint(HOOK))
        await service.write(joined)
        assert await service.read(lambda view: view.endpoints()) == [HOOK]
        disabled = replace(HOOK, disabled_reason="410")
        await cli.write(lambda tx: tx.put_endpoint(disabled))
        await service.write(joined)

        assert await service.read(lambda view: view.endpoints()) == [disabled]
        assert (await service.read(lambda view: view.totals("h1"))).matched == 1


class Overtaken(Buffered):
    """Looks before another worker claims cursor 1, and claims after it."""

    def change(self, name, *values):
        if name == "claim" and values[1] == 1:
            assert super().change("claim", "h1", 1, "other", 100, 0) == 1
        return super().change(name, *values)


async def test_a_claim_that_another_worker_won_keeps_the_order_of_its_device():
    """SQLite's transactions follow one another; those of other databases overlap."""
    async with Store() as store:
        await store.write(lambda tx: (tx.add_endpoint(HOOK), joined(tx), joined(tx)))

        late = Changes(Overtaken(store._writer, Memory()), Endpoints(), "x")

        assert late.claim("h1", "late", 0, 100, each=2) == []
        found = await store.read(lambda view: view.deliveries())
        assert [(one.cursor, one.worker) for one in found] == [(1, "other"), (2, "")]


async def test_a_reader_sees_one_state_and_waits_for_no_writer(tmp_path):
    async with Store(tmp_path / "a.db") as store:
        await store.write(joined)
        loop = asyncio.get_running_loop()

        def twice(view):
            first = view.last_cursor()
            asyncio.run_coroutine_threadsafe(store.write(joined), loop).result(10)
            return first, view.last_cursor()

        assert await store.read(twice) == (1, 1)
        assert await store.read(lambda view: view.last_cursor()) == 2


async def test_a_reader_cannot_write(tmp_path):
    def put_state(view: Any):
        view.connection.change("put_state", "a1", 1, "{}", b"")

    async with Store(tmp_path / "a.db") as store:
        with pytest.raises(ConfigError, match="readonly"):
            await store.read(put_state)


async def test_no_query_scans_what_grows(tmp_path):
    """Except `deliveries` over all endpoints and states and `recount`, which are for people."""
    async with Store(tmp_path / "a.db") as store:
        scans = set()
        for name, text in queries().items():
            count = max([int(one) for one in re.findall(r"\?(\d)", text)], default=0)
            plan = store._writer.execute(f"EXPLAIN QUERY PLAN {text}", (1,) * count)
            said = " ".join(row[3] for row in plan)
            if re.search(rf"SCAN (o|e|{'|'.join(GROWING)})\b", said) and "LIMIT" not in text:
                scans.add(name)

        # by an index of the open ones only; an audit counts every row
        assert scans <= {"open_commands", "recount"}
        assert "command_open" in str(
            store._writer.execute(f"EXPLAIN QUERY PLAN {queries()['open_commands']}").fetchall()
        )


HOT = {
    "due_deliveries": "outbox_pending",
    "next_deliveries": "event_subject",
    "next_delivery": "outbox_pending",
    "deliveries_pending": "outbox_pending",
    "deliveries_dead": "outbox_dead",
    "deliveries_of_endpoint": "outbox USING PRIMARY KEY|o USING PRIMARY KEY",
    "hasten": "outbox_pending",
    "withdraw_pending": "outbox_pending",
    "withdraw_dead": "outbox_dead",
    "events_of_subject": "event_subject",
    "events_of_type": "event_type",
    "newest_events_of_subject": "event_subject",
    "newest_events_of_type": "event_type",
    "command_of_token": "command_token",
    "due_commands": "command_due",
}
"""What each question about a table that grows reads instead of the table."""


async def test_each_hot_question_reads_its_index_and_not_the_history(tmp_path):
    async with Store(tmp_path / "a.db") as store:
        for name, index in HOT.items():
            text = queries()[name]
            count = max(int(one) for one in re.findall(r"\?(\d)", text))
            plan = store._writer.execute(f"EXPLAIN QUERY PLAN {text}", (1,) * count)
            said = [row[3] for row in plan]

            assert re.search(index, " ".join(said)), (name, said)
            assert not [one for one in said if re.fullmatch(r"SCAN (o|e|event|outbox)", one)]
        sums = store._writer.execute(f"EXPLAIN QUERY PLAN {queries()['totals']}", (1,)).fetchall()
        assert "outbox" not in str(sums)


async def test_a_full_disk_takes_nothing_and_then_goes_on(tmp_path):
    async with Store(tmp_path / "a.db") as store:
        pages = store._writer.execute("PRAGMA page_count").fetchone()[0]
        store._writer.execute(f"PRAGMA max_page_count = {pages + 2}")
        written = 0

        async def fill():
            nonlocal written
            while True:
                await store.write(joined)
                written += 1

        with pytest.raises(Retry, match="full"):
            await fill()
        with pytest.raises(Retry):
            await store.write(lambda tx: [joined(tx) for _ in range(500)])
        assert await store.read(lambda view: view.last_cursor()) == written

        store._writer.execute("PRAGMA max_page_count = 1000000")

        assert (await store.write(joined)).sequence == str(written + 1)
        assert store._writer.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_another_writer_is_waited_for_and_then_reported(tmp_path, monkeypatch):
    monkeypatch.setattr(file, "BUSY_MS", 50)
    async with Store(tmp_path / "a.db") as store:
        other = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Retry, match="locked"):
            await store.write(joined)
        other.execute("COMMIT")
        other.close()

        assert (await store.write(joined)).sequence == "1"


async def test_after_a_failed_disk_nothing_more_is_promised(tmp_path):
    """SQLite itself would take the next commit after an EIO as if nothing had been."""
    async with Store(tmp_path / "a.db") as store:

        def fails(_tx):
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
            raise error

        with pytest.raises(Broken, match="disk I/O error"):
            await store.write(fails)
        with pytest.raises(Broken, match="disk I/O error"):
            await store.write(joined)


@pytest.mark.parametrize(
    ("content", "error", "said"),
    [
        (b"no database at all" * 100, Broken, "not a database"),
        (None, ConfigError, "cannot be opened"),
    ],
)
async def test_a_file_that_is_no_store_is_reported(tmp_path, content, error, said):
    path = tmp_path / "a.db"
    path.mkdir() if content is None else path.write_bytes(content)

    with pytest.raises(error, match=said):
        await Store(path).__aenter__()


async def test_a_store_of_a_newer_gateway_is_refused(tmp_path):
    async with Store(tmp_path / "a.db") as store:
        store._writer.execute("PRAGMA user_version = 999")

    with pytest.raises(ConfigError, match="newer gateway"):
        await Store(tmp_path / "a.db").__aenter__()


WRITER = """
import asyncio, sys
from pathlib import Path
from typing import Any
from gateway.events import JoinedData
from gateway.store.sqlite import Store, file
from gateway.store.sqlite.file import queries

async def main():
    async with Store(Path(sys.argv[1])) as store:
        async def one():
            data = JoinedData(dev_eui="a1", device="x", dev_addr="01")
            event = await store.write(lambda tx: tx.append("joined", "a1", 1, data))
            print(event.sequence, flush=True)
        while True:
            await asyncio.gather(*(one() for _ in range(20)))

asyncio.run(main())
"""


@pytest.mark.slow
@pytest.mark.parametrize("kill", range(8))
def test_what_was_promised_survives_a_kill(tmp_path, kill):
    """Every sequence number that was printed was committed before it was printed."""
    path = tmp_path / "a.db"
    script = textwrap.dedent(WRITER)
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(path)],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'firmware'}", "PATH": ""},
        text=True,
    )
    assert process.stdout
    promised = [int(process.stdout.readline()) for _ in range(40 + 37 * kill)]
    process.kill()
    promised += [int(line) for line in process.stdout.read().split("\n")[:-1]]
    process.wait()

    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    kept = connection.execute("SELECT count(*), max(cursor) FROM event").fetchone()
    connection.close()
    assert kept[0] == kept[1] >= max(promised)
    process.stdout.close()


async def test_what_the_writer_has_in_memory_is_not_used_once_another_process_wrote(tmp_path):
    async with Store(tmp_path / "a.db") as service, Store(tmp_path / "a.db") as cli:

        def look(tx):
            return tx.device("a1"), tx.seen("a1"), joined(tx).sequence, tx.last_cursor()

        await service.write(lambda tx: (tx.add_device(BIN), tx.put_seen("a1", b"1")))
        assert await service.write(look) == (BIN, b"1", "1", 1)
        assert await service.write(look) == (BIN, b"1", "2", 2)

        await cli.write(lambda tx: (tx.put_seen("a1", b"2"), joined(tx), tx.next_token("a1")))
        assert await service.write(look) == (BIN, b"2", "4", 4)
        await cli.write(lambda tx: (tx.remove_device("a1"), joined(tx)))
        assert await service.write(look) == (None, b"2", "6", 6)
        assert await cli.write(look) == (None, b"2", "7", 7)


async def test_what_an_undone_change_wrote_is_not_in_memory(tmp_path):
    async with Store(tmp_path / "a.db") as store:
        await store.write(joined)

        def fails(tx):
            tx.add_device(BIN)
            tx.put_seen("a1", b"never")
            joined(tx)
            assert tx.device("a1") == BIN
            raise KeyError("mine")

        def looks(tx):
            return tx.device("a1"), tx.seen("a1"), joined(tx).sequence, tx.last_cursor()

        results = await asyncio.gather(
            store.write(looks), store.write(fails), store.write(looks), return_exceptions=True
        )

        assert results[0] == (None, b"", "2", 2)
        assert isinstance(results[1], KeyError)
        assert results[2] == (None, b"", "3", 3)
        assert await store.write(looks) == (None, b"", "4", 4)


async def test_a_group_in_which_nothing_raises_has_no_savepoints(tmp_path):
    async with Store(tmp_path / "a.db") as store:
        said = []
        store._writer.set_trace_callback(said.append)

        await asyncio.gather(*(store.write(joined) for _ in range(50)))

        assert not [one for one in said if one.startswith("SAVEPOINT")]


async def test_an_event_that_comes_alone_writes_few_and_small_pages(tmp_path):
    path = tmp_path / "a.db"
    async with Store(path) as store:
        await store.write(lambda tx: [tx.add_endpoint(HOOK), joined(tx)])
        log = path.with_name("a.db-wal")
        before = log.stat().st_size
        for at in range(20):
            await store.write(lambda tx, at=at: (joined(tx), tx.put_seen("a1", b"x" * 1500)))
        assert (log.stat().st_size - before) / 20 < 18_500


async def test_a_file_of_larger_pages_keeps_them(tmp_path):
    path = tmp_path / "a.db"
    with contextlib.closing(sqlite3.connect(path)) as made:
        made.execute("PRAGMA page_size = 4096")
        made.execute("VACUUM")
    async with Store(path) as store:
        await store.write(joined)
        assert store._writer.execute("PRAGMA page_size").fetchone() == (4096,)

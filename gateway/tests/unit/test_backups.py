"""A backup beside a service that writes, and a store that goes back: consumers see it."""

import asyncio
import contextlib
import json
import os
import sqlite3
import sys
import tarfile

import pytest

from gateway import backups
from gateway.errors import Refused
from gateway.events import EPOCH, RestoredData, counted
from gateway.filters import Filter, lets_through, passes
from gateway.model import ApiKey
from gateway.store.sqlite import Store
from gateway.tests.contract.store_bench import BIN, HOOK, joined

NOW_MS = 1_795_572_000_000
SOURCE = "lamplighter/east"


@pytest.fixture
def place(tmp_path):
    (tmp_path / "codecs").mkdir()
    (tmp_path / "codecs" / "mine.js").write_text("function decodeUplink() {}")
    return tmp_path


def back_up(place, name="b.tar", site="east"):
    return backups.back_up(place / "store.db", place / "codecs", place / name, site, NOW_MS)


async def restore(place, name="b.tar", site="east", *, replace=True):
    return await backups.restore(
        place / name, place / "store.db", place / "codecs", site, NOW_MS + 5000, replace=replace
    )


async def filled(place, events=5):
    async with Store(place / "store.db", SOURCE) as store:
        await store.write(lambda tx: tx.add_device(BIN))
        await store.write(lambda tx: tx.add_endpoint(HOOK))
        await store.write(
            lambda tx: tx.add_api_key(ApiKey(id="k", name="n", digest="d", scopes=("read",)))
        )
        await store.write(lambda tx: [joined(tx) for _ in range(events)])


async def test_what_was_backed_up_is_there_again_and_consumers_see_that_history_went_back(place):
    await filled(place)
    back_up(place)
    async with Store(place / "store.db", SOURCE) as store:
        await store.write(lambda tx: [joined(tx) for _ in range(20)])  # lost by the restore
    (place / "codecs" / "mine.js").unlink()

    done = await restore(place)

    async with Store(place / "store.db", SOURCE) as store:
        behind = await store.read(lambda view: view.events(after=25))  # a consumer had read all 25
        new = await store.write(joined)
        after = await store.read(lambda view: view.events(after=behind[-1].cursor))
        state = await store.read(lambda view: (view.devices(), view.api_keys(), view.totals("h1")))
        waiting = await store.read(lambda view: view.waiting("h1"))
    [event] = [json.loads(bytes(one.body)) for one in behind]
    assert (behind[0].cursor, event["type"], event["subject"]) == (
        EPOCH, "lamplighter.restored.v1", "",
    )  # fmt: skip
    assert event["data"] == {"backup_at": "2026-11-25T02:00:00.000Z", "backup_cursor": 5}
    assert [one.cursor for one in after] == [EPOCH + 1]
    assert new.sequence == "6"
    assert state[0] == [BIN]
    assert len(state[1]) == 1
    assert (state[2].matched, state[2].pending) == (7, 7)
    assert {one.newest for one in waiting} == {EPOCH, EPOCH + 1}
    assert (done.epoch, (place / "codecs" / "mine.js").exists()) == (1, True)
    with sqlite3.connect(done.kept) as before:
        assert before.execute("SELECT count(*) FROM event").fetchone() == (25,)
    before.close()


async def test_an_epoch_follows_another(place):
    await filled(place)
    back_up(place)
    await restore(place)
    back_up(place, "c.tar")

    assert (await restore(place, "c.tar")).epoch == 2


async def test_a_backup_is_one_state_while_the_service_writes(place):
    await filled(place)
    async with Store(place / "store.db", SOURCE) as store:
        writing = [store.write(lambda tx: [joined(tx), joined(tx)]) for _ in range(50)]
        written = asyncio.gather(*writing)
        made = await asyncio.to_thread(back_up, place)
        await written

    assert made.cursor % 2 == 1  # 5, and then two at a time
    await restore(place)
    async with Store(place / "store.db", SOURCE) as store:
        assert await store.read(lambda view: view.last_cursor()) == EPOCH
        assert len(await store.read(lambda view: view.events(limit=1000))) == made.cursor + 1


async def test_it_is_its_owners_alone_and_replaces_nothing(place):
    await filled(place)
    back_up(place)
    held = (place / "b.tar").read_bytes()

    assert (place / "b.tar").stat().st_mode & 0o777 == 0o600
    with pytest.raises(Refused, match="is there already"):
        back_up(place)
    with pytest.raises(Refused, match="--replace"):
        await restore(place, replace=False)
    assert (place / "b.tar").read_bytes() == held
    assert sorted(one.name for one in place.iterdir()) == ["b.tar", "codecs", "store.db"]


async def test_what_is_no_backup_or_of_another_site_is_refused_and_changes_nothing(place):
    await filled(place)
    back_up(place)
    before = (place / "store.db").read_bytes()
    (place / "text").write_text("x")
    cut = (place / "b.tar").read_bytes()
    (place / "cut").write_bytes(cut[: len(cut) // 2])
    with tarfile.open(place / "evil", "w") as tar:
        link = tarfile.TarInfo("codecs/x.js")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    with tarfile.open(place / "out", "w") as tar:
        tar.addfile(tarfile.TarInfo("../out.js"))
    for name in ("text", "cut", "evil", "out", "none"):
        with pytest.raises(Refused, match=r"no backup of ours|is no store"):
            await restore(place, name)
    with pytest.raises(Refused, match="of the site east"):
        await restore(place, site="west")

    assert (place / "store.db").read_bytes() == before
    assert not [*place.glob(".store*")]


def no_tags(_dev_eui):
    return ()


async def test_that_it_was_restored_passes_every_filter_but_one_of_types(place):
    async with Store(place / "store.db", SOURCE) as store:
        data = RestoredData(backup_at="2026-11-25T02:00:00.000Z", backup_cursor=5)
        event = await store.write(lambda tx: tx.append("restored", "", NOW_MS, data))
        [entry] = await store.read(lambda view: view.events())

    for one, through in (
        (Filter(devices=("a1",), properties=("fillingLevel",), tags=("east",)), True),
        (Filter(types=("lamplighter.reading.v1",)), False),
        (Filter(types=("lamplighter.restored.v1",), devices=("a1",)), True),
    ):
        found = passes(one, event, no_tags), lets_through(one, entry.body, no_tags)
        assert found == (through, through)


def test_events_are_counted_within_an_epoch():
    assert counted(1, 5) == 5
    assert counted(1, EPOCH + 2) == 3
    assert counted(EPOCH + 1, EPOCH + 2) == 2


def cursors(path):
    """The newest cursor of a store, with what is in its log, and whether it is whole."""
    with contextlib.closing(sqlite3.connect(path)) as opened:
        (last,) = opened.execute("SELECT max(cursor) FROM event").fetchone()
        return last, opened.execute("PRAGMA quick_check").fetchone()[0]


def restored(place, steps):
    """Restore in a process that is killed after so many steps; whether it was."""
    child = os.fork()
    if child == 0:
        put_in = backups._put_in

        def hooked(*arguments):
            sys.addaudithook(_killer(steps))
            return put_in(*arguments)

        backups._put_in = hooked
        asyncio.run(restore(place))
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0


def _killer(steps):
    left = iter(range(steps))

    def hook(name, arguments):
        changes = name in {"os.rename", "os.link", "os.remove"}
        if changes and "store.db" in str(arguments[0]) and next(left, None) is None:
            os._exit(9)

    return hook


def test_a_restore_that_is_killed_at_any_step_leaves_a_whole_store_and_is_repeated(place):
    async def live():
        await filled(place)
        back_up(place)
        async with Store(place / "store.db", SOURCE) as store:
            await store.write(lambda tx: [joined(tx) for _ in range(20)])

    asyncio.run(live())
    before = (place / "store.db").read_bytes()
    found = []
    while restored(place, len(found)):
        found.append(cursors(place / "store.db"))
        for one in place.glob("store.db*"):
            one.unlink()
        (place / "store.db").write_bytes(before)
    assert len(found) >= 3  # before the second name, before the new store, after it
    assert set(found) <= {(25, "ok"), (EPOCH, "ok")}
    assert cursors(place / "store.db") == (EPOCH, "ok")
    [kept] = place.glob("store.db.before-*")
    assert cursors(kept) == (25, "ok")
    assert list(place.glob(".store.db-*")) == []  # what those that were killed left is gone


async def test_a_damaged_store_is_replaced_and_kept_with_its_log(place):
    await filled(place)
    back_up(place)
    (place / "store.db").write_bytes(b"no database at all" * 1000)
    (place / "store.db-wal").write_bytes(b"nor is this")

    await restore(place)

    assert cursors(place / "store.db") == (EPOCH, "ok")
    assert {one.name.rpartition("-")[2] for one in place.glob("store.db.before-*")} == {
        str(NOW_MS // 1000 + 5), "wal"
    }  # fmt: skip

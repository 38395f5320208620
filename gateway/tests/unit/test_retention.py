"""What is dropped by age, and the warning before the disk is full."""

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from gateway.retention import CHUNK, DAY_MS, Growth, Retention, file_growth, growth
from gateway.settings import RetentionSettings
from gateway.store.sqlite import Store
from gateway.tests.contract.store_bench import HOOK, joined
from gateway.tests.unit.outbox_bench import Clock


async def fill(store, days, each):
    for day in range(days):
        await store.write(
            lambda tx, at=day * DAY_MS: [joined(tx, f"d{n}", at) for n in range(each)]
        )


async def cursors(store):
    return [one.cursor for one in await store.read(lambda view: view.events(limit=10_000))]


async def test_a_look_drops_all_that_is_old_in_chunks(tmp_path):
    clock = Clock()
    clock.now_ms = 10 * DAY_MS
    async with Store(tmp_path / "a.db") as store:
        await store.write(lambda tx: tx.add_endpoint(HOOK))
        await store.write(lambda tx: [joined(tx, "a", 0) for _ in range(3)])
        await fill(store, 10, CHUNK)
        await store.write(lambda tx: tx.remove_endpoint("h1"))

        await Retention(store, 0, clock=clock, pause_s=0).look()
        assert len(await cursors(store)) == 10 * CHUNK + 3
        await Retention(store, 3, clock=clock, pause_s=0).look()

        assert await cursors(store) == list(range(7 * CHUNK + 4, 10 * CHUNK + 4))
        assert (await store.read(lambda view: view.totals("h1"))).withdrawn == 10 * CHUNK + 3


async def test_by_default_a_month_can_be_compared_with_that_of_the_last_year(tmp_path):
    clock = Clock()
    clock.now_ms = 1000 * DAY_MS
    async with Store(tmp_path / "a.db") as store:
        await store.write(lambda tx: joined(tx, "a", 599 * DAY_MS))
        await store.write(lambda tx: (tx.add_endpoint(HOOK), joined(tx, "a", 599 * DAY_MS)))
        await store.write(lambda tx: tx.put_endpoint(replace(HOOK, disabled_reason="410")))
        for day in (601, 1000 - 365 - 30, 1000):
            await store.write(lambda tx, day=day: joined(tx, "a", day * DAY_MS))

        await Retention(store, RetentionSettings().days, clock=clock, pause_s=0).look()

        assert await cursors(store) == [2, 3, 4, 5]  # a webhook still waits for the second


async def test_space_that_was_dropped_is_used_again(tmp_path):
    """The file of a store that drops as much as it takes does not grow."""
    clock = Clock()
    async with Store(tmp_path / "a.db") as store:
        sizes = []
        for week in range(4):
            for day in range(7):
                at = (week * 7 + day) * DAY_MS
                await store.write(lambda tx, at=at: [joined(tx, "a", at) for _ in range(300)])
            clock.now_ms = (week + 1) * 7 * DAY_MS
            await Retention(store, 7, clock=clock, pause_s=0).look()
            (pages,) = store._writer.execute("PRAGMA page_count").fetchone()
            sizes.append(pages)

    assert sizes[3] <= 1.1 * sizes[1]


async def ends(days, each):
    async with Store() as store:
        await fill(store, days, each)
        return await store.read(lambda view: (view.events(limit=1)[0], view.newest_events(1)[0]))


@pytest.mark.parametrize(
    ("free", "keep_days", "days"),
    [
        (30_000_000, 0, 300),  # 100 events a day of 1 kB
        (30_000_000, 1000, 300),
        (30_000_000, 301, None),  # 292 days more are wanted, and 300 fit
        (0, 5, None),
    ],
)
async def test_days_until_the_disk_is_full(free, keep_days, days):
    first, last = await ends(11, 91)  # 1001 events in ten days

    found = growth(first, last, 1_001_000, free, keep_days)

    assert found
    assert (round(found.events_a_day), found.bytes_an_event) == (100, 1000)
    assert found.days == (days if days is None else pytest.approx(days, rel=0.01))


async def test_a_few_minutes_tell_nothing_of_a_day():
    first, last = await ends(1, 50)

    assert growth(first, last, 10**9, 1, 0) is None


async def test_a_disk_that_will_be_full_is_warned_of(tmp_path, monkeypatch):
    path = tmp_path / "a.db"
    async with Store(path) as store:
        assert await file_growth(store, path, 0) is None
        await fill(store, 3, 50)
        monkeypatch.setattr("gateway.retention._room", lambda _path: (150_000, 200_000))

        with capture_logs() as said:
            await Retention(store, 0, path).look()
            await Retention(store, 0, None).look()

    [warning] = said
    assert warning["event"] == "the disk will be full"
    assert warning["days"] == 2.7
    assert warning["growth"] == "75 events a day of 1.0 kB; the disk is full in 3 days"
    assert "retention.days" in warning["next"]


def test_a_disk_that_holds_what_is_kept_is_said_too():
    said = Growth(events_a_day=100, bytes_an_event=1500, days=None).said()

    assert said == "100 events a day of 1.5 kB; the disk holds all that `retention.days` keeps"

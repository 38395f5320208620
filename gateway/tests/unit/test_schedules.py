"""Commands by the clock on the wall: each date once, whatever the clocks do."""

from datetime import UTC, date, datetime, timedelta

import pytest
from msgspec.structs import replace

from gateway import daily
from gateway.daily import Schedules, instant_ms
from gateway.errors import Refused
from gateway.plans import Bulk, Schedule, Selection
from gateway.tests.unit.bulk_bench import OAK, begun

DAILY = Schedule(
    id="", who="anna", zone="Europe/Paris", at="22:00", name="dim", values={"level": 30},
    selection=Selection(tags=(OAK,)), expires_in_s=600,
)  # fmt: skip


def ms(*when):
    return int(datetime(*when, tzinfo=UTC).timestamp() * 1000)


async def added(bench, now_ms, **own):
    bench.now_ms = now_ms
    wanted = replace(DAILY, **own)
    return await bench.store.write(
        lambda tx: daily.add(tx, wanted, bench.settings, "EU868", bench.now_ms)
    )


async def run(bench, until_ms, step_s=600):
    loop = Schedules(bench.store, bench.network, bench.settings, lambda: bench.now_ms)
    while bench.now_ms < until_ms:
        bench.now_ms += step_s * 1000
        await loop.step()
    return await turns(bench)


async def turns(bench):
    (found,) = await bench.store.read(lambda view: view.plans(Schedule))
    return [(one.on, one.what) for one in found.turns]


async def bulks(bench):
    return [one.created_at_ms for one in await bench.store.read(lambda v: v.plans(Bulk, 999))][
        ::-1
    ]


@pytest.mark.parametrize(
    ("zone", "at", "on", "utc"),
    [
        ("Europe/Paris", "22:00", (2026, 7, 1), (2026, 7, 1, 20)),
        ("Europe/Paris", "02:30", (2026, 3, 29), (2026, 3, 29, 1, 30)),  # skipped: 03:30
        ("Europe/Paris", "02:30", (2026, 10, 25), (2026, 10, 25, 0, 30)),  # the first of two
        ("Pacific/Auckland", "00:15", (2026, 7, 1), (2026, 6, 30, 12, 15)),
        ("America/Los_Angeles", "23:45", (2028, 2, 29), (2028, 3, 1, 7, 45)),
    ],
)
def test_a_local_time_is_an_instant_also_where_the_clocks_change(zone, at, on, utc):
    assert instant_ms(zone, at, date(*on)) == ms(*utc)


@pytest.mark.parametrize(
    ("first", "days", "at"),
    [
        ((2026, 3, 27), 4, "02:30"),
        ((2026, 10, 23), 4, "02:30"),
        ((2028, 2, 27), 4, "22:00"),
        ((2026, 12, 30), 4, "00:00"),
    ],
)
async def test_each_date_has_one_turn_over_clock_changes_leap_days_and_new_year(first, days, at):
    async with begun() as bench:
        await added(bench, ms(*first), at=at)
        found = await run(bench, ms(*first) + days * 86_400_000)

        dates = [one for one, _ in found]
        start = date.fromisoformat(dates[0])
        assert dates == [(start + timedelta(days=n)).isoformat() for n in range(len(dates))]
        assert len(dates) == days
        assert {what for _, what in found} == {"begun"}
        assert len(await bulks(bench)) == days


async def test_a_clock_that_steps_back_or_far_ahead_repeats_and_leaves_out_no_date():
    async with begun() as bench:
        await added(bench, ms(2026, 6, 1, 19))
        await run(bench, ms(2026, 6, 1, 20, 10))
        bench.now_ms = ms(2026, 6, 1, 19)  # an hour back
        await run(bench, ms(2026, 6, 1, 21))
        bench.now_ms = ms(2026, 6, 2, 20, 5)  # a day ahead
        await run(bench, ms(2026, 6, 2, 20, 6), 1)
        bench.now_ms = ms(2026, 6, 1, 21)  # and set right
        found = await run(bench, ms(2026, 6, 3, 20, 30))

        assert found == [(f"2026-06-0{n}", "begun") for n in (1, 2, 3)]


async def test_a_turn_is_made_up_soon_after_and_missed_when_it_is_too_late():
    async with begun() as bench:
        await added(bench, ms(2026, 6, 1, 12), late_s=600)
        bench.now_ms = ms(2026, 6, 1, 20, 9)
        assert await run(bench, bench.now_ms + 1, 1) == [("2026-06-01", "begun")]
        bench.now_ms = ms(2026, 6, 5, 3)  # it slept three nights
        assert (await run(bench, bench.now_ms + 1, 1))[1:] == [("2026-06-02", "missed")]
        assert (await run(bench, ms(2026, 6, 5, 20, 5)))[2:] == [("2026-06-05", "begun")]


async def test_days_of_the_week_are_local_and_a_time_that_is_over_begins_tomorrow():
    async with begun() as bench:
        made = await added(bench, ms(2026, 6, 1, 20, 1), days=("mon", "fri"))
        assert made.next_date == "2026-06-05"
        await run(bench, ms(2026, 6, 9))
        assert [one for one, _ in await turns(bench)] == ["2026-06-05", "2026-06-08"]


async def test_a_schedule_keeps_the_limits_and_waits_for_a_second_person():
    async with begun(floor={"P4": 40}, two_person_from=2) as bench:
        with pytest.raises(Refused, match="floor"):
            await added(bench, ms(2026, 6, 1))
        made = await added(bench, ms(2026, 6, 1), values={"level": 40})
        assert await run(bench, ms(2026, 6, 2)) == []

        async def approve(who):
            now = bench.now_ms = ms(2026, 6, 1)
            return await bench.store.write(lambda tx: daily.approve(tx, made.id, who, now))

        with pytest.raises(Refused, match="another person"):
            await approve("anna")
        await approve("ben")
        assert await run(bench, ms(2026, 6, 1, 21)) == [("2026-06-01", "begun")]
        found = await bench.store.read(lambda view: view.plans(Bulk))
        assert (found[0].state, found[0].approved_by) == ("running", "ben")

"""One command for many devices: asked once each, paced, within limits, by two persons."""

import pytest
from msgspec.structs import replace

from gateway import bulks
from gateway.errors import Refused, Unknown
from gateway.plans import Selection
from gateway.regions import airtime_ms
from gateway.tests.unit.bulk_bench import IN_OAK, LAMPS, OAK, begun


async def test_all_that_fit_and_take_the_command_are_asked_once_and_each_has_a_result():
    async with begun() as bench:
        bulk = await bench.begin(values={"level": 40, "hold": 60})
        assert bulk.targets == tuple(one.dev_eui for one in LAMPS)
        await bench.until_asked(bulk)

        commands = await bench.all_commands()
        assert sorted(one.dev_eui for one in commands) == [one.dev_eui for one in LAMPS]
        first = next(one for one in commands if one.dev_eui == LAMPS[0].dev_eui)
        await bench.report(first.token, dev_eui=LAMPS[0].dev_eui, level=40)
        results = await bench.results(bulk)
        assert results.pop(LAMPS[0].dev_eui) == "applied"
        assert set(results.values()) == {"queued"}


async def test_commands_keep_to_the_airtime_budget_and_the_eta_is_kept():
    async with begun(airtime=0.5) as bench:
        plan = await bench.trial()
        bulk = await bench.begin()
        asked_at = {}
        began_ms = bench.now_ms
        for _ in range(40):
            await bench.pass_time(1)
            for one in await bench.all_commands():
                asked_at.setdefault(one.dev_eui, bench.now_ms - began_ms)

        times = sorted(asked_at.values())
        one_ms = airtime_ms("EU868", "C", None, 10)
        assert plan.airtime_ms == 5 * one_ms
        assert plan.takes_ms <= times[-1] <= plan.takes_ms + 2000
        assert times[-1] >= 4 * one_ms / 0.5
        assert (await bench.bulk(bulk)).state == "done"


async def test_what_was_missed_while_the_gateway_was_away_is_not_made_up_in_a_burst():
    async with begun(airtime=0.01) as bench:
        await bench.begin(expires_in_s=20_000)
        await bench.pass_time(0)
        await bench.pass_time(10_000)

        assert len(await bench.all_commands()) == 2


async def test_two_bulks_at_once_share_the_budget():
    async with begun(airtime=0.5) as bench:
        await bench.begin()
        await bench.begin(name="interval", values={"report_s": 600}, tags=("class=P4",))
        for _ in range(12):
            await bench.pass_time(1)

        spent_ms = len(await bench.all_commands()) * airtime_ms("EU868", "C", None, 12)
        assert spent_ms <= 0.5 * 12_000 + 4 * 1500


async def test_a_request_that_is_repeated_gives_the_bulk_of_the_first_and_another_is_refused():
    async with begun() as bench:
        first = await bench.begin(key="k1")
        await bench.until_asked(first)
        again = await bench.begin(key="k1")

        assert again.id == first.id
        assert len(await bench.all_commands()) == 5
        with pytest.raises(Refused, match="idempotency key"):
            await bench.begin(key="k1", level=41)


async def test_a_cancelled_bulk_asks_no_more_and_cancels_what_was_not_sent():
    async with begun(airtime=0.01) as bench:
        bulk = await bench.begin()
        await bench.bulks.step()
        await bench.store.write(lambda tx: bulks.cancel(tx, bulk.id, bench.now_ms))
        await bench.pass_time(3000)

        assert sorted((await bench.results(bulk)).values()) == ["cancelled", *["not asked"] * 4]


async def test_what_is_not_asked_in_time_is_not_asked_later():
    async with begun(airtime=0.5) as bench:
        bulk = await bench.begin(expires_in_s=60)
        await bench.bulks.step()
        await bench.pass_time(60)

        assert (await bench.bulk(bulk)).state == "expired"
        assert list((await bench.results(bulk)).values()).count("not asked") == 4
        with pytest.raises(Refused, match="airtime"):
            await bench.begin(expires_in_s=5)


async def test_a_device_that_is_gone_meanwhile_is_told_and_the_others_are_asked():
    async with begun(airtime=0.5) as bench:
        bulk = await bench.begin()
        await bench.store.write(lambda tx: tx.remove_device(LAMPS[2].dev_eui))
        await bench.until_asked(bulk)

        assert (await bench.results(bulk))[LAMPS[2].dev_eui] == "not asked"
        assert len(await bench.all_commands()) == 4


async def test_a_trial_names_those_left_out_and_sends_nothing():
    async with begun() as bench:
        plan = await bench.trial()

        assert [one.name for one in plan.left_out] == ["bin"]
        assert await bench.all_commands() == []


async def test_a_selection_that_makes_no_sense_is_refused_with_its_reason():
    async with begun() as bench:
        for tags, said in ((("street=Elm",), "no device fits"), ((OAK, "class=M1"), "no device")):
            with pytest.raises(Refused, match=said):
                await bench.begin(tags=tags)
        with pytest.raises(Refused, match="nothing is selected"):
            await bench.begin(tags=(), selection=Selection())
        with pytest.raises(Unknown, match="DevEUI"):
            await bench.begin(tags=(), selection=Selection(("ff",)))
        with pytest.raises(Refused, match="bin"):
            await bench.begin(tags=(), selection=Selection((IN_OAK.dev_eui,)))
        with pytest.raises(Refused, match="level"):
            await bench.begin(level=101)


async def test_no_way_in_passes_the_floor_of_a_class():
    async with begun(floor={"P4": 30, "other": 10}) as bench:
        for asked in (
            bench.begin(level=29),
            bench.commands.request(LAMPS[0].dev_eui, "dim", {"level": 29}),
        ):
            with pytest.raises(Refused, match=r"floor of .* class P4 .*operator may raise"):
                await asked
        assert (await bench.trial(level=29)).refusals[0].count("commands.limits.floor") == 1
        values = {"version": 1, "size": 12, "at": 0, "data1": 0, "data2": 0}
        with pytest.raises(Refused, match="programme push"):
            await bench.commands.request(LAMPS[0].dev_eui, "programme", values)
        await bench.begin(level=30)


async def test_no_more_than_its_share_of_a_street_is_dark_at_once():
    async with begun(dark_share=0.4) as bench:
        with pytest.raises(Refused, match=r"dark_share is 0.4: 5 of 5 lamps of street Oak"):
            await bench.begin(level=0)
        for lamp in LAMPS[:2]:
            await bench.commands.request(lamp.dev_eui, "dim", {"level": 5, "hold": 60})
        with pytest.raises(Refused, match="3 of 5"):
            await bench.commands.request(LAMPS[2].dev_eui, "dim", {"level": 5})
        await bench.commands.request(LAMPS[0].dev_eui, "dim", {"level": 80})
        await bench.commands.request(LAMPS[2].dev_eui, "dim", {"level": 5})


async def test_commands_an_hour_count_what_was_promised():
    async with begun(commands_an_hour=7) as bench:
        await bench.begin()
        await bench.commands.request(LAMPS[0].dev_eui, "dim", {"level": 40})
        with pytest.raises(Refused, match=r"commands_an_hour is 7: 6 .* adds 5"):
            await bench.begin()


async def test_a_second_person_approves_in_time_and_never_the_first():
    async with begun(two_person_from=3, approve_within_s=100) as bench:
        bulk = await bench.begin()
        late = await bench.begin()
        await bench.pass_time(50)
        assert await bench.all_commands() == []

        async def approve(one, who):
            await bench.store.write(lambda tx: bulks.approve(tx, one.id, who, bench.now_ms))

        with pytest.raises(Refused, match="another person"):
            await approve(bulk, "anna")
        await approve(bulk, "ben")
        with pytest.raises(Refused, match="waits for no approval"):
            await approve(bulk, "ben")
        await bench.pass_time(1)
        assert len(await bench.all_commands()) == 1
        await bench.pass_time(60)
        with pytest.raises(Refused, match="expired"):
            await approve(late, "ben")
        assert (await bench.bulk(late)).state == "expired"


async def test_where_each_command_needs_two_persons_none_goes_alone():
    async with begun(two_person_from=1) as bench:
        with pytest.raises(Refused, match="bulk send"):
            await bench.commands.request(LAMPS[0].dev_eui, "dim", {"level": 40})
        waits = await bench.begin(tags=(), selection=Selection((LAMPS[0].dev_eui,)))
        assert waits.state == "waiting"
        assert (await bench.begin(bench.asked(approved_by="ben"))).state == "running"


async def test_a_limit_that_came_meanwhile_holds_for_those_not_asked_yet():
    async with begun(airtime=0.5) as bench:
        bulk = await bench.begin(level=20)
        await bench.bulks.step()
        bench.settings = replace(
            bench.settings, limits=replace(bench.settings.limits, floor={"P4": 30})
        )
        bench.restart()
        await bench.until_asked(bulk)

        assert len(await bench.all_commands()) == 1
        assert "floor" in (await bench.bulk(bulk)).faults[LAMPS[4].dev_eui]

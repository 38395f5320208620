"""A command without an expiry waits longer than its device is silent."""

import pytest
from msgspec.structs import replace

from gateway.networks.virtual import Network
from gateway.provisioning import PROFILES, Wanted, prepare
from gateway.tests.unit.command_bench import BIN, LAMP, SETTINGS, begun

REBOOT = ("reboot", {})


@pytest.fixture
async def bench():
    async with begun() as made:
        yield made


async def waits_s(bench, dev_eui=BIN.dev_eui, command=REBOOT):
    asked = await bench.commands.request(dev_eui, *command)
    return (asked.expires_at_ms - asked.created_at_ms) // 1000


async def added(bench, profile, **settings):
    wanted = Wanted(name=f"{profile} 2", profile=profile, settings=settings)
    device = (await prepare(Network(), wanted, 5)).device
    await bench.store.write(lambda tx: tx.add_device(device))
    return device.dev_eui


async def interval(bench, config_version=7, **values):
    asked = await bench.commands.request(BIN.dev_eui, "interval", values, 600)
    await bench.commands.step()
    await bench.report(
        asked.token, dev_eui=BIN.dev_eui, **{"config_version": config_version, **values}
    )


@pytest.mark.parametrize("profile", PROFILES)
async def test_a_sleeping_device_has_three_reports_to_get_it(bench, profile):
    facts = PROFILES[profile]
    waits = await waits_s(bench, await added(bench, profile))

    assert waits >= SETTINGS.expires_in_s
    assert facts["class"] == "C" or waits >= 3 * facts["report_s"]


async def test_the_interval_it_was_added_with_counts(bench):
    assert await waits_s(bench, await added(bench, "bin", report_s=86_400)) == 3 * 86_400
    assert await waits_s(bench, await added(bench, "counter", report_s=60)) == 3600


async def test_so_does_the_newest_one_that_it_applied(bench):
    await interval(bench, report_s=7200)
    assert await waits_s(bench) == 3 * 7200
    await interval(bench, sample_s=60)
    assert await waits_s(bench) == 3 * 7200
    await interval(bench, report_s=600)
    assert await waits_s(bench) == 3600


async def test_an_interval_that_0_1_0_stored_counts(bench):
    await interval(bench, report_s=7200)
    (stored,) = await bench.store.read(lambda view: view.commands(BIN.dev_eui, 1))
    older = replace(stored, applied={"config_version": 7, "report": 14_400})
    await bench.store.write(lambda tx: tx.put_command(older))

    assert await waits_s(bench) == 3 * 14_400


async def test_a_lamp_hears_at_once_and_waits_as_configured(bench):
    assert await waits_s(bench, LAMP.dev_eui, ("dim", {"level": 1})) == SETTINGS.expires_in_s


async def test_one_added_before_intervals_were_kept_has_the_usual_one(bench):
    assert replace(BIN).report_s == 0
    assert await waits_s(bench) == 3 * 3600


async def test_an_expiry_that_the_caller_names_is_his(bench):
    asked = await bench.commands.request(BIN.dev_eui, *REBOOT, 60)

    assert asked.expires_at_ms - asked.created_at_ms == 60_000

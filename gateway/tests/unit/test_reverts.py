"""A start of a device undoes commands; whoever asked learns it."""

import pytest
from wire.codec import frame, pack
from wire.enums import ENUMS

from gateway.notices import Transmitted, Uplink
from gateway.tests.unit.command_bench import BIN, LAMP, begun, dim

INTERVAL = {"report_s": 60}


@pytest.fixture
async def bench():
    async with begun() as made:
        yield made


async def boot(bench, device=LAMP, *, boots=2, cause="power", config_version=7, dev_addr="01"):
    fields = {
        "cause": ENUMS["cause"].index(cause), "profile": 2, "major": 0, "minor": 1, "patch": 0,
        "boots": boots, "config_version": config_version, "first_seq": 0, "next_seq": 0,
    }  # fmt: skip
    bench.numbered += 1
    own = {"dev_eui": device.dev_eui, "id": f"up-{bench.numbered}", "at_ms": bench.now_ms}
    data = frame([pack("boot", fields)])
    fcnt = bench.numbered
    await bench.take(Uplink(fcnt=fcnt, fport=20, data=data, dev_addr=dev_addr, **own))


async def applied_dim(bench, **values):
    asked = await bench.commands.request(LAMP.dev_eui, "dim", {"level": 40, **values}, 600)
    await bench.commands.step()
    await bench.hear(Transmitted, f"item-{len(bench.network.sent) - 1}")
    await bench.report(asked.token, level=40, hold=values.get("hold"))
    return asked.id


async def applied_interval(bench, config_version, device=BIN):
    asked = await bench.commands.request(device.dev_eui, "interval", INTERVAL, 600)
    await bench.commands.step()
    own = {"config_version": config_version, **INTERVAL}
    await bench.report(asked.token, dev_eui=device.dev_eui, **own)
    return asked.id


@pytest.mark.parametrize("cause", ["power", "watchdog", "soft"])
async def test_a_lamp_that_restarts_reverts_its_dim_and_says_so(bench, cause):
    asked = await applied_dim(bench)

    await boot(bench, cause=cause)

    ended = await bench.command(asked)
    assert (ended.state, ended.reason) == (
        "reverted",
        f"the device restarted (cause: {cause}) and keeps no dim; the caller asks again",
    )
    assert await bench.states(asked) == ["desired", "queued", "sent", "applied", "reverted"]
    assert ended.final


@pytest.mark.parametrize(("passed_s", "state"), [(500, "reverted"), (700, "applied")])
async def test_a_hold_that_ended_by_itself_is_not_reverted(bench, passed_s, state):
    asked = await applied_dim(bench, hold=10)
    await bench.pass_time(passed_s)

    await boot(bench)

    assert (await bench.command(asked)).state == state


async def test_only_the_dim_in_force_is_reverted(bench):
    first = await applied_dim(bench)
    second = await applied_dim(bench)
    waiting = await dim(bench, 70)

    await boot(bench)

    states = [(await bench.command(one)).state for one in (first, second, waiting.id)]
    assert states == ["applied", "reverted", "desired"]


async def test_a_repeated_report_of_the_same_start_reverts_nothing(bench):
    await boot(bench, dev_addr="01")
    asked = await applied_dim(bench)

    await boot(bench, dev_addr="02")

    assert (await bench.command(asked)).state == "applied"


async def test_each_start_reverts_what_was_applied_since_the_one_before(bench):
    for boots in (2, 3, 4):
        asked = await applied_dim(bench)
        await boot(bench, boots=boots)
        assert (await bench.command(asked)).state == "reverted"


@pytest.mark.parametrize(
    ("applied", "started", "state"),
    [
        (7, 6, "reverted"), (7, 7, "applied"), (7, 8, "applied"), (7, 1, "reverted"),
        (0, 65535, "reverted"), (65535, 0, "applied"),
    ],
)  # fmt: skip
async def test_settings_of_a_lower_version_revert_the_command(bench, applied, started, state):
    asked = await applied_interval(bench, applied)

    await boot(bench, BIN, config_version=started)

    ended = await bench.command(asked)
    assert ended.state == state
    if state == "reverted":
        assert f"from its settings of version {applied} to version {started}" in ended.reason


async def test_a_roll_back_reverts_no_more_than_what_it_undid(bench):
    earlier = await applied_interval(bench, 5)
    later = await applied_interval(bench, 6)

    await boot(bench, BIN, config_version=5)

    assert (await bench.command(earlier)).state == "applied"
    assert (await bench.command(later)).state == "reverted"


async def test_a_reboot_that_was_asked_for_stays_applied(bench):
    asked = await bench.commands.request(LAMP.dev_eui, "reboot", {}, 600)
    await bench.commands.step()
    await bench.report(asked.token)

    await boot(bench, cause="soft")

    assert (await bench.command(asked.id)).state == "applied"


async def test_a_report_that_comes_late_changes_a_reverted_command_no_more(bench):
    asked = await applied_dim(bench)
    await boot(bench)
    await bench.report(1, level=40)

    ended = await bench.command(asked)
    assert (ended.state, ended.history[-1].what) == ("reverted", "late applied")

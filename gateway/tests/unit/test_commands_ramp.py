"""A `dim` with a ramp: the device reports it at the end of the ramp."""

import pytest

from gateway.notices import Transmitted
from gateway.tests.unit.command_bench import LAMP, begun


@pytest.fixture
async def bench():
    async with begun() as made:
        yield made


async def test_a_ramp_has_its_time_before_the_report(bench):
    values = {"level": 10, "ramp": 254}
    asked = await bench.commands.request(LAMP.dev_eui, "dim", values, 60)
    await bench.commands.step()
    await bench.hear(Transmitted)
    bench.network.queue.clear()

    await bench.pass_time(60)
    await bench.pass_time(29)
    await bench.pass_time(224)
    assert len(bench.network.sent) == 1
    await bench.report(1, level=10, ramp=254)

    assert (await bench.command(asked.id)).state == "applied"


async def test_a_ramp_that_is_not_reported_is_asked_for_again(bench):
    values = {"level": 10, "ramp": 254}
    await bench.commands.request(LAMP.dev_eui, "dim", values, 600)
    await bench.commands.step()
    await bench.hear(Transmitted)
    bench.network.queue.clear()

    for seconds in (61, 1, 1, 60 + 190):
        await bench.pass_time(seconds)
        assert len(bench.network.sent) == 1
    await bench.pass_time(2)
    await bench.pass_time(1)
    assert len(bench.network.sent) == 2

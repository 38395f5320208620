"""Commands that a device without the time refuses: sent again until the time runs out."""

import pytest
from wire.words import REASONS

from gateway.notices import Transmitted
from gateway.outcomes import AGAIN_MOST_MS
from gateway.tests.unit.command_bench import BIN, LAMP, begun, dim

CLOCK_UNKNOWN = REASONS.index("clock_unknown")


@pytest.fixture
async def bench():
    async with begun() as made:
        yield made


async def refuse(bench, token=1, device=LAMP):
    """The device takes the frame out of the queue and refuses it."""
    item = list(bench.network.queue)[-1]
    bench.network.queue.pop(item)
    await bench.hear(Transmitted, item, dev_eui=device.dev_eui)
    await bench.report(token, "refused", CLOCK_UNKNOWN, dev_eui=device.dev_eui)


async def test_a_device_that_gets_the_time_applies_it_after_any_number_of_refusals(bench):
    asked = await dim(bench, expires_in_s=3600)
    await bench.commands.step()
    for _ in range(7):
        await refuse(bench)
        await bench.pass_time(AGAIN_MOST_MS / 1000)
    await bench.report(1, level=40)

    ended = await bench.command(asked.id)
    assert (ended.state, ended.attempts) == ("applied", 1)
    assert len({one.data for one in bench.network.sent}) == 1
    assert len(bench.network.sent) == 8


async def test_a_lamp_is_asked_again_soon_then_less_often(bench):
    await dim(bench, expires_in_s=3600)
    for _ in range(600):
        await bench.pass_time(1)
        if bench.network.queue:
            await refuse(bench)

    assert 8 <= len(bench.network.sent) <= 12


async def test_a_sleeping_device_is_asked_again_at_its_next_uplink(bench):
    await bench.commands.request(BIN.dev_eui, "interval", {"report_s": 60}, 3600)
    for _ in range(5):
        await bench.commands.step()
        assert len(bench.network.queue) == 1, "it waits for the uplink"
        await refuse(bench, device=BIN)


async def test_at_its_end_it_says_that_the_device_has_no_time(bench):
    asked = await dim(bench, expires_in_s=600)
    for _ in range(700):
        await bench.pass_time(1)
        if bench.network.queue:
            await refuse(bench)

    ended = await bench.command(asked.id)
    assert ended.state == "failed"
    assert ended.reason.startswith("the device does not know the time yet, and the command's time")


async def test_an_answer_that_is_missing_after_a_refusal_counts_attempts_as_ever(bench):
    asked = await dim(bench, expires_in_s=3600)
    await bench.commands.step()
    await refuse(bench)
    for _ in range(400):
        await bench.pass_time(5)
        for item in list(bench.network.queue):
            bench.network.queue.pop(item)
            await bench.hear(Transmitted, item)

    ended = await bench.command(asked.id)
    assert (ended.state, ended.attempts) == ("unknown", 3)
    assert ended.reason == "the device did not report, after 3 attempts"

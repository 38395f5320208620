"""Superseded commands: what waits at the network server is removed, what is wanted stays."""

import pytest

from gateway.errors import Retry, Unsure
from gateway.tests.unit.command_bench import BIN, LAMP, begun, dim, resend


@pytest.fixture
async def bench():
    async with begun() as made:
        yield made


async def queued(bench, dev_eui=LAMP.dev_eui):
    """Ids of the device's commands whose frames are in the network server's queue, in order."""
    found = []
    for item, one in bench.network.queue.items():
        if one.dev_eui == dev_eui:
            command = await bench.store.read(lambda view, item=item: view.command_of_item(item))
            found.append(command.id)
    return found


async def test_only_the_newest_dim_waits_at_the_network_server(bench):
    for level in (10, 20, 30, 40):
        newest = await dim(bench, level)
        await bench.commands.step()

    assert await queued(bench) == [newest.id]


async def test_what_is_still_wanted_waits_again_and_no_attempt_is_counted(bench):
    first = await resend(bench, 1)
    second = await resend(bench, 9)
    for level in (10, 20, 30, 40, 50):
        newest = await dim(bench, level)
        await bench.commands.step()
        await bench.commands.step()

    assert sorted(await queued(bench)) == sorted([first.id, second.id, newest.id])
    assert (await bench.command(first.id)).attempts == 1
    assert len({one.data for one in bench.network.sent}) == 7


async def test_the_queue_of_another_device_stays(bench):
    other = await bench.commands.request(BIN.dev_eui, "resend", {"first": 1, "count": 1})
    await dim(bench, 10)
    await bench.commands.step()
    await dim(bench, 20)
    await bench.commands.step()

    assert await queued(bench, BIN.dev_eui) == [other.id]
    assert "unknown" not in [step.what for step in (await bench.command(other.id)).history]


async def test_a_dim_in_the_gateway_alone_costs_no_flush(bench):
    await dim(bench, 10)
    await dim(bench, 20)
    await bench.commands.step()

    assert [one.flush for one in bench.network.sent] == [False]


async def test_a_queue_that_holds_nothing_stale_is_not_flushed(bench):
    await dim(bench, 10)
    await bench.commands.step()
    bench.network.queue.clear()
    await dim(bench, 20)
    await bench.commands.step()

    assert [one.flush for one in bench.network.sent] == [False, False]


async def test_a_frame_whose_reply_was_lost_is_removed_too(bench):
    bench.network.failures = [Unsure("no answer")]
    await dim(bench, 10)
    await bench.commands.step()
    await dim(bench, 20)
    newest = await dim(bench, 30)
    await bench.commands.step()

    assert await queued(bench) == [newest.id]


async def test_the_newest_removes_it_also_when_the_one_before_never_left_the_gateway(bench):
    await dim(bench, 10)
    await bench.commands.step()
    bench.network.failures = [Retry("busy", 1)]
    await dim(bench, 20)
    await bench.commands.step()
    newest = await dim(bench, 30)
    await bench.commands.step()

    assert await queued(bench) == [newest.id]


async def test_a_lost_reply_to_the_flush_is_made_good(bench):
    other = await resend(bench)
    await dim(bench, 10)
    await bench.commands.step()
    bench.network.failures = [Unsure("no answer")]
    newest = await dim(bench, 20)
    for _ in range(3):
        await bench.commands.step()

    assert sorted(await queued(bench)) == sorted([other.id, newest.id])

"""A device that somebody deleted at the network server: an event, `device show`, a sentence."""

import msgspec
import pytest

from gateway.absences import Absences
from gateway.errors import Retry
from gateway.events import Event
from gateway.seen import Seen
from gateway.tests.unit.command_bench import BIN, LAMP, begun, dim
from gateway.usecases.devices import troubles_of

CODE = "DELETED_AT_NETWORK_SERVER"


@pytest.fixture
async def bench():
    async with begun() as made:
        yield made


def absences(bench):
    return Absences(bench.store, bench.network, lambda: bench.now_ms)


async def events(bench):
    entries = await bench.store.read(lambda view: view.events(kind="trouble"))
    return [msgspec.json.decode(one.body, type=Event) for one in entries]


async def troubles(bench, device):
    return troubles_of(Seen.load(await bench.store.read(lambda view: view.seen(device.dev_eui))))


async def test_a_deleted_device_makes_one_event_and_is_shown(bench):
    looking = absences(bench)
    await looking.look()
    await bench.network.unregister(BIN.dev_eui)
    for _ in range(3):
        await looking.look()
        bench.now_ms += 7_200_000

    (event,) = await events(bench)
    (shown,) = await troubles(bench, BIN)
    assert (event.subject, event.data["code"], shown.code) == (BIN.dev_eui, CODE, CODE)
    assert event.data["reason"] == shown.reason
    assert "no longer has this device and drops its frames" in shown.reason
    assert "the operator runs `lamplighter device remove`" in shown.reason
    assert await troubles(bench, LAMP) == []


async def test_it_is_over_when_the_device_is_there_again(bench):
    await bench.network.unregister(BIN.dev_eui)
    await absences(bench).look()
    await bench.network.register(BIN, "00" * 16)
    await absences(bench).look()

    assert await troubles(bench, BIN) == []
    await bench.network.unregister(BIN.dev_eui)
    await absences(bench).look()
    assert len(await events(bench)) == 2


async def test_a_server_that_does_not_answer_says_nothing_of_devices(bench):
    bench.network.away = Retry("it does not answer")

    with pytest.raises(Retry):
        await absences(bench).look()

    assert await events(bench) == []


async def test_a_command_to_a_deleted_device_fails_at_once_and_says_why(bench):
    await bench.network.unregister(LAMP.dev_eui)
    first = await dim(bench)
    await bench.commands.step()
    second = await dim(bench)
    await bench.commands.step()

    for asked in (first, second):
        ended = await bench.command(asked.id)
        assert ended.state == "failed"
        assert "somebody deleted it there; the operator runs" in ended.reason
    assert [one.data["code"] for one in await events(bench)] == [CODE]


async def test_one_deleted_while_a_command_waits_for_its_reply(bench):
    asked = await dim(bench, expires_in_s=600)
    await bench.commands.step()
    await bench.network.unregister(LAMP.dev_eui)
    await bench.pass_time(120)  # it is in the queue no more
    await bench.pass_time(1)

    assert (await bench.command(asked.id)).state == "unknown", "it may have been transmitted"
    assert [one.data["code"] for one in await events(bench)] == [CODE]

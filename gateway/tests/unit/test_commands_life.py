"""Commands: asked once, cancelled, looked for after a join or a lost notice, ended honestly."""

import asyncio

import pytest

from gateway.errors import Refused, Retry, Unknown, Unsure
from gateway.lifecycle import IN_FLIGHT, LOOK_MS, NO_REPORT, NO_TRACE, SETTLE_MS, TIMED_OUT
from gateway.notices import Joined, Transmitted, Trouble
from gateway.outcomes import JOINED
from gateway.tests.unit.command_bench import BIN, LAMP, START_MS, begun, dim, resend

CLOCK_UNKNOWN = 7
"""Of wire.words.REASONS."""


@pytest.fixture
async def bench():
    async with begun() as made:
        yield made


async def keyed(bench, level, key="k1"):
    return await bench.commands.request(LAMP.dev_eui, "dim", {"level": level}, 600, key)


async def joined(bench):
    bench.numbered += 1
    stamp = {"dev_eui": LAMP.dev_eui, "id": f"join-{bench.numbered}", "at_ms": bench.now_ms}
    await bench.take(Joined(dev_addr=f"{bench.numbered:08x}", **stamp))


def whats(command):
    return [step.what for step in command.history]


# An idempotency key


async def test_a_request_repeated_with_its_key_is_asked_once(bench):
    first = await keyed(bench, 40)
    await bench.commands.step()
    again = await keyed(bench, 40)

    assert again.id == first.id
    assert again.state == "queued"
    assert len(await bench.store.read(lambda view: view.commands())) == 1


async def test_a_key_is_known_after_the_command_has_ended(bench):
    first = await keyed(bench, 40)
    await bench.commands.step()
    await bench.report(1)

    again = await keyed(bench, 40)

    assert (again.id, again.state) == (first.id, "applied")


async def test_a_key_for_something_else_is_refused(bench):
    first = await keyed(bench, 40)
    with pytest.raises(Refused, match=f"that of command {first.id}, which asked for something"):
        await keyed(bench, 41)


# Cancelling


async def test_what_only_the_gateway_has_is_cancelled_at_once(bench):
    asked = await dim(bench)
    assert (await bench.commands.cancel(asked.id)).state == "cancelled"
    await bench.commands.step()

    assert bench.network.sent == []
    assert await bench.states(asked.id) == ["desired", "cancelled"]
    assert (await bench.commands.cancel(asked.id)).state == "cancelled", "again is no error"


async def test_what_the_network_server_has_is_taken_back_first(bench):
    asked, other = await dim(bench), await resend(bench)
    await bench.commands.step()
    assert len(bench.network.queue) == 2

    assert (await bench.commands.cancel(asked.id)).state == "queued"
    await bench.commands.step()
    assert bench.network.queue == {}
    await bench.pass_time(SETTLE_MS / 1000 - 1)
    assert (await bench.command(asked.id)).state == "queued", "it may be under way"
    await bench.pass_time(1)

    assert (await bench.command(asked.id)).state == "cancelled"
    left = [one.data for one in bench.network.queue.values()]
    assert left == [bench.network.sent[1].data], "the other one is submitted again"
    assert (await bench.command(other.id)).attempts == 1


async def test_a_frame_that_was_under_way_is_not_called_cancelled(bench):
    asked = await dim(bench)
    await bench.commands.step()
    await bench.commands.cancel(asked.id)
    await bench.commands.step()
    await bench.hear(Transmitted)
    await bench.pass_time(SETTLE_MS / 1000)
    assert (await bench.command(asked.id)).state == "sent"
    await bench.pass_time(100)
    await bench.pass_time(1)

    ended = await bench.command(asked.id)
    assert ended.state == "unknown"
    assert ended.reason.startswith("it was transmitted before it could be cancelled")
    assert len(bench.network.sent) == 1, "and it is not sent again"


@pytest.mark.parametrize("repetitions", [1, 2])
async def test_a_refusal_that_comes_again_says_nothing_of_the_next_frame(bench, repetitions):
    asked = await dim(bench)
    await bench.commands.step()
    bench.network.queue.clear()  # it was transmitted, and the notice was lost
    await bench.report(1, "refused", reason=CLOCK_UNKNOWN)
    await bench.pass_time(11)
    assert list(bench.network.queue) == ["item-1"]
    for _ in range(repetitions):
        await bench.report(1, "refused", reason=CLOCK_UNKNOWN)
    await bench.commands.cancel(asked.id)
    await bench.commands.step()

    assert bench.network.queue == {}, "the second frame must not go out any more"
    await bench.pass_time(SETTLE_MS / 1000)
    assert (await bench.command(asked.id)).state == "cancelled"


async def test_what_was_transmitted_cannot_be_cancelled(bench):
    asked = await dim(bench)
    await bench.commands.step()
    await bench.hear(Transmitted)
    with pytest.raises(Refused, match="is sent: it is transmitted already"):
        await bench.commands.cancel(asked.id)
    await bench.report(1)
    with pytest.raises(Refused, match="is applied: it has ended"):
        await bench.commands.cancel(asked.id)
    with pytest.raises(Unknown, match="there is no command nobody"):
        await bench.commands.cancel("nobody")


async def test_a_cancellation_waits_for_a_network_server_that_is_away(bench):
    asked = await dim(bench)
    await bench.commands.step()
    await bench.commands.cancel(asked.id)
    bench.network.away = Retry("away", 5)
    await bench.pass_time(1)
    assert (await bench.command(asked.id)).state == "queued"
    bench.network.away = None
    await bench.pass_time(5)
    await bench.pass_time(SETTLE_MS / 1000)

    assert (await bench.command(asked.id)).state == "cancelled"


async def test_one_that_is_cancelled_while_its_reply_is_awaited_is_taken_back(bench):
    asked, send = await dim(bench), bench.network.send

    async def cancelled_meanwhile(downlink):
        await bench.commands.cancel(asked.id)
        return await send(downlink)

    bench.network.send = cancelled_meanwhile
    await bench.commands.step()
    await bench.commands.step()
    assert bench.network.queue == {}
    await bench.pass_time(SETTLE_MS / 1000)

    assert (await bench.command(asked.id)).state == "cancelled"


async def test_cancelling_removes_the_frame_of_what_it_superseded(bench):
    await dim(bench, 10)
    await bench.commands.step()
    newer = await dim(bench, 20)
    await bench.commands.cancel(newer.id)
    await bench.commands.step()
    await bench.pass_time(SETTLE_MS / 1000)

    assert bench.network.queue == {}
    assert (await bench.command(newer.id)).state == "cancelled"


async def test_what_was_found_in_the_queue_after_a_join_is_taken_back_first(bench):
    asked = await dim(bench)
    await bench.commands.step()
    await joined(bench)
    await bench.commands.step()
    assert (await bench.commands.cancel(asked.id)).state == "queued"
    await bench.commands.step()

    assert bench.network.queue == {}


# A join, and notices that did not come


async def test_what_a_join_flushed_is_submitted_again_at_once(bench):
    asked = await dim(bench)
    await bench.commands.step()
    bench.network.queue.clear()
    await joined(bench)
    await bench.commands.step()

    command = await bench.command(asked.id)
    assert len(bench.network.sent) == 2
    assert (command.attempts, command.state) == (1, "queued")
    assert [step.note for step in command.history if step.what == "unknown"] == [JOINED]


async def test_what_a_join_left_in_the_queue_is_found_there(bench):
    asked = await dim(bench)
    await bench.commands.step()
    await joined(bench)
    await bench.commands.step()

    assert len(bench.network.sent) == 1
    assert whats(await bench.command(asked.id))[-2:] == ["unknown", "enqueued"]


async def test_a_notice_that_was_lost_is_asked_for_before_it_is_sent_again(bench):
    asked = await dim(bench)
    await bench.commands.step()
    bench.network.queue.clear()
    stamp = {"dev_eui": LAMP.dev_eui, "id": "lost", "at_ms": START_MS}
    bench.network.history.append(Transmitted(queue_item_id="item-0", **stamp))
    await bench.pass_time(LOOK_MS / 1000)
    (envelope,) = await asyncio.wait_for(anext(bench.network.uplinks()), 5)
    await bench.take(bench.network.parse(envelope))

    assert len(bench.network.sent) == 1
    assert (await bench.command(asked.id)).state == "sent"


# How many are under way


async def test_the_node_still_knows_what_may_be_repeated(bench):
    for number in range(IN_FLIGHT + 2):
        await resend(bench, number)
    for _ in range(3):
        await bench.commands.step()
    assert len(bench.network.sent) == IN_FLIGHT

    await bench.report(1)
    await bench.commands.step()

    assert len(bench.network.sent) == IN_FLIGHT + 1


# Its end says no more than is known


@pytest.mark.parametrize(
    ("heard", "state", "reason"),
    [
        ("nothing", "expired", TIMED_OUT),
        ("gone", "unknown", NO_TRACE),
        ("sent", "unknown", NO_REPORT),
    ],
)
async def test_at_its_end_the_queue_says_whether_it_went_out(bench, heard, state, reason):
    asked = await dim(bench, expires_in_s=30)
    await bench.commands.step()
    if heard != "nothing":
        bench.network.queue.clear()
    if heard == "sent":
        await bench.hear(Transmitted)
    await bench.pass_time(30)
    await bench.pass_time(30)

    ended = await bench.command(asked.id)
    assert (ended.state, ended.reason) == (state, reason)


async def test_of_a_network_server_that_is_away_at_the_end_nobody_knows(bench):
    asked = await dim(bench, expires_in_s=30)
    await bench.commands.step()
    bench.network.away = Retry("away")
    await bench.pass_time(60)

    assert (await bench.command(asked.id)).state == "unknown"


async def test_a_copy_of_which_nothing_is_known_may_have_run(bench):
    asked = await dim(bench, expires_in_s=600)
    await bench.commands.step()
    bench.network.queue.clear()
    await bench.pass_time(LOOK_MS / 1000)
    await bench.pass_time(0)
    assert len(bench.network.queue) == 1, "the second copy waits"
    await bench.pass_time(540)
    await bench.pass_time(30)

    assert (await bench.command(asked.id)).state == "unknown"


@pytest.mark.parametrize(("lost", "state"), [(False, "expired"), (True, "unknown")])
async def test_what_is_dropped_after_a_copy_was_lost_may_have_run(bench, lost, state):
    if lost:
        bench.network.failures = [Unsure("no answer")]
    asked = await dim(bench)
    await bench.commands.step()
    if lost:
        bench.network.queue.clear()
        await bench.commands.step()
    command = await bench.command(asked.id)
    await bench.hear(
        Trouble, item=command.queue_item_id, code="EXPIRED", description="", dropped=True
    )

    assert (await bench.command(asked.id)).state == state


async def test_a_class_a_device_has_a_deadline_for_each_step(bench):
    asked = await bench.commands.request(BIN.dev_eui, "interval", {"report_s": 60}, 3600)
    due = [asked.next_at_ms - START_MS]
    await bench.commands.step()
    due.append((await bench.command(asked.id)).next_at_ms - START_MS)
    await bench.hear(Transmitted, dev_eui=BIN.dev_eui)
    due.append((await bench.command(asked.id)).next_at_ms - START_MS)

    assert due == [0, LOOK_MS, 600_000]

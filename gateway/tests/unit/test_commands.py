"""Commands: each step, each way to fail, and its end."""

import asyncio

import pytest
from msgspec.structs import replace
from wire.commands import unpack_command

from gateway.devices import Applied
from gateway.errors import Refused, Retry, Unsure
from gateway.events import JoinedData
from gateway.lifecycle import LOOK_MS, NO_REPORT, TIMED_OUT
from gateway.networks import virtual
from gateway.notices import Answered, Transmitted, Trouble
from gateway.outcomes import reported
from gateway.tests.unit.command_bench import BIN, LAMP, START_MS, begun, dim


@pytest.fixture
async def bench():
    async with begun() as made:
        yield made


async def test_a_command_goes_its_way_to_applied(bench):
    asked = await dim(bench)
    assert (asked.state, asked.token, asked.expires_at_ms) == ("desired", 1, START_MS + 600_000)

    await bench.commands.step()
    (sent,) = bench.network.sent
    assert (sent.dev_eui, sent.fport, sent.confirmed) == (LAMP.dev_eui, 30, True)
    assert unpack_command(30, sent.data) == (
        "dim",
        {"token": 1, "expires": START_MS // 1000 + 600, "level": 40, "ramp": None, "hold": None,
         "over_presence": None},
    )  # fmt: skip
    await bench.hear(Transmitted)
    await bench.hear(Answered, acknowledged=True)
    await bench.report(1, level=40, ramp=1)

    ended = await bench.command(asked.id)
    assert (ended.state, ended.reason) == ("applied", "")
    assert ended.applied == {"config_version": 7, "level": 40, "ramp": 1}
    assert [one.what for one in ended.history] == [
        "desired", "submitted", "enqueued", "sent", "acked", "applied",
    ]  # fmt: skip
    assert await bench.states(asked.id) == ["desired", "queued", "sent", "acked", "applied"]


async def test_a_command_of_a_removed_device_fails(bench):
    asked = await dim(bench)
    await bench.store.write(lambda tx: tx.remove_device(LAMP.dev_eui))
    await bench.commands.step()

    ended = await bench.command(asked.id)
    assert (ended.state, ended.reason) == (
        "failed", "the device was removed; the caller adds it and asks again",
    )  # fmt: skip
    assert bench.network.sent == []


async def test_a_command_of_a_device_whose_decoder_is_gone_fails(bench):
    asked = await dim(bench)
    await bench.store.write(lambda tx: tx.remove_device(LAMP.dev_eui))
    await bench.store.write(lambda tx: tx.add_device(replace(LAMP, decoder="gone")))
    await bench.commands.step()

    ended = await bench.command(asked.id)
    assert ended.state == "failed"
    assert ended.reason.startswith("there is no decoder 'gone'; expected one of: ")
    assert ", lamplighter, " in ended.reason


@pytest.mark.parametrize(
    ("name", "values", "state"),
    [
        ("dim", {"level": 40}, "applied"),
        ("dim", {}, "applied"),
        ("dim", {"level": 41}, "queued"),
        ("interval", {}, "queued"),
    ],
)
async def test_a_device_without_tokens_confirms_by_what_it_set(bench, name, values, state):
    asked = await dim(bench)
    await bench.commands.step()
    later = await bench.commands.request(BIN.dev_eui, "interval", {"report_s": 60})
    report = Applied(name=name, values=values)

    await bench.store.write(lambda tx: reported(tx, LAMP.dev_eui, report, bench.now_ms))

    assert (await bench.command(asked.id)).state == state
    assert (await bench.command(later.id)).state == "desired"


async def test_a_device_without_tokens_confirms_nothing_that_was_not_sent(bench):
    asked = await dim(bench)
    report = Applied(name="dim", values={"level": 40})

    await bench.store.write(lambda tx: reported(tx, LAMP.dev_eui, report, bench.now_ms))

    assert (await bench.command(asked.id)).state == "desired"


async def test_the_settings_say_when_a_command_expires(bench):
    asked = await bench.commands.request(LAMP.dev_eui, "reboot", {})

    assert asked.expires_at_ms == START_MS + 3_600_000


async def test_the_device_may_refuse(bench):
    asked = await dim(bench)
    await bench.commands.step()
    await bench.report(1, "refused", 5)

    ended = await bench.command(asked.id)
    assert (ended.state, ended.reason) == (
        "refused", "a technician holds it on the spot; the caller asks again later",
    )  # fmt: skip


async def test_a_notice_that_overtakes_the_reply_is_not_lost(bench):
    async def send(downlink):
        item = bench.network.enqueue(downlink)
        await bench.hear(Transmitted, item)
        await bench.hear(Answered, item, acknowledged=True)
        return virtual.Receipt(item)

    bench.network.send = send
    asked = await dim(bench)
    await bench.commands.step()

    assert await bench.states(asked.id) == ["desired", "queued", "sent", "acked"]


async def test_notices_about_an_unknown_item_change_nothing(bench):
    asked = await dim(bench)
    await bench.commands.step()
    await bench.hear(Transmitted, "other-item")
    await bench.hear(Answered, "other-item", acknowledged=False)
    await bench.report(4711)

    assert (await bench.command(asked.id)).state == "queued"


async def test_a_later_one_of_the_same_name_supersedes(bench):
    first, second = await dim(bench, 10), await dim(bench, 20)
    other = await bench.commands.request(BIN.dev_eui, "resend", {"first": 1, "count": 1})
    again = await bench.commands.request(BIN.dev_eui, "resend", {"first": 9, "count": 1})

    assert (await bench.command(first.id)).state == "superseded"
    assert (await bench.command(first.id)).reason == f"by command {second.id}"
    assert {(await bench.command(one.id)).state for one in (second, other, again)} == {"desired"}
    await bench.commands.step()
    assert len(bench.network.sent) == 3


async def test_no_acknowledgement_means_again_with_the_same_bytes(bench):
    asked = await dim(bench)
    await bench.commands.step()
    for number in range(3):
        item = f"item-{number}"
        await bench.hear(Transmitted, item)
        bench.network.queue.pop(item)
        await bench.hear(Answered, item, acknowledged=False)
        await bench.pass_time(1)

    ended = await bench.command(asked.id)
    assert len({one.data for one in bench.network.sent}) == 1
    assert len(bench.network.sent) == 3
    assert (ended.state, ended.reason) == (
        "unknown", "the device did not acknowledge it, after 3 attempts",
    )  # fmt: skip
    assert await bench.states(asked.id) == ["desired", "queued", "sent", "unknown"]


@pytest.mark.parametrize(
    ("code", "state"),
    [("EXPIRED", "expired"), ("DOWNLINK_PAYLOAD_SIZE", "failed"), ("F_CNT_DOWN", "queued")],
)
async def test_what_the_network_server_drops_ends_or_is_sent_again(bench, code, state):
    asked = await dim(bench)
    await bench.commands.step()
    bench.network.queue.clear()
    await bench.hear(Trouble, code=code, description="x", dropped=True)
    await bench.pass_time(1)

    assert (await bench.command(asked.id)).state == state
    assert len(bench.network.sent) == (2 if state == "queued" else 1)


async def test_trouble_that_drops_nothing_changes_nothing(bench):
    asked = await dim(bench)
    await bench.commands.step()
    await bench.hear(Trouble, item="", code="DOWNLINK_GATEWAY", description="TOO_LATE")

    assert (await bench.command(asked.id)).history[-1].what == "enqueued"


async def test_a_refusal_of_the_network_server_ends_the_command(bench):
    bench.network.failures = [Refused("the network server says NOT_FOUND")]
    asked = await dim(bench)
    await bench.commands.step()

    ended = await bench.command(asked.id)
    assert (ended.state, ended.reason) == ("failed", "the network server says NOT_FOUND")


async def test_what_was_surely_not_taken_costs_no_attempt(bench):
    bench.network.failures = [Retry("away", 5)] * 10
    asked = await dim(bench)
    for _ in range(11):
        await bench.pass_time(5)

    command = await bench.command(asked.id)
    assert (command.attempts, command.state, len(bench.network.sent)) == (1, "queued", 1)
    assert [one.what for one in command.history].count("unknown") == 0


async def test_a_lost_reply_is_looked_for_before_it_is_sent_again(bench):
    bench.network.failures = [Unsure("no answer")]
    asked = await dim(bench)
    await bench.commands.step()
    await bench.commands.step()

    command = await bench.command(asked.id)
    assert len(bench.network.sent) == 1
    assert command.queue_item_id == "item-0"
    assert [one.what for one in command.history] == ["desired", "submitted", "unknown", "enqueued"]


async def test_after_a_crash_while_submitting_nothing_is_submitted_twice(bench):
    async def dies(downlink):
        bench.network.enqueue(downlink)
        raise asyncio.CancelledError

    send, bench.network.send = bench.network.send, dies
    asked = await dim(bench)
    with pytest.raises(asyncio.CancelledError):
        await bench.commands.step()
    bench.network.send = send
    bench.restart()
    for _ in range(3):
        await bench.pass_time(1)

    command = await bench.command(asked.id)
    assert len(bench.network.sent) == 1
    assert [one.what for one in command.history] == ["desired", "submitted", "unknown", "enqueued"]


async def test_after_a_crash_before_the_submission_it_is_made(bench):
    asked = await dim(bench)
    bench.restart()
    await bench.commands.step()

    assert len(bench.network.sent) == 1
    assert (await bench.command(asked.id)).attempts == 1


async def test_an_item_that_vanished_from_the_queue_is_sent_again(bench):
    asked = await dim(bench)
    await bench.commands.step()
    await bench.pass_time(LOOK_MS / 1000)
    assert len(bench.network.sent) == 1, "it waits in the queue"

    bench.network.queue.clear()
    await bench.pass_time(LOOK_MS / 1000)
    await bench.pass_time(1)

    assert len(bench.network.sent) == 2
    assert "unknown" in [one.what for one in (await bench.command(asked.id)).history]


async def test_a_lamp_that_does_not_report_gets_it_again(bench):
    asked = await dim(bench)
    await bench.commands.step()
    await bench.hear(Transmitted)
    bench.network.queue.clear()
    await bench.pass_time(59)
    await bench.pass_time(2)
    await bench.pass_time(1)
    assert len(bench.network.sent) == 2
    await bench.hear(Transmitted, "item-1")
    await bench.report(1)

    assert await bench.states(asked.id) == ["desired", "queued", "sent", "applied"]


async def test_a_sleeper_has_longer_to_report(bench):
    await bench.commands.request(BIN.dev_eui, "interval", {"report_s": 60}, 3600)
    await bench.commands.step()
    await bench.hear(Transmitted, dev_eui=BIN.dev_eui)
    bench.network.queue.clear()
    await bench.pass_time(599)

    assert len(bench.network.sent) == 1


async def test_a_command_ends_at_its_expiry_when_it_was_never_given_away(bench):
    bench.network.failures = [Retry("away", 100)] * 100
    asked = await dim(bench, expires_in_s=60)
    for _ in range(3):
        await bench.pass_time(20)

    ended = await bench.command(asked.id)
    assert (ended.state, ended.reason) == ("expired", TIMED_OUT)
    assert ended.updated_at_ms == asked.expires_at_ms


async def test_a_command_that_waits_at_the_network_server_ends_after_the_grace(bench):
    asked = await dim(bench, expires_in_s=60)
    await bench.commands.step()
    await bench.pass_time(60)
    await bench.pass_time(29)
    assert (await bench.command(asked.id)).state == "queued"
    await bench.pass_time(1)

    assert (await bench.command(asked.id)).state == "expired"


async def test_of_a_transmitted_command_without_a_report_nobody_knows_after_the_grace(bench):
    asked = await dim(bench, expires_in_s=30)
    await bench.commands.step()
    await bench.hear(Transmitted)
    await bench.pass_time(30)
    await bench.pass_time(30)

    ended = await bench.command(asked.id)
    assert (ended.state, ended.reason) == (
        "unknown", NO_REPORT,
    )  # fmt: skip
    await bench.report(1)
    late = await bench.command(asked.id)
    assert (late.state, late.history[-1].what) == ("unknown", "late applied")


async def test_a_transmission_after_the_expiry_does_not_put_off_the_end(bench):
    asked = await dim(bench, expires_in_s=60)
    await bench.commands.step()
    await bench.pass_time(61)
    await bench.hear(Transmitted)
    await bench.pass_time(29)

    assert (await bench.command(asked.id)).state == "unknown"


async def test_devices_do_not_wait_for_each_other(bench):
    async def send(downlink):
        if downlink.dev_eui == LAMP.dev_eui:
            raise Retry("no answer", 60)
        return virtual.Receipt(bench.network.enqueue(downlink))

    bench.network.send = send
    await dim(bench)
    await bench.commands.request(BIN.dev_eui, "interval", {"report_s": 60})
    await bench.commands.step()

    assert [one.dev_eui for one in bench.network.sent] == [BIN.dev_eui]


async def test_the_loop_sends_at_once_what_is_asked(bench):
    sent, send = asyncio.Event(), bench.network.send

    async def sends(downlink):
        sent.set()
        return await send(downlink)

    bench.network.send = sends
    running = asyncio.create_task(bench.commands.run())
    await asyncio.sleep(0)
    await dim(bench)
    await asyncio.wait_for(sent.wait(), 0.9)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_the_loop_does_not_look_after_each_reading(bench):
    looks = []
    read = bench.store.read

    async def reads(question):
        looks.append(question)
        return await read(question)

    bench.store.read = reads
    running = asyncio.create_task(bench.commands.run())
    await asyncio.sleep(0.05)
    began = len(looks)
    data = JoinedData(dev_eui=LAMP.dev_eui, device="lamp", dev_addr="01")
    for at in range(20):
        await bench.store.write(lambda tx, at=at: tx.append("joined", LAMP.dev_eui, at, data))
        await asyncio.sleep(0.005)
    assert len(looks) - began <= 1  # its own poll
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

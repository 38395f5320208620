"""What a subscription hands out at once is bounded for each sender, whatever the broker sends."""

import asyncio

import pytest
from structlog.testing import capture_logs

from gateway.networks._connection import RECEIVE_MOST, Connection
from gateway.networks._subscription import Subscription
from gateway.seen.frames import FRAMES
from gateway.tests.contract.paho_connection import PahoConnection
from gateway.tests.contract.scripted_broker import CONNACK, Scripted, publish

KEPT = bytes.fromhex("2003010000")


def test_a_broker_has_fewer_messages_in_flight_than_frames_are_told_apart():
    assert RECEIVE_MOST < FRAMES


async def test_a_batch_has_no_more_of_one_sender_than_may_come_again():
    """mosquitto 2.0 sends more than the receive maximum after the first acknowledgement."""
    broker = Scripted()
    async with broker.listening() as where, Subscription(where) as subscription:
        await asyncio.wait_for(broker.here.wait(), 10)
        kinds = ("up", "ack")
        sent = [f"a/flooding/{kinds[n % 2]}" for n in range(120)]
        sent[100:100] = [f"a/{n}/up" for n in range(80)]
        broker.writer.write(b"".join(publish(n + 1, topic=one) for n, one in enumerate(sent)))

        got = []
        async with asyncio.timeout(10):
            async for batch in subscription.batches():
                got.append([one.topic for one in batch])
                for one in batch:
                    one.acknowledge()
                if sum(map(len, got)) == len(sent):
                    break

    flooding = [sum(one.startswith("a/flooding/") for one in batch) for batch in got]
    assert [topic for batch in got for topic in batch] == sent, "in order"
    assert max(flooding) <= RECEIVE_MOST
    assert max(map(len, got)) > RECEIVE_MOST, "other senders share a batch with it"


async def connected_twice(broker, kind, later):
    """What is logged while a subscription stands, is lost, and stands again."""
    with capture_logs() as logged:
        async with broker.listening() as where, Subscription(where, kind):
            for _ in range(2):
                await asyncio.wait_for(broker.here.wait(), 10)
                broker.here.clear()
                await asyncio.sleep(0.1)
                broker.connack = later
                broker.writer.close()
    return [one["event"] for one in logged]


@pytest.mark.parametrize("kind", [Connection, PahoConnection])
@pytest.mark.parametrize(("later", "count"), [(CONNACK, 1), (KEPT, 0)])
async def test_a_broker_that_forgot_the_session_is_named(kind, later, count):
    logged = await connected_twice(Scripted(), kind, later)

    told = [one for one in logged if "has forgotten our session" in one]
    assert len(told) == count
    assert logged.count("listening") == 2


async def test_a_broker_that_keeps_a_session_for_a_shorter_time_is_named():
    broker = Scripted(bytes.fromhex("2008000005110000003c"))
    with capture_logs() as logged:
        async with broker.listening() as where, Subscription(where):
            await asyncio.wait_for(broker.here.wait(), 10)
            await asyncio.sleep(0.1)

    [told] = [one for one in logged if "a shorter time than asked for" in one["event"]]
    assert told["kept_s"] == 60

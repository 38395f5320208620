"""What a subscription hands out at once is bounded for each sender, whatever the broker sends."""

import asyncio

from gateway.networks._connection import RECEIVE_MOST
from gateway.networks._subscription import Subscription
from gateway.seen.frames import FRAMES
from gateway.tests.contract.scripted_broker import Scripted, publish


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

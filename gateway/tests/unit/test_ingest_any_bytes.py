"""Any frame and any message is kept and acknowledged, in its order."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.tests.unit.test_ingest import BIN, Bench


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=60)), max_size=20))
def test_no_frame_of_a_device_is_lost_or_raises(frames):
    async def run():
        async with Bench() as bench:
            await bench.store.write(lambda tx: tx.add_device(BIN))
            await bench.take(*(bench.raw(fport, data) for fport, data in frames))
            assert bench.network.acknowledged == list(range(len(frames)))

    asyncio.run(run()) if frames else None


@settings(deadline=None)
@given(st.lists(st.binary(max_size=80), min_size=1, max_size=20))
def test_no_message_is_lost_or_raises(messages):
    async def run():
        async with Bench() as bench:
            await bench.take(*messages)
            kept = await bench.store.read(lambda view: view.quarantined(limit=1000))
            assert [one.body for one in kept] == messages
            assert bench.network.acknowledged == list(range(len(messages)))

    asyncio.run(run())

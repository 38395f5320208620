"""Ten thousand devices that nobody added cost next to nothing, and are told of a few times."""

import time

from gateway.store.sql.changes import QUARANTINED_MOST
from gateway.tests.unit.test_ingest import BIN, Bench, reading

STRANGERS = 10_000
HOUR_MS = 3_600_000
GROUP = 500


async def taken(bench, frames):
    """Processor time of taking frames, s."""
    began = time.process_time()
    for at in range(0, len(frames), GROUP):
        await bench.take(*frames[at : at + GROUP])
    return time.process_time() - began


async def test_ten_thousand_strangers_are_told_of_in_few_events_and_leave_no_state():
    async with Bench() as bench:
        await bench.store.write(lambda tx: tx.add_device(BIN))
        frames = [
            bench.raw(10, b"\x00" * 12, dev_eui=f"{number:016x}", id=f"s-{number}")
            for number in range(1 << 40, (1 << 40) + STRANGERS)
        ]
        known = [bench.uplink("bin", reading(number)) for number in range(1000)]
        for_strangers = await taken(bench, frames) / STRANGERS
        for_known = await taken(bench, known) / len(known)

        told = await bench.events("quarantined")
        assert len(told) == 5, "the first ones; the rest wait for the event of the hour"
        assert len(await bench.events("reading")) == 1000
        assert for_strangers < 3 * for_known

        bench.now_ms += HOUR_MS
        await bench.ingest.settle_once()
        told = await bench.events("quarantined")
        assert [one.data["count"] for one in told] == [1] * 5 + [STRANGERS - 5]
        seen = await bench.store.read(
            lambda view: [view.seen(one.dev_eui) for one in frames[:: STRANGERS // 100]]
        )
        assert not any(seen), "nothing is kept of each"
        kept = await bench.store.read(lambda view: view.quarantined(limit=2 * STRANGERS))
        assert len(kept) <= QUARANTINED_MOST + 100


async def test_devices_of_another_application_leave_nothing_at_all():
    async with Bench() as bench:
        frames = [
            bench.raw(10, b"\x00", dev_eui=f"{number:016x}", foreign=True)
            for number in range(1000)
        ]

        await taken(bench, frames)

        assert bench.ingest.passed == len(frames)
        assert await bench.events() == []
        assert await bench.store.read(lambda view: view.quarantined()) == []

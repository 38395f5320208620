"""Messages that come together are kept together; a bad one keeps none from being kept."""

from msgspec.structs import replace

from gateway.store.sqlite import Store
from gateway.tests.unit.test_ingest import BIN, Bench, reading


class Counting(Store):
    """Counts the changes that it is given."""

    writes = 0

    async def write(self, change, **how):
        self.writes += 1
        return await super().write(change, **how)


async def test_messages_that_come_together_are_kept_by_one_change():
    async with Bench(Counting()) as bench:
        await bench.store.write(lambda tx: tx.add_device(BIN))
        before = bench.store.writes

        await bench.take(*[bench.uplink("bin", reading(n)) for n in range(20)])

        assert bench.store.writes == before + 1
        assert [one.data["seq"] for one in await bench.events("reading")] == list(range(20))


async def test_of_a_batch_the_bad_message_alone_is_quarantined():
    async with Bench() as bench:
        other = replace(BIN, dev_eui="0" * 16, name="other")
        await bench.store.write(lambda tx: (tx.add_device(BIN), tx.add_device(other)))
        await bench.store.write(lambda tx: tx.put_seen(other.dev_eui, b"rubbish"))
        frames = [bench.uplink("bin", reading(n)) for n in range(6)]
        frames[3] = replace(frames[3], dev_eui=other.dev_eui)

        await bench.take(*frames)

        [kept] = await bench.store.read(lambda view: view.quarantined())
        assert kept.dev_eui == other.dev_eui
        assert [one.data["seq"] for one in await bench.events("reading")] == [0, 1, 2, 4, 5]
        assert bench.network.acknowledged == list(range(6))

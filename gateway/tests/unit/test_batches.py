"""A batch of readings: an event for each, with its number and time, as if it had come alone."""

from wire import batch
from wire.codec import entry, pack
from wire.meaning import EXAMPLES

from gateway.seen.gaps import LONG_SETTLE_MS
from gateway.tests.unit.test_ingest import BIN, START_MS, Bench, bench, reading

__all__ = ["bench"]
FILLS = (50, None, 53)
AGES = (1200, 600, 0)


def records(first: int = 100):
    return [
        EXAMPLES["bin"][0] | {"seq": first + at, "age": 0, "fill": fill}
        for at, fill in enumerate(FILLS)
    ]


def frame(first: int = 100, ages=AGES, kept=None) -> bytes:
    return batch.pack(entry("bin")[1], [pack("bin", one) for one in records(first)], ages, kept)


def told(events):
    return [(one.data["seq"], one.data["observed_at"], one.data["values"]) for one in events]


async def test_the_events_of_a_batch_are_those_of_its_readings(bench: Bench):
    await bench.take(bench.raw(50, frame()))
    batched = told(await bench.events("reading"))

    async with Bench() as other:
        await other.store.write(lambda tx: tx.add_device(BIN))
        aged = [one | {"age": age} for one, age in zip(records(), AGES, strict=True)]
        await other.take(other.uplink("bin", *aged[::-1]))
        single = told(await other.events("reading"))

    assert batched == single
    assert [seq for seq, _, _ in batched] == [100, 101, 102]
    assert batched[0][1] == "2026-11-25T01:40:00.000Z"


async def test_a_reading_that_came_alone_is_not_taken_again_from_a_batch(bench: Bench):
    await bench.take(bench.uplink("bin", records()[0]))
    bench.now_ms = START_MS + 1_200_000
    await bench.take(bench.raw(50, frame()))
    await bench.take(bench.raw(50, frame()))

    assert [seq for seq, _, _ in told(await bench.events("reading"))] == [100, 101, 102]


async def test_a_reading_of_a_month_ago_has_its_time(bench: Bench):
    """Alone it has none: its age ends at 655 340 s."""
    month_s = 30 * 86_400
    await bench.take(bench.raw(50, frame(ages=[month_s + age for age in AGES])))

    (oldest, *_) = told(await bench.events("reading"))
    assert oldest[1] == "2026-10-26T01:40:00.000Z"
    assert oldest[2][0]["quality"] == ["ok", "delayed"]


async def test_a_batch_that_is_none_is_kept_with_a_sentence(bench: Bench):
    await bench.take(bench.raw(50, b"\0\1\2"))

    (event,) = await bench.events("quarantined")
    assert "bin: the batch ends within fill" in event.data["reason"]


async def test_a_long_gap_that_does_not_close_is_asked_for_in_ranges_the_newest_first(
    bench: Bench,
):
    await bench.take(bench.uplink("bin", reading(65000)), bench.uplink("bin", reading(10)))
    bench.now_ms += 4000
    await bench.take(bench.uplink("bin", reading(11)))
    assert await bench.events("missing") == [], "an outage's readings come frame by frame"
    bench.now_ms += LONG_SETTLE_MS
    await bench.take(bench.uplink("bin", reading(12)))

    (event,) = await bench.events("missing")
    assert event.data == {"dev_eui": BIN.dev_eui, "first_seq": 65001, "last_seq": 9, "count": 545}
    commands = await bench.store.read(lambda view: view.commands())
    assert sorted(one.values["first"] for one in commands) == [65001, 65038, 65292]
    assert sorted(one.values["count"] for one in commands) == [37, 254, 254]
    newest = min(commands, key=lambda one: one.token or 0)
    assert newest.values == {"first": (9 - 253) % 65536, "count": 254}

"""From notices to events: once each, whatever comes, acknowledged after it is kept."""

import asyncio
import contextlib
import random
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from wire.codec import frame, pack
from wire.meaning import EXAMPLES

from gateway.errors import Broken, Retry
from gateway.events import Event
from gateway.ingest import FOREIGN, Ingest
from gateway.intake import MISMATCH, Context
from gateway.model import Device
from gateway.networks import virtual
from gateway.notices import Joined, Link, Status, Uplink
from gateway.settings import CommandSettings
from gateway.store.sqlite import Store

BIN = Device("00000000000000a1", "bin", "bin", "00", "A", 1)
START_MS = 1_795_572_000_000
FPORT = {"bin": 10, "lamp": 11, "counter": 12, "boot": 20, "applied": 21, "safe": 22}


class Bench:
    """Ingest over a virtual network and a store in memory, with a clock in our hand."""

    def __init__(self, store=None):
        self.store: Any = store or Store()
        self.network = virtual.Network()
        self.now_ms = START_MS
        self.ingest = Ingest(self.store, self.network, CommandSettings(), lambda: self.now_ms)
        self.fcnt = 0

    async def __aenter__(self):
        await self.store.__aenter__()
        return self

    async def __aexit__(self, *exc):
        await self.store.__aexit__(*exc)

    def uplink(self, name, *records, **changed):
        data = frame([pack(name, one) for one in records])
        return self.raw(FPORT[name], data, **changed)

    def raw(self, fport, data, **changed):
        own = {
            "dev_eui": BIN.dev_eui, "id": f"id-{self.fcnt}", "at_ms": self.now_ms,
            "dev_addr": "01", "fcnt": self.fcnt, "fport": fport, "data": data,
            "link": Link(rssi_dbm=-80),
        }  # fmt: skip
        self.fcnt += 1
        return Uplink(**(own | changed))

    async def take(self, *messages):
        """Give messages and have each batch committed."""
        for message in messages:
            self.network.give(message)
        async for batch in self.network.uplinks():
            await self.ingest.commit(batch)
            if not self.network.unacknowledged:
                return

    async def events(self, kind=""):
        entries = await self.store.read(lambda view: view.events(kind=kind, limit=1000))
        return [msgspec.json.decode(one.body, type=Event) for one in entries]


@pytest.fixture
async def bench():
    async with Bench() as made:
        await made.store.write(lambda tx: tx.add_device(BIN))
        yield made


def reading(seq, age=0, **changed):
    return EXAMPLES["bin"][0] | {"seq": seq, "age": age} | changed


async def test_a_reading_becomes_an_event_and_the_latest_values(bench):
    bench.now_ms += 250
    await bench.take(bench.uplink("bin", reading(1, age=20)))

    (event,) = await bench.events()
    assert event.type == "lamplighter.reading.v1"
    assert (event.subject, event.sequence, event.source) == (
        BIN.dev_eui,
        "1",
        "lamplighter/street",
    )
    assert event.data == {
        "dev_eui": BIN.dev_eui,
        "device": "bin",
        "profile": "bin",
        "seq": 1,
        "observed_at": "2026-11-25T01:59:40.250Z",
        "received_at": "2026-11-25T02:00:00.250Z",
        "values": [
            {"property": "fillingLevel", "value": 0.73, "unit": "1", "quality": ["ok"]},
            {"property": "distance", "value": 412, "unit": "mm", "quality": ["ok"]},
            {"property": "batteryVoltage", "value": 3.3, "unit": "V", "quality": ["ok"]},
        ],
        "link": {
            "bearer": "lorawan", "rssi_dbm": -80, "snr_db": None, "dr": None, "fcnt": None,
            "gateway": None,
        },
    }  # fmt: skip
    latest = await bench.store.read(lambda view: view.latest(BIN.dev_eui))
    assert [(one.property, one.value, one.seq) for one in latest] == [
        ("batteryVoltage", 3.3, 1), ("distance", 412, 1), ("fillingLevel", 0.73, 1),
    ]  # fmt: skip


async def test_a_frame_with_several_readings_gives_them_oldest_first(bench):
    await bench.take(bench.uplink("bin", reading(9), reading(8, 60), reading(7, 120)))

    assert [one.data["seq"] for one in await bench.events("reading")] == [7, 8, 9]


async def test_nothing_is_taken_twice(bench):
    frames = [bench.uplink("bin", reading(n, 0), reading(n - 1, 60)) for n in range(1, 6)]
    joined = Joined(dev_eui=BIN.dev_eui, id="j", at_ms=START_MS - 1, dev_addr="01")

    await bench.take(joined, *frames, joined, *reversed(frames))
    bench.network.reconnect()
    await bench.take(joined, *frames)

    assert [one.data["seq"] for one in await bench.events("reading")] == [0, 1, 2, 3, 4, 5]
    assert len(await bench.events("joined")) == 1


async def test_messages_are_acknowledged_in_their_order(bench):
    messages = [
        bench.uplink("bin", reading(1)),
        b"rubbish",
        bench.raw(0, b""),
        b"",
        bench.raw(99, b"x"),
    ]

    await bench.take(*messages)

    assert bench.network.acknowledged == [0, 1, 2, 3, 4]


async def test_what_cannot_be_read_is_kept_whole_and_reported(bench):
    await bench.take(b"\x00rubbish", bench.raw(10, b"\x05abc"))

    kept = await bench.store.read(lambda view: view.quarantined())
    assert [(one.topic, one.dev_eui) for one in kept] == [
        ("virtual", ""),
        ("virtual", BIN.dev_eui),
    ]
    assert kept[0].body == b"\x00rubbish"
    assert msgspec.json.decode(kept[1].body, type=Uplink).data == b"\x05abc"
    assert kept[0].reason.endswith(f"; {FOREIGN}")
    assert kept[1].reason == (
        "frame 0: bin: 4 bytes are not whole records; "
        "the operator compares the device's product and firmware with its decoder, mends it, "
        "and runs `lamplighter event redecode`"
    )
    events = await bench.events()
    assert [one.data["id"] for one in events] == [1, 2]
    assert events[1].data["reason"] == kept[1].reason


async def test_a_frame_longer_than_any_of_ours_is_kept_whole_and_the_next_one_counts(bench):
    long = bytes(range(255))

    await bench.take(bench.raw(20, long), bench.uplink("bin", reading(1)))

    (kept,) = await bench.store.read(lambda view: view.quarantined())
    assert msgspec.json.decode(kept.body, type=Uplink).data == long
    assert kept.reason.endswith(f"; {MISMATCH}")
    assert [one.data["seq"] for one in await bench.events("reading")] == [1]


async def test_a_device_that_nobody_added_is_kept_in_quarantine(bench):
    await bench.take(bench.uplink("bin", reading(1), dev_eui="00000000000000ff"))

    (kept,) = await bench.store.read(lambda view: view.quarantined())
    assert "add it with `lamplighter device add`" in kept.reason
    assert await bench.events("reading") == []


async def test_a_frame_of_a_device_whose_decoder_is_gone_is_kept_whole(bench):
    await bench.store.write(lambda tx: tx.remove_device(BIN.dev_eui))
    await bench.store.write(lambda tx: tx.add_device(replace(BIN, decoder="gone")))

    await bench.take(bench.uplink("bin", reading(1)))

    (kept,) = await bench.store.read(lambda view: view.quarantined())
    assert kept.reason.startswith("frame 0: there is no decoder 'gone'; expected one of: ")
    assert ", lamplighter, " in kept.reason


async def test_a_record_without_its_number_is_kept_whole(bench):
    await bench.take(bench.raw(10, b"\x01\xff"))

    (kept,) = await bench.store.read(lambda view: view.quarantined())
    assert "ends before its sequence number" in kept.reason
    assert await bench.events("reading") == []


async def test_a_fault_of_ours_loses_no_frame(bench):
    await bench.store.write(lambda tx: tx.put_seen(BIN.dev_eui, b"rubbish"))
    await bench.take(bench.uplink("bin", reading(1)))
    await bench.store.write(lambda tx: tx.put_seen(BIN.dev_eui, b""))
    await bench.take(bench.uplink("bin", reading(2)))

    (kept,) = await bench.store.read(lambda view: view.quarantined())
    assert kept.dev_eui == BIN.dev_eui
    assert kept.reason.startswith("the gateway failed at it; the operator reports this (")
    assert [one.data["seq"] for one in await bench.events("reading")] == [2]


async def test_a_start_makes_an_event(bench):
    await bench.take(bench.uplink("boot", EXAMPLES["boot"][0]))

    (event,) = await bench.events("boot")
    assert {one["property"]: one["value"] for one in event.data["values"]} == {
        "bootCause": "power", "profile": "bin", "firmwareVersion": "0.1.0", "bootCount": 1,
        "configVersion": 1,
    }  # fmt: skip


async def test_a_start_is_kept_with_the_number_of_the_next_reading(bench):
    await bench.take(bench.uplink("boot", EXAMPLES["boot"][1]))

    latest = await bench.store.read(lambda view: view.latest(BIN.dev_eui))
    assert {one.seq for one in latest} == {EXAMPLES["boot"][1]["next_seq"]} == {4}


async def test_a_start_that_is_reported_until_acknowledged_makes_one_event(bench):
    wiped = EXAMPLES["boot"][0] | {"cause": 4}
    await bench.take(
        bench.uplink("boot", wiped),
        bench.uplink("bin", reading(0)),
        bench.uplink("boot", wiped),
        bench.uplink("bin", reading(1), reading(0, 60)),
    )

    assert len(await bench.events("boot")) == 1
    assert [one.data["seq"] for one in await bench.events("reading")] == [0, 1]


async def test_a_start_of_a_device_that_does_not_repeat_it_is_as_new_as_its_frame(bench):
    await bench.store.write(lambda tx: tx.remove_device(BIN.dev_eui))
    other = replace(BIN, profile="", decoder="milesight_em400_udl")
    await bench.store.write(lambda tx: tx.add_device(other))
    frames = [bench.raw(85, bytes.fromhex("ff0bff")) for _ in range(2)]

    await bench.take(frames[0], frames[0], frames[1])

    assert len(await bench.events("boot")) == 2


async def test_a_join_makes_an_event(bench):
    await bench.take(Joined(dev_eui=BIN.dev_eui, id="j", at_ms=START_MS, dev_addr="0195b869"))

    (event,) = await bench.events()
    assert event.data == {"dev_eui": BIN.dev_eui, "device": "bin", "dev_addr": "0195b869"}
    assert event.time == "2026-11-25T02:00:00.000Z"


async def test_notices_that_concern_no_command_make_no_event(bench):
    own = {"dev_eui": BIN.dev_eui, "at_ms": START_MS}
    await bench.take(Status(id="s", margin_db=4, **own))

    assert await bench.events() == []


async def test_a_gap_is_named_and_asked_for_once(bench):
    await bench.take(bench.uplink("bin", reading(1)), bench.uplink("bin", reading(4)))
    assert await bench.events("missing") == [], "it may still be on its way"

    for seq in (5, 6):
        bench.now_ms += 4000
        await bench.take(bench.uplink("bin", reading(seq)))

    (event,) = await bench.events("missing")
    assert event.data == {"dev_eui": BIN.dev_eui, "first_seq": 2, "last_seq": 3, "count": 2}
    (command,) = await bench.store.read(lambda view: view.commands())
    assert (command.name, command.values) == ("resend", {"first": 2, "count": 2})
    await bench.take(bench.uplink("bin", reading(3, 60), reading(2, 60)))
    assert [one.data["seq"] for one in await bench.events("reading")] == [1, 4, 5, 6, 2, 3]


async def test_a_data_rate_too_slow_for_commands_does_not_cost_the_reading(bench):
    bench.network.downlink_bytes = 3
    await bench.take(bench.uplink("bin", reading(1)), bench.uplink("bin", reading(3)))
    bench.now_ms += 4000
    await bench.take(bench.uplink("bin", reading(4)))

    assert len(await bench.events("missing")) == 1
    assert len(await bench.events("reading")) == 3


async def test_the_room_for_the_question_is_that_of_the_frame_that_shows_the_gap(bench):
    asked = []

    def most_bytes(device, dr):
        asked.append((device.dev_eui, dr))
        return 51

    bench.ingest.context = Context(most_bytes, CommandSettings())
    for seq, dr in ((1, 5), (3, 5), (4, 2)):
        await bench.take(bench.uplink("bin", reading(seq), link=Link(dr=dr)))
        bench.now_ms += 4000

    assert asked == [(BIN.dev_eui, 2)]


async def test_a_gap_is_named_also_when_the_device_says_nothing_more(bench, monkeypatch):
    monkeypatch.setattr("gateway.ingest.SETTLE_MS", 20)
    bench.network.give(bench.uplink("bin", reading(1)))
    bench.network.give(bench.uplink("bin", reading(3)))
    running = asyncio.create_task(bench.ingest.run())
    async with asyncio.timeout(5):
        while not await bench.events("missing"):
            bench.now_ms += 1000
            await asyncio.sleep(0.01)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running

    assert len(await bench.events("missing")) == 1


class Faulty(Store):
    """A store that raises what it is given, one call of write each."""

    def __init__(self):
        super().__init__()
        self.failures = []

    async def write(self, change, **how):
        if self.failures:
            raise self.failures.pop(0)
        return await super().write(change, **how)


async def test_a_store_that_takes_nothing_now_keeps_the_batch_and_its_acknowledgement():
    async with Bench(Faulty()) as bench:
        await bench.store.write(lambda tx: tx.add_device(BIN))
        bench.store.failures = [Retry("disk full")] * 5

        await bench.take(*[bench.uplink("bin", reading(n)) for n in range(3)])

        assert sorted(one.data["seq"] for one in await bench.events("reading")) == [0, 1, 2]
        assert bench.network.acknowledged == [0, 1, 2]


async def test_a_store_that_takes_nothing_for_long_makes_us_leave_the_broker(monkeypatch):
    monkeypatch.setattr("gateway.ingest.LEAVE_S", 0.0)
    async with Bench(Faulty()) as bench:
        await bench.store.write(lambda tx: tx.add_device(BIN))
        bench.store.failures = [Retry("disk full")] * 2

        await bench.take(bench.uplink("bin", reading(1)))

        assert bench.network.acknowledged == [0]
        assert len(await bench.events("reading")) == 1
        assert bench.network._connection >= 1


async def test_a_broken_store_is_not_acknowledged_and_ends_us():
    async with Bench(Faulty()) as bench:
        bench.store.failures = [Broken("EIO")]
        bench.network.give(bench.uplink("bin", reading(1)))

        with pytest.raises(ExceptionGroup) as ended:
            await bench.ingest.run()

        assert [str(one) for one in ended.value.exceptions] == ["EIO"]
        assert bench.network.acknowledged == []


async def test_a_shuffled_street_loses_nothing(bench):
    frames = [bench.uplink("bin", reading(n, 0)) for n in range(60)]
    shuffled = frames + random.Random(1).sample(frames, 30)
    random.Random(2).shuffle(shuffled)

    await bench.take(*shuffled)

    assert sorted(one.data["seq"] for one in await bench.events("reading")) == list(range(60))

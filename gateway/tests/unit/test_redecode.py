"""Frames that could not be read when they came, decoded again: once each, as corrections."""

import pytest
from msgspec.structs import replace

from gateway.commands import Commands
from gateway.settings import CommandSettings
from gateway.tests.contract.http_bench import made_parts
from gateway.tests.unit.test_ingest import BIN, Bench
from gateway.usecases.quarantine import Redecoded, RedecodeRequest, redecode

LATER_MS = 3_600_000
METER = replace(BIN, profile="", decoder="lamplighter")
FRAME = "017564 0367f800 04820101 050001"
"""Of an EM400-UDL."""


@pytest.fixture
async def bench():
    async with Bench() as made:
        await made.store.write(lambda tx: tx.add_device(METER))
        await made.take(made.raw(85, bytes.fromhex(FRAME)), made.raw(85, b"\x99"))
        made.now_ms += LATER_MS
        yield made


def parts(bench):
    commands = Commands(bench.store, bench.network, CommandSettings())
    own = {"network": bench.network, "commands": commands, "clock": lambda: bench.now_ms}
    return replace(made_parts(bench.store), **own)


async def mend(bench):
    mended = replace(METER, decoder="milesight_em400_udl")
    await bench.store.write(lambda tx: tx.put_device(mended))


async def kept(bench):
    return [one.id for one in await bench.store.read(lambda view: view.quarantined())]


async def test_what_is_still_not_to_be_read_stays(bench):
    found = await redecode(parts(bench), body=RedecodeRequest())

    assert (found.read, found.kept) == (0, 2)
    assert found.reason
    assert await kept(bench) == [1, 2]
    assert await bench.events("reading") == []


async def test_a_frame_that_its_new_decoder_reads_is_a_reading_that_names_it(bench):
    await mend(bench)

    found = await redecode(parts(bench), body=RedecodeRequest())

    assert found == Redecoded(1, 1, "byte 0: no channel begins with 99")
    (event,) = await bench.events("reading")
    assert event.data["corrects"] == 1
    assert event.data["received_at"] == "2026-11-25T02:00:00.000Z", "when it came"
    latest = await bench.store.read(lambda view: view.latest(METER.dev_eui))
    assert {one.property: one.value for one in latest}["distance"] == 257
    assert await kept(bench) == [2]


async def test_a_frame_is_read_again_only_once(bench):
    await mend(bench)
    await redecode(parts(bench), body=RedecodeRequest())

    found = await redecode(parts(bench), body=RedecodeRequest())

    assert (found.read, found.kept) == (0, 1)
    assert len(await bench.events("reading")) == 1


async def test_an_old_frame_changes_no_newer_value(bench):
    await mend(bench)
    await bench.take(bench.raw(85, bytes.fromhex("04820202")))

    await redecode(parts(bench), body=RedecodeRequest())

    latest = await bench.store.read(lambda view: view.latest(METER.dev_eui))
    assert {one.property: one.value for one in latest}["distance"] == 514
    assert [one.data.get("corrects") for one in await bench.events("reading")] == [None, 1]


async def test_only_the_frames_of_one_device_are_read_again(bench):
    await mend(bench)

    found = await redecode(parts(bench), body=RedecodeRequest("0" * 15 + "1"))

    assert found == Redecoded(0, 0, "")
    assert await kept(bench) == [1, 2]
    assert (await redecode(parts(bench), body=RedecodeRequest(METER.dev_eui.upper()))).read == 1


async def test_a_frame_of_a_device_that_is_there_by_now_is_read(bench):
    stranger = "00000000000000ff"
    await bench.take(bench.raw(85, bytes.fromhex(FRAME), dev_eui=stranger))
    await bench.store.write(
        lambda tx: tx.add_device(
            replace(METER, dev_eui=stranger, name="new", decoder="milesight_em400_udl")
        )
    )

    found = await redecode(parts(bench), body=RedecodeRequest(stranger))

    assert (found.read, found.kept) == (1, 0)
    (event,) = await bench.events("reading")
    assert (event.subject, event.data["corrects"]) == (stranger, 3)

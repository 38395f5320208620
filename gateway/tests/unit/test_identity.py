"""Two boards with one DevEUI, counters that restart, floods: each noticed and bounded."""

import base64

import pytest
from msgspec.structs import replace

from gateway.seen.flood import EVENTS, WINDOW_MS
from gateway.store.sql import changes
from gateway.tests.unit.cases_bench import BIN, NOW_MS, Cases, cases

PLAIN = cases("chirpstack_odd")[0]


@pytest.fixture
async def bench():
    async with Cases() as made:
        yield made


async def troubles(bench):
    return [one.data["code"] for one in await bench.events("trouble")]


async def test_two_boards_with_one_dev_eui_are_kept_apart_and_named(bench):
    await bench.play(cases("twins"))

    assert await bench.seqs() == [500, 20, 21, 502, 503, 24, 25, 26]
    assert await troubles(bench) == ["TWO_BOARDS"]
    (event,) = await bench.events("trouble")
    assert event.data["device"] == "bin-1"
    assert "two boards" in event.data["reason"]
    missing = [one.data for one in await bench.events("missing")]
    assert [(one["first_seq"], one["last_seq"]) for one in missing] == [(501, 501), (22, 23)]


async def test_one_board_that_was_exchanged_is_no_second_one(bench):
    await bench.play(cases("clock_a_year_ahead"))

    assert await troubles(bench) == []


async def test_two_boards_in_one_session_without_joins_are_named(bench):
    """An ABP device copied: both count on in the same DevAddr."""
    lines = []
    for n, fcnt in enumerate((500, 501, 20, 502, 21, 503, 22)):
        at = f"2026-11-27T00:{10 + n}:00Z"
        body = PLAIN["json"] | {"fCnt": fcnt, "time": at, "deduplicationId": at}
        lines.append(PLAIN | {"json": body})
    for line in lines:
        await bench.play([line])

    assert "TWO_BOARDS" in await troubles(bench)


def foreign(lines):
    """The same frames as a product sends them that does not number its readings."""
    for line in lines:
        line["json"]["fPort"] = 85
        # Milesight EM400-UDL: distance, another one in each frame
        mm = int(line["json"]["deduplicationId"].rpartition("-")[2])
        line["json"]["data"] = base64.b64encode(bytes([4, 0x82, mm, 0])).decode()
    return lines


async def other_product(bench):
    await bench.store.write(lambda tx: tx.remove_device(BIN.dev_eui))
    other = replace(BIN, profile="", decoder="milesight_em400_udl")
    await bench.store.write(lambda tx: tx.add_device(other))


async def test_a_counter_that_restarts_within_the_window_loses_nothing(bench):
    await bench.play(cases("fcnt_restarts"))

    assert await bench.seqs() == [10, 11, 12, 13, 14, 15, 16, 17]
    assert await troubles(bench) == ["UPLINK_F_CNT_RESET"]


async def test_a_foreign_device_whose_counter_restarts_loses_nothing(bench):
    await other_product(bench)
    lines = foreign(cases("fcnt_restarts"))
    for again in (5, 6):  # these two repeat frame 4
        lines[again]["json"]["data"] = lines[4]["json"]["data"]
    await bench.play(lines)

    assert len(await bench.events("reading")) == 8


async def test_a_constant_payload_is_told_from_a_repetition_by_its_time(bench):
    """A foreign sensor that reports the same value after each reset."""
    await other_product(bench)
    lines = foreign(cases("fcnt_restarts"))
    for line in lines:
        line["json"]["data"] = lines[0]["json"]["data"]
    await bench.play(lines)

    assert len(await bench.events("reading")) == 8


async def test_messages_delivered_again_after_restarts_are_repetitions(bench):
    lines = cases("fcnt_restarts")
    await bench.play(lines)
    before = len(await bench.events())

    for _ in range(2):
        await bench.play(lines[3:])

    assert len(await bench.events()) == before


async def test_300_frames_of_foreign_devices_make_few_events(bench):
    body = PLAIN["json"]
    for n in range(300):
        info = {"devEui": f"{n:016x}", "applicationName": "lamplighter"}
        await bench.give(PLAIN["topic"], body | {"deviceInfo": info})
        bench.now_ms += 1000
    assert len(await bench.events("quarantined")) == EVENTS

    bench.now_ms = NOW_MS + WINDOW_MS + 1000
    await bench.ingest.settle_once()

    events = await bench.events("quarantined")
    assert [one.data["count"] for one in events] == [1] * EVENTS + [300 - EVENTS]
    assert "add it with `lamplighter device add`" in events[-1].data["reason"]
    assert len(await bench.reasons()) == 100, "the first page; all are kept"


async def test_300_unreadable_frames_of_one_device_make_few_events_and_hide_no_other(bench):
    info = {"devEui": "00000000000000ff", "applicationName": "lamplighter"}
    for n in range(300):
        await bench.give(PLAIN["topic"], PLAIN["json"] | {"deviceInfo": info})
        await bench.give(PLAIN["topic"], PLAIN["json"] | {"fCnt": n, "data": "/w=="})
        bench.now_ms += 1000

    events = await bench.events("quarantined")
    assert len([one for one in events if one.subject == BIN.dev_eui]) == EVENTS
    bench.now_ms = NOW_MS + WINDOW_MS + 1000
    await bench.ingest.settle_once()
    events = await bench.events("quarantined")
    assert sum(one.data["count"] for one in events if one.subject == BIN.dev_eui) == 300


async def test_the_quarantine_of_foreign_devices_is_bounded(bench):
    most = changes.QUARANTINED_MOST
    info = {"devEui": "00000000000000ff", "applicationName": "lamplighter"}
    changes.QUARANTINED_MOST = 100
    try:
        await bench.give(PLAIN["topic"], PLAIN["json"] | {"data": "/w=="})
        for _ in range(400):
            await bench.give(PLAIN["topic"], PLAIN["json"] | {"deviceInfo": info})
    finally:
        changes.QUARANTINED_MOST = most

    kept = await bench.store.read(lambda view: view.quarantined(limit=1000))
    assert len(kept) <= 201
    assert kept[0].dev_eui == BIN.dev_eui, "a registered device's frame stays"

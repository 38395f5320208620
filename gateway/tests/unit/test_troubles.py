"""What is wrong with a device: an event, `device show`, and a sentence that names who acts."""

import base64

import pytest
from wire import codec
from wire.meaning import EXAMPLES

from gateway import troubles
from gateway.networks.chirpstack import events
from gateway.seen import Seen
from gateway.seen.troubles import QUIET_MS
from gateway.tests.unit.cases_bench import BIN, NOW_MS, Cases, cases
from gateway.usecases import devices

LOG = next(one for one in cases("chirpstack_odd") if one["topic"].endswith("/log"))
UP = next(one for one in cases("chirpstack_odd") if one["topic"].endswith("/up"))
NONCE = "DevNonce has already been used"


@pytest.fixture
async def bench():
    async with Cases() as made:
        yield made


async def log(bench, code, description="", **changed):
    at = f"2026-11-27T00:00:00.{bench.acknowledged:06d}Z"
    own = {"code": code, "description": description, "time": at}
    await bench.give(LOG["topic"], LOG["json"] | own | changed)


@pytest.mark.parametrize(
    ("code", "description", "cure"),
    [
        ("UPLINK_MIC", "MIC of join-request is invalid", "compares the AppKey on the device"),
        ("OTAA", NONCE, "deletes the device's OTAA nonces"),
        ("UPLINK_CODEC", "JS error: Error: boom\n  at x", "mends or removes the codec"),
        ("NEW_CODE", "", "the network server reports NEW_CODE; the operator"),
        (None, "x", "the network server reports UNKNOWN"),
    ],
)
async def test_a_log_of_the_network_server_is_an_event_that_names_the_cure(
    bench, code, description, cure
):
    await log(bench, code, description)

    (event,) = await bench.events()
    assert event.type == "lamplighter.trouble.v1"
    assert (event.data["code"], event.data["count"]) == (code or "UNKNOWN", 1)
    assert cure in event.data["reason"]
    assert "\n" not in event.data["reason"]


async def test_safe_mode_is_an_event_that_says_why_and_who_acts_next(bench):
    frame = base64.b64encode(codec.frame([codec.pack("safe", EXAMPLES["safe"][0])])).decode()
    await bench.give(UP["topic"], UP["json"] | {"fPort": 22, "data": frame})

    (event,) = await bench.events()
    assert event.type == "lamplighter.trouble.v1"
    assert event.data["code"] == "SAFE_MODE"
    reason = event.data["reason"]
    assert "the operator corrects its settings or firmware and sends `reboot`" in reason
    assert reason.endswith("(the device says: 5 crashes, the last: OSError: 5)")


async def test_a_log_without_context_is_an_event(bench):
    await bench.play([LOG])

    assert [one.data["code"] for one in await bench.events("trouble")] == ["UPLINK_CODEC"]


async def test_the_same_trouble_makes_one_event_an_hour_with_its_count(bench):
    for _ in range(50):
        await log(bench, "UPLINK_MIC")
    bench.now_ms += QUIET_MS
    await log(bench, "UPLINK_MIC")

    assert [one.data["count"] for one in await bench.events("trouble")] == [1, 50]


async def test_a_retransmission_is_shown_but_makes_no_event(bench):
    await log(bench, "UPLINK_F_CNT_RETRANSMISSION")

    assert await bench.events() == []
    (noted,) = (await bench.seen()).troubles.troubles
    assert (noted.code, noted.count, noted.last_ms) == ("UPLINK_F_CNT_RETRANSMISSION", 1, NOW_MS)


async def test_a_downlink_of_ours_that_was_dropped_is_the_command_s_trouble(bench):
    await log(bench, "EXPIRED", context={"queue_item_id": "q1"})

    assert await bench.events() == []


async def test_every_code_of_chirpstack_has_a_sentence():
    codes = events.LOG_CODES

    assert {"UPLINK_MIC", "OTAA", "EXPIRED"} < set(codes)
    assert [code for code in codes if code not in (*troubles.CURES, "UNKNOWN")] == []


async def test_a_device_shows_its_troubles_newest_first(bench):
    await log(bench, "OTAA", NONCE)
    bench.now_ms += 1000
    await log(bench, "UPLINK_MIC")
    bench.now_ms += 1000
    await log(bench, "UPLINK_MIC")

    seen = Seen.load(await bench.store.read(lambda view: view.seen(BIN.dev_eui)))
    shown = devices.troubles_of(seen)
    assert [(one.code, one.count) for one in shown] == [("UPLINK_MIC", 2), ("OTAA", 1)]
    assert shown[0].first_at < shown[0].last_at
    assert NONCE in shown[1].reason

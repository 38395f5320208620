"""Optional parts of a message never decide over a reading."""

import json
import random

import msgspec
import pytest

from gateway.clock import rfc3339
from gateway.intake import NO_PORT
from gateway.tests.unit.cases_bench import BIN, NOW_MS, Cases, cases

ODD = {one["name"]: one for one in cases("chirpstack_odd")}
PLAIN = ODD["plain"]
NO_READING = ("fPort null", "data null", "ChirpStack v3 up")
READINGS = [
    name for name, one in ODD.items() if one["topic"].endswith("/up") and name not in NO_READING
]
UNDATED = ("time null", "time absent", "year 1 (Go zero time)")


@pytest.fixture
async def bench():
    async with Cases() as made:
        yield made


def up(**changed):
    return PLAIN["json"] | changed


async def one_reading(bench, body, topic=PLAIN["topic"]):
    await bench.give(topic, body)
    (event,) = await bench.events()
    assert event.type == "lamplighter.reading.v1"
    assert event.subject == BIN.dev_eui
    return event.data


def qualities(data):
    return {flag for value in data["values"] for flag in value["quality"]}


@pytest.mark.parametrize("name", READINGS)
async def test_an_odd_uplink_is_a_reading(bench, name):
    await bench.play([ODD[name]])

    assert await bench.reasons() == []
    (event,) = await bench.events()
    assert event.type == "lamplighter.reading.v1"
    assert event.data["values"][0]["value"] == 0.73
    assert ("clock_unsure" in qualities(event.data)) == (name in UNDATED)
    if name in UNDATED:
        assert event.data["observed_at"] == event.data["received_at"] == rfc3339(NOW_MS)


async def test_all_of_them_in_a_row_are_one_device(bench):
    await bench.play(ODD.values())

    assert len(await bench.seqs()) == len(READINGS)
    assert len(await bench.reasons()) == 2
    assert bench.acknowledged == len(ODD)


async def test_a_frame_without_a_port_is_kept_and_its_counter_is_taken(bench):
    await bench.play([ODD["fPort null"]])

    (reason,) = await bench.reasons()
    assert reason == f"frame 21: {NO_PORT}"
    assert (await bench.seen()).frames.sessions[-1].fcnt == 21


async def test_a_frame_without_data_takes_its_counter_alone(bench):
    await bench.play([ODD["data null"]])

    assert await bench.events() == []
    assert (await bench.seen()).frames.sessions[-1].fcnt == 23


async def test_the_link_has_what_the_message_has(bench):
    nothing = await one_reading(bench, ODD["rxInfo null"]["json"])
    assert nothing["link"]["gateway"] is None
    assert nothing["link"]["fcnt"] == 13


@pytest.mark.parametrize(
    ("rx_info", "rssi", "snr"),
    [
        ([{"gatewayId": "aa", "rssi": None, "snr": None}], None, None),
        ([{"gatewayId": "aa", "rssi": -110.0, "snr": -3}], -110, -3),
        ([{"gatewayId": "aa", "rssi": "-110", "snr": "-3.5"}], -110, -3.5),
        ([{"gatewayId": "aa", "rssi": -110}], -110, 0),
        ([{"gatewayId": "aa"}, 7, None], None, None),
        ([{"rssi": None, "snr": None}, {"rssi": -90, "snr": 2}], -90, 2),
        ("none", None, None),
        ({"rssi": -70, "snr": 1}, -70, 1),
    ],
)
async def test_a_link_of_any_form(bench, rx_info, rssi, snr):
    data = await one_reading(bench, up(rxInfo=rx_info))

    assert (data["link"]["rssi_dbm"], data["link"]["snr_db"]) == (rssi, snr)


@pytest.mark.parametrize(
    ("time", "unsure"),
    [
        ("2026-11-27T00:01:00z", False),
        ("2026-11-27 00:01:00+00:00", False),
        ("2026-11-27T00:01:00.123456789Z", False),
        ("2026-11-27T01:01:00+01:00", False),
        (1_795_737_660, False),
        (1_795_737_660_000, False),
        ({"seconds": "1795737660", "nanos": 5}, False),
        ("2026-11-27T00:01:00", True),
        ("soon", True),
        ("", True),
        ([], True),
        (True, True),
        (1e300, True),
        ("9999-12-31T23:59:59Z", True),
        ("1970-01-01T00:00:00Z", True),
    ],
)
async def test_a_time_of_any_form(bench, time, unsure):
    data = await one_reading(bench, up(time=time))

    expected = rfc3339(NOW_MS) if unsure else "2026-11-27T00:01:00"
    assert data["observed_at"].startswith(expected)
    assert ("clock_unsure" in qualities(data)) == unsure


@pytest.mark.parametrize(
    "changed",
    [
        {"deviceInfo": {"devEui": BIN.dev_eui}},
        {"deviceInfo": {"devEui": BIN.dev_eui, "applicationName": "renamed"}},
        {"deviceInfo": {"devEui": "8F-42-3A-F5-3D-6F-9B-CC", "applicationName": None}},
        {"deviceInfo": {"dev_eui": BIN.dev_eui, "application_name": "lamplighter"}},
        {"deviceInfo": {"devEui": None, "applicationName": "lamplighter"}},
        {"deviceInfo": None},
        {"dr": None},
        {"dr": "5"},
        {"dr": "SF7"},
        {"adr": "yes", "confirmed": None},
        {"deduplicationId": 7},
        {"devAddr": "0195B869"},
        {"devAddr": 7},
        {"fCnt": "1"},
        {"fCnt": 1.0},
        {"fPort": "10"},
        {"tags": None, "object": [], "rxInfo": [[]], "txInfo": 3},
    ],
)
async def test_any_form_of_the_other_parts(bench, changed):
    data = await one_reading(bench, up(**changed))

    assert data["seq"] == 1


async def test_every_part_but_payload_and_identity_may_be_anything(bench):
    """5 x 40 messages, each with a random value in place of each optional part."""
    draw = random.Random(7)
    values = (None, "", "x", 0, -1, 1.5, True, [], {}, [None], {"a": None}, "2026", 10**30)
    needed = {"deviceInfo", "fCnt", "fPort", "data"}
    count = 0
    for _ in range(40):
        for part in sorted(PLAIN["json"].keys() - needed):
            count += 1
            seq = count.to_bytes(2, "big")
            data = b"\x0a" + seq + bytes.fromhex("0000921 9c700d043".replace(" ", ""))
            body = up(fCnt=count, data=msgspec.to_builtins(data))
            body[part] = draw.choice(values)
            await bench.give(PLAIN["topic"], body)

    assert await bench.reasons() == []
    assert sorted(await bench.seqs()) == list(range(1, count + 1))


async def test_a_join_without_an_address_and_its_first_frame_are_one_session(bench):
    await bench.play([ODD["join without devAddr"]])
    await bench.give(PLAIN["topic"], up(fCnt=0, time="2026-11-27T00:51:00Z"))

    (joined,) = await bench.events("joined")
    assert joined.data["dev_addr"] == ""
    (session,) = (await bench.seen()).frames.sessions
    assert (session.dev_addr, session.joined, session.fcnt) == ("0195b869", True, 0)


async def test_a_frame_without_an_address_is_of_the_newest_session(bench):
    await bench.play([PLAIN, ODD["devAddr absent"]])

    (session,) = (await bench.seen()).frames.sessions
    assert (session.dev_addr, session.fcnt) == ("0195b869", 33)


async def test_what_needs_no_answer_is_passed_and_counted(bench):
    await bench.play([ODD["integration event"]])
    await bench.give(PLAIN["topic"].replace("/up", "/location"), {})

    assert await bench.events() == []
    assert await bench.reasons() == []
    assert bench.ingest.passed == 2


async def test_a_device_of_another_application_that_nobody_added_is_passed(bench):
    info = {"devEui": "00000000000000ff", "applicationName": "parking"}
    await bench.give(PLAIN["topic"], up(deviceInfo=info))

    assert await bench.events() == []
    assert bench.ingest.passed == 1


async def test_chirpstack_3_and_a_body_that_is_neither_are_named(bench):
    await bench.play([ODD["ChirpStack v3 up"]])
    await bench.give(PLAIN["topic"], b"\x0a\xff\xff")

    version, encoding = await bench.reasons()
    assert version.startswith("this is an event of ChirpStack 3; version 4 is needed")
    assert "neither JSON nor protobuf" in encoding
    assert "`json=true`" in encoding


async def test_a_protobuf_body_is_the_same_reading(bench):
    await bench.play([ODD["protobuf instead of JSON"]])

    (event,) = await bench.events("reading")
    assert (event.data["seq"], event.data["link"]["fcnt"]) == (91, 200)


@pytest.mark.parametrize("data", ["%%%", 7, [], {"a": 1}])
async def test_a_payload_that_cannot_be_read_is_kept_whole(bench, data):
    await bench.give(PLAIN["topic"], up(data=data))

    (reason,) = await bench.reasons()
    assert "`data`" in reason
    (kept,) = await bench.store.read(lambda view: view.quarantined())
    assert json.loads(kept.body)["data"] == data


async def test_one_stamp_a_year_ahead_is_flagged_and_poisons_nothing(bench):
    lines = cases("clock_a_year_ahead")
    await bench.play(lines)

    readings = await bench.events("reading")
    assert [one.data["seq"] for one in readings] == [0, 1, 2, 3, 4, 0, 1, 2, 3, 5]
    flagged = [n for n, one in enumerate(readings) if "clock_unsure" in qualities(one.data)]
    assert flagged == [3]
    assert readings[3].data["observed_at"] == rfc3339(lines[5]["now_ms"])
    latest = await bench.store.read(lambda view: view.latest(BIN.dev_eui))
    assert {one.seq for one in latest if one.property == "fillingLevel"} == {5}
    (_, wiped) = await bench.events("boot")
    assert wiped.data["values"][0]["value"] == "wiped"


@pytest.mark.parametrize("kind", ["join", "boot, journal 0", "seq 0", "board exchanged: join"])
async def test_any_frame_with_a_wrong_stamp_poisons_nothing(bench, kind):
    lines = cases("clock_a_year_ahead")
    for line in lines:
        if line["name"] == kind:
            line["json"]["time"] = "2031-01-01T00:00:00Z"
    await bench.play(lines)

    assert await bench.seqs() == [0, 1, 2, 3, 4, 0, 1, 2, 3, 5]


async def test_a_clock_of_ours_that_was_ahead_poisons_nothing(bench):
    lines = cases("clock_a_year_ahead")
    for line in lines[:7]:
        line["now_ms"] += 400 * 86_400_000
    await bench.play(lines)

    assert await bench.seqs() == [0, 1, 2, 3, 4, 0, 1, 2, 3, 5]
    latest = await bench.store.read(lambda view: view.latest(BIN.dev_eui))
    assert {one.seq for one in latest if one.property == "fillingLevel"} == {5}

"""What a real ChirpStack said, and what nobody should say."""

import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from chirpstack_api import integration
from google.protobuf.json_format import ParseDict
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.errors import Lost
from gateway.networks.chirpstack.events import parse
from gateway.notices import Answered, Joined, Link, Status, Transmitted, Trouble, Uplink

DATA = Path(__file__).parents[1] / "data" / "chirpstack_events.jsonl"
RECORDED = [json.loads(line) for line in DATA.read_text().splitlines()]
MESSAGES = {
    "up": "UplinkEvent",
    "join": "JoinEvent",
    "txack": "TxAckEvent",
    "ack": "AckEvent",
    "log": "LogEvent",
    "status": "StatusEvent",
}
LAMP, BIN = "8f423af53d6f9bcc", "be906fbbee8eb571"


def recorded(kind, nth=0):
    found = [one for one in RECORDED if one["topic"].endswith(f"/{kind}")][nth]
    return found["topic"], found["json"]


def read(topic, body, application="street") -> Any:
    return parse(topic, json.dumps(body).encode(), application)


def notice(kind, nth=0, **changed) -> Any:
    topic, body = recorded(kind, nth)
    return read(topic, body | changed)


def test_every_recorded_event_is_read():
    kinds = {
        "up": Uplink, "join": Joined, "txack": Transmitted, "ack": Answered, "log": Trouble,
        "status": Status,
    }  # fmt: skip

    for one in RECORDED:
        found = read(one["topic"], one["json"])
        assert type(found) is kinds[one["topic"].rpartition("/")[2]]
        assert found.dev_eui == one["json"]["deviceInfo"]["devEui"] in one["topic"]


def test_every_recorded_event_says_the_same_as_protobuf():
    for one in RECORDED:
        kind = one["topic"].rpartition("/")[2]
        message = ParseDict(one["json"], getattr(integration, MESSAGES[kind])())

        found: Any = parse(one["topic"], message.SerializeToString(), "street")

        as_json = read(one["topic"], one["json"])
        # an event without an id of ChirpStack's is known by its content, which differs in form
        named = one["json"].get("deduplicationId") or kind == "txack"
        assert found == (as_json if named else replace(as_json, id=found.id))


def test_an_uplink_keeps_its_bytes_and_its_best_reception():
    assert notice("up") == Uplink(
        dev_eui=BIN,
        id="69458ecf-8927-4d91-a486-b0ab76ea7d13",
        at_ms=1_795_428_665_718,
        dev_addr="00ac2f69",
        fcnt=0,
        fport=2,
        data=b"\x01\x02\x03",
        link=Link(rssi_dbm=-60, snr_db=9.5, dr=5, fcnt=0, gateway="8dd646ce57b18307"),
    )


def test_of_two_gateways_the_one_with_the_better_signal_counts():
    worse, better = {"gatewayId": "01", "rssi": -50, "snr": -3}, {"gatewayId": "02", "rssi": -90}

    assert notice("up", rxInfo=[worse, better]).link.gateway == "02"
    assert notice("up", rxInfo=[better, worse]).link == Link(
        rssi_dbm=-90, snr_db=0.0, dr=5, fcnt=0, gateway="02"
    )
    assert notice("up", rxInfo=[]).link == Link(dr=5, fcnt=0)


def test_a_join_has_the_new_address():
    joined = notice("join")

    assert (joined.dev_eui, joined.dev_addr) == (LAMP, "0195b869")


def test_words_about_downlinks_name_the_queue_item():
    assert notice("txack").queue_item_id == "ac837f4c-987c-4c35-b912-c87c71fcd0fe"
    assert [notice("ack", n).acknowledged for n in (0, 1, 2)] == [True, False, False]
    topic, body = recorded("ack")
    short = {key: value for key, value in body.items() if key != "acknowledged"}
    assert read(topic, short).acknowledged is False


def test_a_log_says_whether_the_item_is_gone():
    of_code = {one.code: one for one in (notice("log", n) for n in range(8))}

    dropped = {code for code, one in of_code.items() if one.dropped}
    assert dropped == {"EXPIRED", "DOWNLINK_PAYLOAD_SIZE"}
    assert of_code["EXPIRED"].queue_item_id == "e1e22eaa-f173-446a-aaf2-2e07425f0b50"
    assert of_code["DOWNLINK_GATEWAY"].queue_item_id == ""
    assert of_code["DOWNLINK_GATEWAY"].description == "TOO_LATE"


def test_a_log_with_its_keys_in_another_order_is_the_same_log():
    topic, body = recorded("log")
    turned = dict(reversed(body.items()))

    one, other = read(topic, body), read(topic, turned)

    assert one.id == other.id != notice("log", 1).id


def test_an_acknowledgement_and_its_uplink_are_told_apart_by_kind():
    """ChirpStack gives both the same deduplicationId."""
    ids = [one["json"]["deduplicationId"] for one in RECORDED if one["topic"].endswith("/ack")]
    ups = [one["json"]["deduplicationId"] for one in RECORDED if one["topic"].endswith("/up")]

    assert set(ids) & set(ups)


def test_a_device_of_another_application_is_not_ours():
    topic, body = recorded("up")

    assert read(topic, body, "lamplighter").foreign is True
    assert read(topic, body, "street").foreign is False


@pytest.mark.parametrize(
    ("topic", "body", "said"),
    [
        ("application/a/device/b/event/up", b"", "the up event cannot be read"),
        ("application/a/device/b/event/up", b"\xff\x00", "cannot be read"),
        ("application/a/device/b/event/up", b"[" * 100_000, "cannot be read"),
        ("application/a/device/b/event/up", b'{"time":1}', "the DevEUI 'b' is not 16 hex digits"),
        ("application/a/device/b/event/reboot", b"{}", "an event 'reboot' is not known"),
        ("some/where", b"{}", "the topic 'some/where' is not one of ChirpStack's"),
        ("", b"", "the topic ''"),
    ],
)  # fmt: skip
def test_what_is_no_event_is_lost_with_a_sentence(topic, body, said):
    with pytest.raises(Lost, match=said):
        parse(topic, body, "street")


@pytest.mark.parametrize(
    "changed",
    [
        {"data": "%%%"},
        {"fPort": "x"},
        {"deviceInfo": {"devEui": "zz", "applicationName": "street"}},
        {"fCnt": -1},
        {"fCnt": 2**32},
    ],
)
def test_an_event_with_one_wrong_value_is_lost(changed):
    with pytest.raises(Lost):
        notice("up", **changed)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(
    st.sampled_from(["up", "join", "txack", "ack", "log", "status", "location", "x"]), st.data()
)
def test_nothing_but_a_notice_or_lost_comes_out(kind, data):
    body = data.draw(st.binary() | JSON.map(lambda one: json.dumps(one).encode()))
    _read(f"application/a/device/b/event/{kind}", body)


@given(st.sampled_from(RECORDED), st.data())
def test_a_recorded_event_with_anything_changed_is_a_notice_or_lost(one, data):
    body = dict(one["json"])
    body[data.draw(st.sampled_from(sorted(body)))] = data.draw(JSON)
    _read(one["topic"], json.dumps(body).encode())


def _read(topic, body):
    with contextlib.suppress(Lost):
        found = parse(topic, body, "street")
        assert found is None or len(found.dev_eui) == 16

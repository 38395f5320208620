"""ChirpStack's JSON form, where the recording has no example."""

import json

from chirpstack_api import common, gw, integration
from google.protobuf.duration_pb2 import Duration
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp

from tools.bench.network.events import Event, micros, plain, short, timestamp


def test_an_integration_message_shows_its_zeros_and_hides_unset_messages():
    assert plain(integration.AckEvent()) == {
        "deduplicationId": "",
        "queueItemId": "",
        "acknowledged": False,
        "fCntDown": 0,
    }


def test_a_nested_radio_message_hides_its_zeros():
    event = integration.UplinkEvent(
        rx_info=[
            gw.UplinkRxInfo(gateway_id="0102030405060708", rssi=0, location=common.Location())
        ]
    )

    assert plain(event)["rxInfo"] == [{"gatewayId": "0102030405060708", "location": {}}]


def test_times_have_an_offset_and_groups_of_three_digits():
    assert plain(Timestamp(seconds=0)) == "1970-01-01T00:00:00+00:00"
    assert plain(Timestamp(seconds=1, nanos=500_000_000)) == "1970-01-01T00:00:01.500+00:00"
    assert plain(Timestamp(seconds=1, nanos=1_000)) == "1970-01-01T00:00:01.000001+00:00"
    assert plain(Timestamp(seconds=1, nanos=1)) == "1970-01-01T00:00:01.000000001+00:00"
    assert plain(Duration(seconds=1, nanos=500_000_000)) == "1.500s"
    assert plain(Duration(seconds=-1)) == "-1s"
    assert micros(timestamp(1_795_428_657_123_456)) == 1_795_428_657_123_456


def test_single_precision_numbers_are_as_short_as_they_go():
    message = integration.StatusEvent(battery_level=200 / 254 * 100)

    assert short(message.battery_level) == 78.74016
    assert short(gw.UplinkRxInfo(snr=0.1).snr) == 0.1


def test_an_object_keeps_its_numbers_as_floats_and_its_nesting():
    thing = Struct()
    thing.update({"n": 22, "list": [1, "a", None, {"b": True}]})

    text = json.dumps(plain(thing), sort_keys=True)
    assert text == '{"list": [1.0, "a", null, {"b": true}], "n": 22.0}'


def test_an_event_knows_its_topic():
    event = Event("a", "0102030405060708", "up", integration.UplinkEvent())

    assert event.topic == "application/a/device/0102030405060708/event/up"
    assert json.loads(event.json())["fPort"] == 0

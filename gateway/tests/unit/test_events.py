"""The form of what leaves: CloudEvents by the library's reading, data by the API document."""

import json

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_http_event

from gateway.events import (
    EVENT_DATA,
    BootData,
    CommandData,
    DisabledData,
    JoinedData,
    MissingData,
    QuarantinedData,
    ReadingData,
    RestoredData,
    StatusData,
    TrialData,
    TroubleData,
    Value,
)
from gateway.http import openapi, routes
from gateway.notices import Link
from gateway.store.sqlite import Store

EUI = "70b3d57ed005a001"
AT = "2026-11-25T03:00:00.000Z"
VALUES = (Value("fillingLevel", 0.5, "1"), Value("distance", None, "mm", ("suspect",)))
LINK = Link(rssi_dbm=-60, snr_db=9.5, dr=5, fcnt=1, gateway="0016c001ff10a235")
EXAMPLES = {
    "joined": JoinedData(dev_eui=EUI, device="bin 1", dev_addr="01020304"),
    "boot": BootData(dev_eui=EUI, device="bin 1", received_at=AT, values=VALUES, link=LINK),
    "reading": ReadingData(
        dev_eui=EUI, device="bin 1", profile="bin", seq=1, observed_at=AT, received_at=AT,
        values=VALUES, link=LINK,
    ),
    "command": CommandData(
        id="c1", dev_eui=EUI, name="dim", values={"level": 40}, state="applied",
        applied={"level": 40},
    ),
    "missing": MissingData(dev_eui=EUI, first_seq=65535, last_seq=0, count=2),
    "quarantined": QuarantinedData(id=1, dev_eui=EUI, reason="too short", size=3),
    "status": StatusData(dev_eui=EUI, device="bin 1", received_at=AT, values=VALUES, link=LINK),
    "trouble": TroubleData(dev_eui=EUI, device="bin", code="OTAA", reason="no; you", count=2),
    "test": TrialData(webhook="wh_1"),
    "restored": RestoredData(backup_at=AT, backup_cursor=5),
    "disabled": DisabledData(
        webhook="wh_1", sink="webhook", target="https://x", reason="410", pending=3
    ),
}  # fmt: skip
DOCUMENT = openapi.document(routes.ROUTES)


async def body_of(kind):
    async with Store(source="lamplighter/east") as store:
        event = await store.write(
            lambda tx: tx.append(kind, EUI, 1_700_000_000_123, EXAMPLES[kind])
        )
        entry = await store.read(lambda view: view.event(event.id))
    assert entry
    return bytes(entry.body)


def test_there_is_an_example_of_each_kind():
    assert set(EXAMPLES) == set(EVENT_DATA)


@pytest.mark.parametrize("kind", EVENT_DATA)
async def test_an_event_is_a_cloud_event(kind):
    body = await body_of(kind)

    message = HTTPMessage({"content-type": "application/cloudevents+json"}, body)
    event = from_http_event(message)

    assert event.get_type() == f"lamplighter.{kind}.v1"
    assert event.get_source() == "lamplighter/east"
    assert event.get_subject() == EUI
    assert event.get_extension("sequence") == "1"
    time = event.get_time()
    assert time
    assert time.timestamp() == 1_700_000_000.123
    assert event.get_data() == json.loads(body)["data"]


@pytest.mark.parametrize("kind", EVENT_DATA)
async def test_its_data_fits_the_api_document(kind):
    data = json.loads(await body_of(kind))["data"]

    operation = DOCUMENT["webhooks"][kind]["post"]
    content = operation["requestBody"]["content"]["application/cloudevents+json"]
    schema = content["schema"]["allOf"][1]["properties"]["data"]
    named = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    assert set(named.get("required", ())) <= set(data) <= set(named["properties"])

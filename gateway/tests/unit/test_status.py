"""The status of our own devices: from the frame to the event, and what is wrong with a sensor."""

import base64

import pytest
from wire.codec import frame, pack
from wire.meaning import EXAMPLES

from gateway import troubles
from gateway.devices import Status
from gateway.devices.lamplighter import decode
from gateway.events import Value
from gateway.model import Device
from gateway.notices import Uplink
from gateway.tests.unit.cases_bench import Cases, cases

UP = next(one for one in cases("chirpstack_odd") if one["topic"].endswith("/up"))
DEVICE = Device("00000000000000a1", "bin", "bin", "00")
SENT = {"dev_eui": DEVICE.dev_eui, "id": "1", "at_ms": 1, "dev_addr": "01", "fcnt": 1}
WELL, SICK = EXAMPLES["status"]


def status(data: bytes) -> Status:
    (found,) = decode(DEVICE, Uplink(fport=23, data=data, **SENT))
    assert isinstance(found, Status)
    return found


def test_a_status_is_the_device_s_own_properties():
    found = status(frame([pack("status", WELL)]))

    assert found.values == (
        Value("firmwareVersion", "0.1.0", "1"), Value("bootCause", "power", "1"),
        Value("bootCount", 3, "1"), Value("configVersion", 2, "1"),
        Value("batteryVoltage", 3.6, "V"), Value("receiveWindowError", 310, "us"),
        Value("flashErases", 96, "1"), Value("heapFreeMin", 120000, "By"),
        Value("lastException", "", "1"), Value("sickSensors", "", "1"),
    )  # fmt: skip
    assert found.sick == ""


def test_sick_sensors_and_the_last_exception_are_in_words():
    found = status(frame([pack("status", SICK)]))

    assert found.sick == "distance: stuck+noisy, power: absent"
    values = {one.property: one.value for one in found.values}
    assert values["lastException"] == "OSError: 5"
    assert "batteryVoltage" not in values


def test_a_status_of_a_shorter_table_has_what_it_has():
    found = status(bytes([4]) + pack("status", WELL)[:4])

    assert [one.property for one in found.values] == [
        "firmwareVersion", "bootCause", "lastException", "sickSensors",
    ]  # fmt: skip


@pytest.fixture
async def bench():
    async with Cases() as made:
        yield made


async def give(bench, number, values):
    data = base64.b64encode(frame([pack("status", values)])).decode()
    own = {"fPort": 23, "data": data, "fCnt": number, "deduplicationId": f"s{number}"}
    await bench.give(UP["topic"], UP["json"] | own)


async def test_a_status_is_an_event_and_a_sick_sensor_a_trouble_until_it_is_well(bench):
    await give(bench, 11, SICK)

    said, trouble = await bench.events()
    assert said.type == "lamplighter.status.v1"
    assert {"property": "flashErases", "value": 1048574, "unit": "1", "quality": ["ok"]} in (
        said.data["values"]
    )
    assert trouble.data["code"] == troubles.SICK_SENSOR
    assert trouble.data["reason"].endswith(
        "replaces what stays sick (the device says: distance: stuck+noisy, power: absent)"
    )
    assert [one.code for one in (await bench.seen()).troubles.troubles] == ["SICK_SENSOR"]

    await give(bench, 12, WELL)

    assert (await bench.seen()).troubles.troubles == []
    assert len(await bench.events("status")) == 2

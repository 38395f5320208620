"""The usual uplink read in one step: what it takes, it reads as the close look does."""

import json
from pathlib import Path
from random import Random

import pytest
from chirpstack_api.integration import UplinkEvent
from google.protobuf.json_format import ParseDict

from gateway.errors import Lost
from gateway.networks._fields import Fields
from gateway.networks.chirpstack import bodies, events
from gateway.networks.chirpstack.usual import uplink

DATA = Path(__file__).parents[1] / "data"
LINES = [
    json.loads(line)
    for name in ("chirpstack_events.jsonl", "chirpstack_odd.jsonl")
    for line in (DATA / name).read_text().splitlines()
]
RECORDED = [
    json.loads(line)["json"]
    for line in (DATA / "chirpstack_events.jsonl").read_text().splitlines()
    if '/up"' in line
]
UPS = [one["json"] for one in LINES if one["topic"].endswith("/up") and "json" in one]


def closely(body):
    """The notice by the close look alone; None for what that cannot read."""
    try:
        values = bodies.values("up", body)
        event = Fields(values)
        return events._up(event, events._stamp(event, values, "", "street"))
    except (Lost, ValueError):
        return None


def test_recorded_uplinks_are_usual_and_read_alike():
    taken = [uplink(json.dumps(one).encode(), "street") for one in UPS]

    assert sum(one is not None for one in taken) >= 2
    for event, notice in zip(UPS, taken, strict=True):
        assert notice is None or notice == closely(json.dumps(event).encode())


def in_protobuf(event):
    return ParseDict(event, UplinkEvent()).SerializeToString()


def test_recorded_uplinks_in_protobuf_are_usual_and_read_alike():
    taken = [(one, uplink(in_protobuf(one), "street")) for one in RECORDED]

    assert sum(notice is not None for _, notice in taken) >= 2
    for event, notice in taken:
        assert notice is None or notice == closely(in_protobuf(event))


@pytest.mark.parametrize("seed", range(2))
def test_whatever_a_message_has_the_close_look_agrees(seed):
    draw = Random(seed)
    agreed = 0
    for _ in range(300):
        event = UplinkEvent.FromString(in_protobuf(draw.choice(RECORDED)))
        event.f_cnt = draw.choice([0, 1, 2**32 - 1])
        event.f_port = draw.choice([0, 1, 255, 256])
        event.dr = draw.choice([0, 5, 15, 16])
        event.dev_addr = draw.choice(["00ac2f69", "", "00AC2F69"])
        event.deduplication_id = draw.choice(["one", "one", ""])
        event.time.nanos = draw.choice([0, 1, 999_999, 999_999_999])
        for _ in range(draw.randrange(3)):
            event.rx_info.add(
                rssi=draw.choice([-120, -60, 0]),
                snr=draw.choice([-7.5, 9.2, 0, 1 / 3, 1e30]),
                gateway_id=draw.choice(["a", "b", ""]),
            )
        body = event.SerializeToString()
        notice = uplink(body, "street")
        assert notice is None or notice == closely(body)
        agreed += notice is not None
    assert agreed > 10


ODD = [None, 0, -1, "", "5", 5.5, 1e300, True, [], {}, "00AC2F69", 2**32, "2026-11-27", "x" * 16]


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_changed_the_close_look_agrees(seed):
    draw = Random(seed)
    agreed = 0
    for _ in range(400):
        event = json.loads(json.dumps(draw.choice(UPS)))
        for _ in range(draw.randrange(3)):
            received = event.get("rxInfo")
            parts = [event, event.get("deviceInfo")]
            parts += received if isinstance(received, list) else []
            part = draw.choice([one for one in parts if isinstance(one, dict) and one])
            name = draw.choice(sorted(part))
            value = part.pop(name)
            how = draw.randrange(4)
            if how == 0:
                part[name] = draw.choice(ODD)
            elif how == 1:
                part[name.upper()] = value
            elif how == 2:
                part["applicationID"] = value
        body = json.dumps(event).encode()
        notice = uplink(body, "street")
        assert notice is None or notice == closely(body)
        agreed += notice is not None
    assert agreed > 20

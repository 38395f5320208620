"""Whatever comes over MQTT or HTTP, the service lives, keeps every message and answers no 5xx.

Real: the process, mosquitto, HTTP, SQLite. Random: bodies, changed uplinks, requests.
"""

import asyncio
import contextlib
import json
import random
import sqlite3

import aiohttp
import paho.mqtt.publish
import pytest

from gateway.tests.conftest import uplink

pytestmark = [pytest.mark.slow, pytest.mark.faults]
ODD = [
    None, True, -1, 2**63, 2**200, 1e308, "NaN", "\ud800", "", "x" * 5000, [], [[]] * 50, {},
    {"a": {"b": [0]}}, "Infinity", "2026-02-30T25:61:61Z", "=cmd|' /C calc'!A0",
]  # fmt: skip
"""Values that parsers, databases and spreadsheets stumble over."""
PATHS = ["/v1/devices", "/v1/events", "/v1/webhooks", "/v1/commands", "/v1/health", "/v2"]
FRAMES = 600
REQUESTS = 300


def message(draw, dev_eui, number):
    """One that an honest ChirpStack would not send: bytes, JSON of any form, an uplink changed."""
    made = uplink(dev_eui, number)
    kind = draw.randrange(4)
    if kind == 0:
        made["payload"] = draw.randbytes(draw.randrange(200))
    elif kind == 1:
        made["payload"] = json.dumps(draw.choice(ODD))
    elif kind == 2:
        body = json.loads(made["payload"])
        body[draw.choice(list(body))] = draw.choice(ODD)
        made["payload"] = json.dumps(body)
    else:
        text = bytearray(made["payload"].encode())
        for _ in range(draw.randrange(1, 4)):
            text[draw.randrange(len(text))] = draw.randrange(256)
        made["payload"] = bytes(text)
    return made


async def test_no_message_stops_ingest_and_each_is_kept(scene):
    draw = random.Random(18)
    await scene.service.start()
    await scene.listening(scene.devices[0])
    victim, honest = scene.devices[1:3]
    sent = [message(draw, victim, number) for number in range(1, FRAMES + 1)]
    sent.append(uplink(honest, 1))

    where = (scene.broker.host, scene.broker.port)
    await asyncio.to_thread(paho.mqtt.publish.multiple, sent, *where)
    path = f"/v1/events?kind=reading&subject={honest}"
    await scene.shown(path, lambda page: page["events"])
    await scene.service.stop()

    assert scene.service.process.returncode == 0
    assert "Traceback" not in scene.service.log.read_text()
    assert "the gateway failed at it" not in scene.service.log.read_text()
    with contextlib.closing(sqlite3.connect(scene.service.folder / "lamplighter.db")) as store:
        reasons = [why for (why,) in store.execute("SELECT reason FROM quarantine")]
        [readings] = store.execute("SELECT count(*) FROM event WHERE type LIKE '%reading%'")
    assert len(reasons) > FRAMES / 2, "most were hostile"
    assert not [one for one in reasons if "the gateway failed at it" in one]
    assert readings[0] >= 2


async def test_no_request_is_answered_by_a_5xx(scene):
    draw = random.Random(18)
    await scene.service.start()
    statuses = []
    async with aiohttp.ClientSession(f"http://{scene.service.bind}") as http:
        for _ in range(REQUESTS):
            path = draw.choice(PATHS) + draw.choice(["", "/x", "/%00", "/" + "a" * 3000, "?a=b"])
            body = draw.choice([draw.randbytes(50), json.dumps(draw.choice(ODD)).encode(), b""])
            headers = {"Authorization": draw.choice([f"Bearer {scene.service.key}", "Bearer x"])}
            method = draw.choice(["GET", "POST", "PUT", "DELETE", "PATCH"])
            async with http.request(method, path, data=body, headers=headers) as answer:
                statuses.append(answer.status)
                await answer.read()

    assert {200, 401, 404} < set(statuses)
    assert max(statuses) < 500
    await scene.service.request("GET", "/v1/health")
    assert "Traceback" not in scene.service.log.read_text()

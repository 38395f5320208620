"""The backend that verifies webhooks."""

import json
from datetime import UTC, datetime

import aiohttp
import pytest
from standardwebhooks.webhooks import Webhook

from tools.bench.main_job.receiver import Receiver

SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"


def signed(event, secret=SECRET):
    body = json.dumps(event)
    at = datetime.now(UTC)
    return body, {
        "webhook-id": event["id"],
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(event["id"], at, body),
    }


def reading(number, subject="70b3d50000000001"):
    return {
        "id": f"e{number}",
        "type": "lamplighter.reading.v1",
        "subject": subject,
        "sequence": str(number),
        "data": {"dev_eui": subject, "seq": number},
    }


@pytest.fixture
async def receiver():
    async with Receiver() as one:
        one.secret = SECRET
        yield one


async def post(receiver, event, secret=SECRET):
    body, headers = signed(event, secret)
    async with (
        aiohttp.ClientSession() as http,
        http.post(receiver.url, data=body, headers=headers) as answer,
    ):
        return answer.status


async def test_a_signed_event_is_kept_once(receiver):
    assert [await post(receiver, reading(1)), await post(receiver, reading(1))] == [200, 200]

    assert [event["id"] for event in receiver.events] == ["e1"]
    assert receiver.repeated == ["e1"]


async def test_a_wrong_signature_is_refused_and_nothing_kept(receiver):
    status = await post(receiver, reading(1), "whsec_AAAAsBQIhrscChlQIMV+b5sSYspob7oD")

    assert status == 401
    assert receiver.events == []
    assert len(receiver.refused) == 1


async def test_an_event_behind_a_later_one_of_its_device_is_named(receiver):
    for number in (2, 1):
        await post(receiver, reading(number))
    await post(receiver, reading(7, subject="70b3d50000000002"))

    assert receiver.unordered == ["e1"]


async def test_a_failing_backend_keeps_nothing(receiver):
    receiver.answer = 500

    assert await post(receiver, reading(1)) == 500
    assert receiver.events == []


async def test_waiting_for_an_event_that_never_comes_tells_what_did(receiver):
    await post(receiver, reading(4))

    with pytest.raises(TimeoutError, match=r"no boot event.*\n.*'seq': 4"):
        await receiver.event("boot", within_s=0.05)

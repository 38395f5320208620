"""The load on the gateway: what it counts is what came, and nothing wrong passes for sound."""

import asyncio
import datetime as dt
import json

import pytest
from standardwebhooks.webhooks import Webhook

from tools.bench.load import syncs, uplinks
from tools.bench.load.process import Child, cpu_s, rss_mb, written_bytes
from tools.bench.load.scene import Run, gateway, kept, roofline
from tools.bench.load.verdict import judge

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ASKED = {"secrets": {"/0": SECRET}, "devices": 2, "first": 10, "count": 4, "rate": 2, "began": 5.0}


def request(number, *, device=0, secret=SECRET, body=None, batch=False):
    """A signed POST with the event of one reading, or several with `batch`."""
    now = dt.datetime.now(dt.UTC)
    event = {
        "id": f"event-{device}-{number}",
        "subject": uplinks.dev_eui(device),
        "sequence": str(number),
        "data": {"dev_eui": uplinks.dev_eui(device), "seq": number},
    }
    body = body or json.dumps([event] if batch else event)
    kind = "application/cloudevents-batch+json" if batch else "application/cloudevents+json"
    signature = Webhook(secret).sign("one", now, body)
    head = (
        f"POST /0 HTTP/1.1\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        f"Webhook-Id: one\r\nWebhook-Timestamp: {int(now.timestamp())}\r\n"
        f"Webhook-Signature: {signature}\r\n\r\n"
    )
    return head.encode() + body.encode()


def test_a_delay_counts_from_the_time_when_an_uplink_was_due():
    taken = [(5.5, request(10)), (6.75, request(11, device=1, batch=True))]

    said = judge(taken, ASKED)

    assert said["late_ms"] == [250.0, 500.0]
    assert (said["events"], said["last"], said["refused"]) == (2, 6.75, [])


def test_what_is_repeated_out_of_order_or_forged_is_told():
    forged = request(12, secret="whsec_" + "A" * 32)
    taken = [(6.0, one) for one in (request(11), request(10), request(11), forged)]

    said = judge(taken, ASKED)

    assert (said["events"], said["repeated"], said["unordered"]) == (2, 1, 1)
    assert said["refused"][0].startswith("WebhookVerificationError")


def test_a_run_without_all_of_its_events_has_no_quantile():
    run = Run(4, 2.0, {"service": 5.0, "broker": 1.0, "receiver": 2.0}, [1.0, 2.0, 9.0], 1, [])

    assert (run.per_s, run.around_us, run.late(0.5)) == (1.5, 3.0, float("inf"))


async def test_the_backend_takes_requests_in_any_pieces():
    async with Child("tools.bench.load.receiver") as receiver:
        port = (await receiver.said())["port"]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        sent = request(10) + request(11) + request(12)
        for at in range(0, len(sent), 197):
            writer.write(sent[at : at + 197])
            await asyncio.sleep(0.01)  # a piece each
        answers = await reader.readexactly(3 * len(b"HTTP/1.1 204 No Content\r\n\r\n"))
        said = await receiver.ask(judge=ASKED)
        writer.close()

    assert answers.count(b"204") == 3
    assert (said["events"], said["refused"]) == (3, [])


@pytest.mark.slow
async def test_a_burst_and_a_steady_rate_come_through_a_roofline():
    async with roofline("ack_after_commit", SECRET) as (scene, child):
        burst = await scene.run(2000)
        paced = await scene.run(200, rate=400)
        assert cpu_s(child.pid) > 0
        assert rss_mb(child.pid) > 5
        assert written_bytes(child.pid) > 2000 * 300

    assert (burst.missing, burst.wrong, paced.missing, paced.wrong) == (0, [], 0, [])
    assert len(burst.late_ms) == 2000
    assert 0 < paced.late(0) <= paced.late(0.99)
    assert paced.seconds >= 199 / 400, "an open loop is no faster than its rate"


@pytest.mark.slow
async def test_the_service_takes_a_burst_to_two_webhooks():
    async with gateway(devices=20, webhooks=2) as (scene, service), kept(service) as count:
        run = await scene.run(100, devices=20)
        stored = await count()

    assert (run.missing, run.wrong, stored) == (0, [], 100)
    assert len(run.late_ms) == 200


def test_the_waits_for_the_disk_are_those_of_both_calls():
    said = (
        "% time     seconds  usecs/call     calls    errors syscall\n"
        " 90.00    0.010000         100       103           fdatasync\n"
        " 10.00    0.001000         100         7         1 fsync\n"
        "100.00    0.011000                   110         1 total\n"
    )

    assert syncs.calls(said) == 110


@pytest.mark.slow
async def test_the_reader_alone_comes_through():
    async with roofline("reader") as (scene, child):

        async def count():
            return (await child.ask(count=True))["count"]

        run = await scene.run(500, through=count)

    assert (run.missing, run.wrong, run.late_ms) == (0, [], [])

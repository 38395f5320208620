"""`lamplighter webhook listen`: the gateway's own sink delivers to it."""

import asyncio
import datetime as dt
import json
import os
import signal
import sys
from pathlib import Path

import aiohttp
import pytest
from standardwebhooks.webhooks import Webhook

from gateway.errors import Refused, Retry
from gateway.listener import Listener, verify
from gateway.model import Delivery, Endpoint
from gateway.sinks import Surroundings
from gateway.sinks.webhook import Settings, Sink
from gateway.store.sqlite import Store
from gateway.tests.contract.store_bench import HOOK, joined

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOW_S = 1_800_000_000
AROUND = Surroundings(
    clock=lambda: NOW_S * 1000, timeout_s=5.0, allow_private=True, folder=Path("none")
)


async def deliveries(count=2):
    async with Store() as store:
        await store.write(lambda tx: tx.add_endpoint(HOOK))
        await store.write(lambda tx: [joined(tx, f"d{n}") for n in range(count)])
        return await store.read(lambda view: view.due_deliveries("h1", 0))


@pytest.mark.parametrize("batch", [1, 10])
async def test_events_are_verified_told_and_known_again(batch):
    told = []
    listener = Listener(SECRET, 204, told.append, lambda: NOW_S * 1000)
    events: list[Delivery] = await deliveries()
    async with listener.at("127.0.0.1", 0) as port, Sink(Settings(), AROUND) as sink:
        to = Endpoint(id="h1", url=f"http://127.0.0.1:{port}/x", secret=SECRET, batch=batch)
        await sink.deliver(to, events)
        await sink.deliver(to, events)

    assert [(one.event.id, one.again, one.status) for one in told] == [
        (one.event_id, again, 204) for again in (False, True) for one in events
    ]


async def test_it_answers_as_told_and_refuses_what_is_not_signed():
    told = []
    events = await deliveries(1)
    failing = Listener("", 503, told.append, lambda: NOW_S * 1000)
    strict = Listener(SECRET, 204, told.append, lambda: NOW_S * 1000)
    async with (
        failing.at("127.0.0.1", 0) as port,
        strict.at("127.0.0.1", 0) as other,
        Sink(Settings(), AROUND) as sink,
        aiohttp.ClientSession() as session,
    ):
        to = Endpoint(id="h1", url=f"http://127.0.0.1:{port}/", secret=SECRET)
        with pytest.raises(Retry, match="answered 503"):
            await sink.deliver(to, events)
        wrong = Endpoint(id="h2", url=f"http://127.0.0.1:{other}/", secret="whsec_AAAA")
        with pytest.raises(Refused, match="401: the signature is wrong"):
            await sink.deliver(wrong, events)
        async with session.post(f"http://127.0.0.1:{port}/", data=b"{}") as answer:
            assert answer.status == 400
        with pytest.raises(Refused, match="give another --port"):
            async with strict.at("127.0.0.1", port):
                pass

    assert [(one.status, one.event is None) for one in told] == [
        (503, False), (401, True), (400, True)
    ]  # fmt: skip


def signed(body, *, at_s=NOW_S):
    at = dt.datetime.fromtimestamp(at_s, dt.UTC)
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(at_s),
        "webhook-signature": f"v1,AAAA {Webhook(SECRET).sign('msg_1', at, body)}",
    }


def test_what_the_reference_library_signs_verifies_and_nothing_else():
    verify(SECRET, signed("{}"), b"{}", NOW_S + 299)
    for harm, body, said in (
        ({}, b"{ }", "the signature is wrong"),
        ({"webhook-id": "msg_2"}, b"{}", "the signature is wrong"),
        ({"webhook-signature": ""}, b"{}", "no webhook-signature"),
        ({"webhook-timestamp": str(NOW_S - 301)}, b"{}", "set both clocks"),
        ({"webhook-timestamp": "soon"}, b"{}", "set both clocks"),
    ):
        with pytest.raises(Refused, match=said):
            verify(SECRET, signed("{}") | harm, body, NOW_S)
    with pytest.raises(Refused, match="the secret is none"):
        Listener("whsec_?", 204, print, lambda: 0)


async def test_the_command_says_what_to_do_next_and_prints_each_event():
    command = [sys.executable, "-m", "gateway", "webhook", "listen", "--port", "0", "--json"]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": "1", "PYTHONPATH": ".:firmware"},
    )  # fmt: skip
    assert process.stdout
    assert process.stderr
    begun = (await process.stderr.readline()).decode()
    port = int(begun.partition("127.0.0.1:")[2].partition("/")[0])
    [event] = await deliveries(1)
    async with Sink(Settings(), AROUND) as sink:
        to = Endpoint(id="h1", url=f"http://127.0.0.1:{port}/", secret=SECRET)
        await sink.deliver(to, [event])
    told = json.loads(await process.stdout.readline())
    process.send_signal(signal.SIGINT)
    rest = (await process.stderr.read()).decode()

    assert await process.wait() == 0
    assert told["event"]["id"] == event.event_id
    assert f"lamplighter webhook add http://127.0.0.1:{port}/" in rest
    assert "Without it signatures are not checked." in rest

"""The sink `webhook`, over real HTTP servers on loopback; and what an HTTP status means."""

import asyncio
import contextlib
import json
import socket
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from aiohttp import web
from msgspec.structs import replace
from standardwebhooks.webhooks import Webhook

from gateway.clock import wall_ms
from gateway.errors import Refused, Retry
from gateway.model import Delivery, Endpoint
from gateway.sinks import Gone, Surroundings, webhook
from gateway.sinks.webhook.reply import judge
from gateway.sinks.webhook.request import ONE, Target, signer

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OLD_SECRET = "whsec_" + "b2xk" * 11
BODY = b'{"id":"evt_1","type":"lamplighter.joined.v1","subject":"s","data":{"device":"\xc3\xbc"}}'
NOW_MS = time.time_ns() // 1_000_000


def delivery():
    return Delivery(
        endpoint_id="wh_1", cursor=1, event_id="evt_1", type="t", subject="s", body=BODY
    )


def endpoint(url):
    return Endpoint(id="wh_1", url=url, secret=SECRET)


@contextlib.asynccontextmanager
async def server(handler):
    """A backend whose every path is `handler(request)`; gives its URL."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def raw_server(talk):
    """A peer that is no HTTP server: `await talk(reader, writer)`."""
    writers = []

    async def noted(reader, writer):
        writers.append(writer)
        await talk(reader, writer)

    made = await asyncio.start_server(noted, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{made.sockets[0].getsockname()[1]}/"
    finally:
        made.close()
        for writer in writers:
            writer.transport.abort()
        await asyncio.sleep(0)


def open_sink(clock, timeout_s, *, allow_private, resolve=None):
    around = Surroundings(
        clock=clock, timeout_s=timeout_s, allow_private=allow_private, folder=Path()
    )
    return webhook.Sink(webhook.Settings(), around, resolve)


async def send(url, timeout_s=5.0, *, allow_private=True, clock=lambda: NOW_MS):
    async with open_sink(clock, timeout_s, allow_private=allow_private) as sink:
        await sink.deliver(endpoint(url), [delivery()])


async def test_the_backend_can_verify_what_it_gets():
    got = []

    async def keep(request):
        got.append((await request.read(), dict(request.headers)))
        return web.Response(status=204)

    async with server(keep) as url:
        await send(url)

    [(body, headers)] = got
    Webhook(SECRET).verify(body, headers)
    assert body == BODY
    assert headers["webhook-id"] == "evt_1"
    assert headers["Content-Type"] == "application/cloudevents+json"


async def test_the_backend_of_the_readme_works(request):
    text = (request.config.rootpath / "gateway" / "README.md").read_text()
    kept = {}

    async def keep_once(event_id, event):
        new = event_id not in kept
        kept[event_id] = event
        return new

    scope = {"SECRET": SECRET, "keep_once": keep_once}
    exec(text.partition("```python\n")[2].partition("```")[0], scope)

    async with server(scope["events"]) as url:
        await send(url, clock=wall_ms)

    assert kept == {"evt_1": json.loads(BODY)}


def test_the_signature_is_that_of_the_published_example(monkeypatch):
    """Source: Standard Webhooks, libraries/python/tests/test_webhooks.py. In any time zone."""
    sample = Delivery(
        endpoint_id="", cursor=1, event_id="msg_p5jXN8AQM9LWM0D4loKWxJek", type="", subject="",
        body=b'{"test": 2432232314}',
    )  # fmt: skip
    for zone in ("UTC", "Asia/Tokyo", "America/New_York"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()

        made = Target(endpoint("http://x/")).request(ONE, sample.event_id, sample.body, 1614265330)

        lines = made.split(b"\r\n")
        assert b"webhook-signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" in lines
        assert b"webhook-timestamp: 1614265330" in lines
    monkeypatch.undo()
    time.tzset()


TAKEN, RETRY, REFUSED, GONE = None, Retry, Refused, Gone


@pytest.mark.parametrize(
    ("outcome", "statuses"),
    [
        (TAKEN, (200, 201, 202, 204, 299)),
        (GONE, (410,)),
        (RETRY, (300, 301, 302, 303, 304, 307, 308, 408, 425, 429, 500, 502, 503, 504, 599)),
        (REFUSED, (400, 401, 403, 404, 405, 409, 413, 415, 422, 451, 499)),
    ],
)
def test_each_status_has_its_meaning(outcome, statuses):
    for status in statuses:
        if outcome is TAKEN:
            judge(status, "", None)
            continue
        with pytest.raises(outcome) as caught:
            judge(status, "no", None)
        assert type(caught.value) is outcome
        assert str(status) in str(caught.value)


async def test_a_redirect_is_never_followed():
    asked = []

    async def redirect(request):
        asked.append(request.path)
        raise web.HTTPTemporaryRedirect("/elsewhere")

    async with server(redirect) as url:
        with pytest.raises(Retry, match="redirect"):
            await send(url)

    assert asked == ["/hook"]


@pytest.mark.parametrize(
    ("text", "after_s"),
    [
        ("120", 120.0), ("999999999", 86400.0), ("0", 0.0), ("soon", None), ("-5", None),
        ("in an hour", pytest.approx(3600, abs=1)),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0), ("Thu, 99 Foo 99999 00:00:00 GMT", None),
    ],
)  # fmt: skip
async def test_retry_after_is_read_and_bounded(text, after_s):
    if text == "in an hour":  # not above: the parallel workers must collect the same tests
        text = format_datetime(datetime.fromtimestamp(NOW_MS / 1000, UTC) + timedelta(hours=1))

    async def busy(_request):
        return web.Response(status=429, headers={"Retry-After": text})

    async with server(busy) as url:
        with pytest.raises(Retry) as caught:
            await send(url)

    assert caught.value.after_s == after_s


async def test_an_endpoint_that_hangs_is_left_at_the_time_out():
    async def hang(_reader, writer):
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(5)
        writer.close()

    started = time.monotonic()
    async with raw_server(hang) as url:
        with pytest.raises(Retry, match=r"within 0\.2 s"):
            await send(url, timeout_s=0.2)
    assert time.monotonic() - started < 2


async def test_an_endpoint_that_drips_bytes_is_left_at_the_time_out():
    async def drip(_reader, writer):
        with contextlib.suppress(OSError, asyncio.CancelledError):
            while True:
                writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\n")
                await writer.drain()
                await asyncio.sleep(0.05)
        writer.close()

    async with raw_server(drip) as url:
        with pytest.raises(Retry, match=r"within 0\.3 s"):
            await send(url, timeout_s=0.3)


async def test_of_a_long_reply_only_the_beginning_is_read():
    sent = 0

    async def endless(request):
        nonlocal sent
        reply = web.StreamResponse(status=500)
        await reply.prepare(request)
        with contextlib.suppress(ConnectionError):
            for _ in range(1000):
                await reply.write(b"a\n\x1b[31m" * 10_000)
                sent += 70_000
        return reply

    async with server(endless) as url:
        with pytest.raises(Retry) as caught:
            await send(url)

    assert sent < 10_000_000
    assert len(str(caught.value)) < 400
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    "answer",
    [b"", b"garbage\r\n\r\n", b"HTTP/1.1 999"],
)
async def test_a_broken_answer_is_tried_again(answer):
    async def break_off(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    async with raw_server(break_off) as url:
        with pytest.raises(Retry):
            await send(url)


async def test_nobody_listening_is_tried_again():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    with pytest.raises(Retry, match="not reached"):
        await send(f"http://127.0.0.1:{port}/")


async def test_a_server_without_tls_behind_https_is_tried_again():
    async def plain(_request):
        return web.Response()

    async with server(plain) as url:
        with pytest.raises(Retry, match="not reached"):
            await send(url.replace("http:", "https:"))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0"])
async def test_inside_addresses_are_refused_before_connecting(host):
    connections = []

    async def note(_reader, writer):
        connections.append(1)
        writer.close()

    async with raw_server(note) as url:
        with pytest.raises(Refused, match=r"private|canonical"):
            await send(url.replace("127.0.0.1", host), allow_private=False)

    assert connections == []


class LoopbackResolver:
    """Answers every name with loopback, as the name server of an attacker would."""

    def __init__(self):
        self.asked = 0

    async def resolve(self, host, port):
        self.asked += 1
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", port))]


async def test_a_name_that_resolves_to_loopback_is_refused_before_connecting():
    connections = []

    async def note(_reader, writer):
        connections.append(1)
        writer.close()

    resolver = LoopbackResolver()
    async with (
        raw_server(note) as url,
        open_sink(lambda: NOW_MS, 5.0, allow_private=False, resolve=resolver.resolve) as sink,
    ):
        with pytest.raises(Refused, match=r"127\.0\.0\.1 lies in a private"):
            await sink.deliver(
                endpoint(url.replace("127.0.0.1", "backend.example.org")), [delivery()]
            )

    assert (resolver.asked, connections) == (1, [])


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST.", "backend.localhost"])
async def test_a_name_of_this_machine_is_refused_without_asking_a_name_server(host):
    resolver = LoopbackResolver()
    async with open_sink(
        lambda: NOW_MS, 5.0, allow_private=False, resolve=resolver.resolve
    ) as sink:
        with pytest.raises(Refused, match="private"):
            await sink.deliver(endpoint(f"http://{host}:1/"), [delivery()])

    assert resolver.asked == 0


async def test_proxies_of_the_environment_are_not_used(monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1/")

    async def take(_request):
        return web.Response()

    async with server(take) as url:
        await send(url)


@pytest.mark.parametrize(("now_s", "verifying"), [(999, {SECRET, OLD_SECRET}), (1000, {SECRET})])
def test_until_the_overlap_is_over_the_secret_before_verifies_too(now_s, verifying):
    """Source: Standard Webhooks, Verifying webhook authenticity: signatures, space delimited."""
    to = replace(endpoint("http://x/"), old_secret=OLD_SECRET, old_until_ms=1_000_000)

    made = Target(to).request(ONE, "evt_1", BODY, now_s)

    [signatures] = [
        line.split(b": ")[1] for line in made.split(b"\r\n") if b"webhook-signature" in line
    ]
    signed = b"evt_1.%d.%b" % (now_s, BODY)
    by = {f"v1,{signer(one)(signed)}": one for one in (SECRET, OLD_SECRET)}
    assert {by[one] for one in signatures.decode().split(" ")} == verifying

"""What a webhook may be asked beside its URL: headers, trust, tags, pace, pause, test, replay."""

import asyncio
import ssl
from typing import Any

import pytest
from aiohttp import web
from msgspec.structs import replace

from gateway import headers, webhooks
from gateway.clock import rfc3339
from gateway.errors import ConfigError, Refused, Retry
from gateway.events import JoinedData
from gateway.model import Device
from gateway.settings import load
from gateway.sinks.webhook import Settings, Sink
from gateway.sinks.webhook.trust import Trust
from gateway.store.sqlite import Store
from gateway.tests.contract.certificates import Authority
from gateway.tests.contract.http_bench import SURROUNDINGS, made_parts
from gateway.tests.contract.test_webhook import delivery, endpoint, server
from gateway.tests.unit.outbox_bench import (
    BIN,
    LAMP,
    ScriptedSink,
    append,
    delivering,
    settled,
    until,
)
from gateway.usecases import devices
from gateway.usecases import webhooks as use
from gateway.usecases.devices import TagsRequest
from gateway.usecases.webhooks import ReplayRequest, WebhookRequest

HOUR_MS = 3_600_000
AROUND = replace(SURROUNDINGS, allow_private=True, timeout_s=5.0)


async def test_the_headers_of_a_webhook_are_sent_and_their_values_shown_nowhere():
    got = []

    async def take(request):
        got.append(request.headers)
        return web.Response(status=204)

    async with server(take) as url, Sink(Settings(), AROUND) as sink:
        to = replace(endpoint(url), headers={"X-Tenant": "east", "Authorization": "Bearer abc"})
        await sink.deliver(to, [delivery()])
    assert (got[0]["X-Tenant"], got[0]["Authorization"]) == ("east", "Bearer abc")
    assert got[0]["webhook-id"] == "evt_1"

    async with Store() as store:
        parts = made_parts(store)
        body = WebhookRequest("http://x/", headers={"Authorization": "Bearer abc"})
        made = await use.add(parts, body=body)
        shown = await use.find(parts, made.id)
    assert shown.headers == ["Authorization"]
    assert "abc" not in repr((made, shown))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-A", "a\r\nHost: evil"), ("X-A", "a\nb"), ("X-A", "a\rb"), ("X-A", "a\x00b"),
        ("X-A", ""), ("X-A", " a"), ("X-A", "a "), ("X-A", "ü"), ("X-A", "x" * 5000),
        ("X A", "a"), ("X:A", "a"), ("X\r\nA", "a"), ("", "a"), ("Ä", "a"),
        ("Host", "a"), ("hOST", "a"), ("Content-Length", "0"), ("Transfer-Encoding", "chunked"),
        ("webhook-id", "a"), ("Webhook-Signature", "v1,a"), ("WEBHOOK-TIMESTAMP", "1"),
        ("Connection", "close"), ("Content-Type", "text/plain"), ("Expect", "100-continue"),
    ],
)  # fmt: skip
async def test_a_header_that_would_change_the_request_is_refused(name, value):
    with pytest.raises(Refused) as refused:
        headers.check({"X-Fine": "yes", name: value})
    assert refused.value.field == "headers"
    assert len(value) < 2 or f"{value!r}" not in str(refused.value)

    async with Store() as store:
        parts = made_parts(store)
        with pytest.raises(Refused):
            await use.add(parts, body=WebhookRequest("http://x/", headers={name: value}))
        assert (await use.find_all(parts)).webhooks == []


async def test_a_header_is_named_once_and_a_file_has_none():
    with pytest.raises(Refused, match="twice"):
        headers.check({"X-A": "1", "x-a": "2"})
    async with Store() as store:
        parts = made_parts(store)
        for body in (
            WebhookRequest("a.jsonl", kind="file", headers={"X-A": "1"}),
            WebhookRequest("a.jsonl", kind="file", tls="city"),
        ):
            with pytest.raises(Refused, match="sends no HTTP request"):
                await use.add(parts, body=body)


async def test_an_endpoint_of_an_own_authority_that_asks_for_our_certificate_gets_events(tmp_path):
    authority = Authority(tmp_path)
    chain, key = authority.certificate("server")
    ours, our_key = authority.certificate("gateway")
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority.ca)
    serving.load_cert_chain(chain, key)
    serving.verify_mode = ssl.CERT_REQUIRED
    got = []

    async def take(request):
        got.append(request.transport.get_extra_info("peercert")["subject"])
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/", take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=serving).start()
    to = endpoint(f"https://127.0.0.1:{runner.addresses[0][1]}/")
    trusts = {
        "city": Trust(authority.ca, ours, our_key),
        "half": Trust(authority.ca),
    }
    try:
        async with Sink(Settings(tls=trusts), AROUND) as sink:
            await sink.deliver(replace(to, tls="city"), [delivery()])
            for tls in ("", "half"):  # an authority nobody knows; no certificate of ours
                with pytest.raises(Retry):
                    await sink.deliver(replace(to, id=f"wh_{tls}", tls=tls), [delivery()])
            with pytest.raises(Refused, match="there are: city, half"):
                sink.suit(replace(to, tls="town"))
            with pytest.raises(Refused, match="https"):
                sink.suit(replace(to, url="http://x/", tls="city"))
    finally:
        await runner.cleanup()

    assert got == [((("commonName", "gateway"),),)]


async def test_a_file_of_trust_that_cannot_be_used_is_named_at_the_start(tmp_path):
    broken = tmp_path / "ca.pem"
    broken.write_text("nothing")
    for path in (broken, tmp_path / "none.pem"):
        with pytest.raises(ConfigError, match=path.name):
            async with Sink(Settings(tls={"city": Trust(path)}), AROUND):
                pass


async def test_a_tag_is_a_filter_and_follows_the_device():
    def joined(eui):
        return lambda tx: tx.append(
            "joined", eui, 1, JoinedData(dev_eui=eui, device="x", dev_addr="1")
        )

    async with Store(source="lamplighter/test") as store:
        parts = made_parts(store)
        for number, eui in enumerate((LAMP, BIN)):
            made = Device(eui, f"unit {number}", "bin", "0" * 16)
            await store.write(lambda tx, one=made: tx.add_device(one))
        hook = await use.add(parts, body=WebhookRequest("http://x/", tags=["east", "park"]))
        assert len(hook.doubts) == 2
        await devices.tag(parts, LAMP.upper(), body=TagsRequest(["east", "east", "A"]))
        for eui in (LAMP, BIN):
            await store.write(joined(eui))
        await devices.tag(parts, LAMP, body=TagsRequest([]))
        await devices.tag(parts, BIN, body=TagsRequest(["park"]))
        for eui in (LAMP, BIN):
            await store.write(joined(eui))

        rows = await store.read(lambda view: view.deliveries(hook.id))
        later = await use.add(
            parts, body=WebhookRequest("http://y/", tags=["park"], start="since", since=rfc3339(0))
        )

        assert [(one.cursor, one.subject) for one in rows] == [(1, LAMP), (4, BIN)]
        assert later.pending == 2  # by the tags that devices have now
        [doubt] = (await use.find(parts, hook.id)).doubts
        assert doubt.startswith("the filter names the tag 'east', which no device has")


async def test_a_paused_webhook_keeps_its_events_and_gets_them_in_order():
    sink = ScriptedSink()
    async with delivering(sink) as (store, _, [hook]):
        first = await append(store, LAMP)
        await settled(store, hook, delivered=1)
        parts = made_parts(store)
        shown = await use.pause(parts, hook)
        await asyncio.sleep(0.02)
        ids = await append(store, LAMP, BIN, LAMP)
        await asyncio.sleep(0.05)
        assert (sink.ids(), shown.paused_at) == (first, rfc3339(parts.clock()))
        waiting = await use.find(parts, hook)
        assert (waiting.totals.pending, waiting.next_try_at) == (3, None)

        await use.resume(parts, hook)
        await settled(store, hook, delivered=4)

    assert [one for one in sink.ids() if one != ids[1]] == [*first, ids[0], ids[2]]


async def test_a_test_event_goes_to_its_webhook_alone_whatever_the_filter():
    sink = ScriptedSink()
    async with delivering(sink, endpoints=2) as (store, _, [one, other]):
        parts = made_parts(store)
        filtered = WebhookRequest("http://x/", types=["lamplighter.boot.v1"], devices=["0" * 16])
        hook = await use.add(parts, body=filtered)

        made = await use.test(parts, hook.id)
        await settled(store, hook.id, matched=1, delivered=1)

        assert sink.ids() == [made.event_id]
        for id_ in (one, other):
            assert (await use.find(parts, id_)).totals.matched == 0
        past = WebhookRequest("http://z/", start="since", since=rfc3339(0))
        assert (await use.add(parts, body=past)).pending == 0
        await store.write(
            lambda tx: tx.put_endpoint(replace(webhooks.endpoint(tx, one), disabled_reason="410"))
        )
        with pytest.raises(Refused, match="enable it first"):
            await use.test(parts, one)


async def test_a_span_of_time_is_sent_again_whole_and_nothing_twice_in_it():
    async with Store(source="lamplighter/test") as store:
        parts = made_parts(store)
        hook = await use.add(parts, body=WebhookRequest("http://x/"))

        def event(tx, hour, eui=LAMP):
            data = JoinedData(dev_eui=eui, device="x", dev_addr="1")
            return tx.append("joined", eui, hour * HOUR_MS, data)

        for hour in range(8):
            await store.write(lambda tx, hour=hour: event(tx, hour))
        rows = await store.read(lambda view: view.deliveries(hook.id))
        for row, state in zip(rows, ("delivered",) * 4 + ("dead",) * 2, strict=False):
            done = replace(row, state=state, attempts=3)
            await store.write(lambda tx, one=done: tx.put_delivery(one))
        await store.write(
            lambda tx: tx.put_endpoint(
                replace(webhooks.endpoint(tx, hook.id), disabled_reason="410")
            )
        )
        await store.write(lambda tx: event(tx, 6))  # it never got this one
        await store.write(
            lambda tx: tx.put_endpoint(replace(webhooks.endpoint(tx, hook.id), disabled_reason=""))
        )

        span = ReplayRequest(rfc3339(2 * HOUR_MS), rfc3339(7 * HOUR_MS))
        done = await use.replay(parts, hook.id, body=span)

        rows = await store.read(lambda view: view.deliveries(hook.id))
        assert done.count == 5  # hours 2 and 3, 4 and 5 that were dead, and the new 6
        assert [one.state for one in rows] == ["delivered"] * 2 + ["pending"] * 7
        assert {one.attempts for one in rows[2:]} == {0}
        totals = (await use.find(parts, hook.id)).totals
        assert (totals.matched, totals.delivered, totals.pending, totals.dead) == (9, 2, 7, 0)
        with pytest.raises(Refused):
            await use.replay(parts, hook.id, body=ReplayRequest(since="never"))


async def test_a_rate_spaces_attempts_evenly_and_a_webhook_has_a_width_of_its_own():
    sink = ScriptedSink()
    async with delivering(sink, endpoints=2, poll_s=60.0, parallel=3) as (store, clock, hooks):
        paced, narrow = hooks
        await store.write(
            lambda tx: tx.put_endpoint(
                replace(webhooks.endpoint(tx, paced), rate=20.0, parallel=8)
            )
        )
        await store.write(
            lambda tx: tx.put_endpoint(replace(webhooks.endpoint(tx, narrow), parallel=1))
        )
        sink.hanging.add(narrow)
        await asyncio.sleep(0.05)
        await append(store, *[f"{n:016x}" for n in range(6)])

        await until(lambda: _count(sink, paced, 1))
        await asyncio.sleep(0.12)
        assert (len(_of(sink, paced)), len(_of(sink, narrow))) == (1, 1)
        for count in range(2, 7):  # the clock is the test's: nothing goes before it says so
            clock.pass_s(0.05)
            await until(lambda count=count: _count(sink, paced, count))


def _of(sink, hook) -> list[Any]:
    return [one for one in sink.attempts if one[0] == hook]


async def _count(sink, hook, count):
    return len(_of(sink, hook)) == count


async def test_what_is_paused_is_unknown_or_known():
    async with Store() as store:
        parts = made_parts(store)
        for action in (use.pause, use.resume, use.test):
            with pytest.raises(Refused, match="there is no webhook"):
                await action(parts, "wh_none")
        with pytest.raises(Refused, match="there is no webhook"):
            await store.write(lambda tx: webhooks.pause(tx, "wh_none", 1))


def test_whom_a_webhook_trusts_stands_in_the_configuration(tmp_path):
    path = tmp_path / "lamplighter.toml"
    text = (
        'site = "x"\n[network]\nkind = "virtual"\n[sinks.webhook.tls.city]\nca_file = "ca.pem"\n'
    )
    path.write_text(text)

    trusts = load(path, {}).sinks["webhook"].tls

    assert trusts == {"city": Trust(tmp_path / "ca.pem")}
    path.write_text(text + 'key = "x"\n')
    with pytest.raises(
        ConfigError, match="there is no such key; expected one of: ca_file, cert_file"
    ):
        load(path, {})

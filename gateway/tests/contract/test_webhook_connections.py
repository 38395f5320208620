"""Connections of the sink `webhook`: kept, replaced, limited in time, never to a wrong place."""

import asyncio
import contextlib
import socket
import ssl
import struct
import time
import tracemalloc
from typing import Any

import aiohttp
import pytest

from gateway.errors import Retry
from gateway.sinks.webhook.connection import Connection
from gateway.sinks.webhook.poster import Origin, Poster
from gateway.tests.contract.test_webhook import delivery, endpoint, open_sink, raw_server
from gateway.tests.contract.webhook_bench import CUT, OK, Peer, scene


async def test_a_connection_is_used_again():
    async with scene(OK) as (peer, send):
        for _ in range(3):
            await send()

    assert (len(peer.heads), peer.connections) == (3, 1)


@pytest.mark.parametrize("end", [(CUT,), (b"", CUT)])
async def test_a_kept_connection_that_the_peer_closed_is_replaced_once(end):
    async with scene(OK, end, OK) as (peer, send):
        await send()
        await send()

    assert (len(peer.heads), peer.connections) == (3, 2)
    assert len(set(peer.heads)) == 1


async def test_a_kept_connection_that_the_peer_reset_is_replaced_and_a_new_one_not():
    heads = []

    async def talk(reader, writer):
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                heads.append(await reader.readuntil(b"\r\n\r\n"))
                await reader.readexactly(len(delivery().body))
                if len(heads) > 1:
                    break
                writer.write(OK)
        own = writer.get_extra_info("socket")
        own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.close()

    async with raw_server(talk) as url, open_sink(lambda: 0, 5.0, allow_private=True) as sink:
        await sink.deliver(endpoint(url), [delivery()])
        with pytest.raises(Retry, match="reset"):
            await sink.deliver(endpoint(url), [delivery()])

    assert len(heads) == 3


@pytest.mark.parametrize("status", [b"200 OK", b"500 Error"])
async def test_of_a_reply_without_end_little_is_read_and_nothing_kept(status):
    sent = 0

    async def pour(reader, writer):
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 " + status + b"\r\ncontent-length: 10000000000\r\n\r\n")
        piece = b"x" * 65536
        with contextlib.suppress(OSError, asyncio.CancelledError):
            while True:
                writer.write(piece)
                await writer.drain()
                sent += len(piece)

    tracemalloc.start()
    try:
        async with raw_server(pour) as url, open_sink(lambda: 0, 5.0, allow_private=True) as sink:
            before = tracemalloc.get_traced_memory()[0]
            for _ in range(5):
                with contextlib.suppress(Retry):
                    await sink.deliver(endpoint(url), [delivery()])
            kept = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()

    assert sent < 5 * 20_000_000
    assert kept < 3_000_000


async def test_it_is_replaced_only_once():
    async with scene(OK, CUT) as (peer, send):
        await send()
        with pytest.raises(Retry, match="without a reply"):
            await send()

    assert (len(peer.heads), peer.connections) == (3, 2)


async def test_a_new_connection_without_a_reply_is_not_replaced():
    async with scene(CUT) as (peer, send):
        with pytest.raises(Retry, match="not reached"):
            await send()

    assert (len(peer.heads), peer.connections) == (1, 1)


@pytest.mark.parametrize("begun", [b"H", b"HTTP/1.1 2", b"HTTP/1.1 100 C\r\n\r\n"])
async def test_a_reply_that_began_is_not_asked_for_again(begun):
    async with scene(OK, (begun, CUT)) as (peer, send):
        await send()
        with pytest.raises(Retry, match="status"):
            await send()

    assert (len(peer.heads), peer.connections) == (2, 1)


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\ncontent-length: 0\n\n",
        OK + OK,
        OK + b"x",
        OK + b"H",
        (OK, OK),
        (OK, b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n"),
        b"HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\nhello",
    ],
)
async def test_a_connection_whose_state_is_not_sure_is_never_used_again(reply):
    async with scene(reply) as (peer, send):
        await send()
        await asyncio.sleep(0.2)
        await send()

    assert (len(peer.heads), peer.connections) == (2, 2)


async def test_events_sent_at_once_have_a_connection_each_and_keep_them():
    async with scene(OK) as (peer, send):
        for _ in range(3):
            await asyncio.gather(*(send() for _ in range(4)))

    assert (len(peer.heads), peer.connections) == (12, 4)


async def test_another_secret_or_url_of_an_endpoint_holds_at_once():
    async with scene(OK) as (peer, send):
        await send()
        await send(peer.url + "new")

    assert [head.split()[1] for head in peer.heads] == [b"/", b"/new"]


async def test_no_certificates_are_read_for_an_endpoint_that_has_none():
    async with scene(OK) as (peer, send):
        began = time.thread_time()
        await send()
        first_s = time.thread_time() - began

    began = time.thread_time()
    ssl.create_default_context()
    assert len(peer.heads) == 1
    assert first_s < (time.thread_time() - began) / 2


async def test_an_idle_connection_is_closed():
    peer = Peer(OK)
    async with raw_server(peer.talk) as url:
        poster = Poster(timeout_s=5.0, allow_private=True, idle_s=0.02)
        origin, idle = Origin(tls=False, host="127.0.0.1", port=int(url.split(":")[2][:-1])), []
        request = b"POST / HTTP/1.1\r\ncontent-length: 0\r\n\r\n"
        await poster.post(origin, idle, lambda: request)
        [connection] = idle
        assert connection.open

        await asyncio.sleep(0.1)

        assert not connection.open
        await poster.post(origin, idle, lambda: request)
        await poster.close()
        await asyncio.sleep(0)
    assert peer.connections == 2
    assert not connection.open


async def test_the_limit_of_time_begins_with_the_look_up_of_the_name():
    async def hang(_host, _port):
        await asyncio.sleep(60)

    began = time.monotonic()
    async with scene(OK, timeout_s=0.2, resolve=hang) as (peer, send):
        with pytest.raises(Retry, match=r"within 0\.2 s"):
            await send("http://backend.example.org/")

    assert time.monotonic() - began < 2
    assert peer.connections == 0


async def test_the_limit_of_time_holds_for_tls():
    async def silent(reader, _writer):
        await reader.read()

    async with raw_server(silent) as url, open_sink(lambda: 0, 0.3, allow_private=True) as sink:
        with pytest.raises(Retry, match=r"within 0\.3 s"):
            await sink.deliver(endpoint(url.replace("http", "https")), [delivery()])


async def test_both_tries_of_a_replaced_connection_share_one_limit_of_time():
    async with scene(OK, (b"", b"", CUT), b"", timeout_s=0.3) as (_, send):
        await send()
        began = time.monotonic()
        with pytest.raises(Retry, match=r"within 0\.3 s"):
            await send()

    assert time.monotonic() - began < 0.9


@pytest.mark.parametrize(
    "reply",
    [
        OK,
        (
            b"HTTP/1.1 503 Busy\r\nretry-after: 30\r\ntransfer-encoding: chunked\r\n\r\n"
            b"2\r\nno\r\n3\r\nt n\r\n0\r\n\r\n"
        ),
        b"HTTP/1.1 103 E\r\nlink: </a>\r\n\r\nHTTP/1.1 429 Slow\r\ncontent-length: 4\r\n\r\nslow",
        b"HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\nwhat is this?",
        b"HTTP/1.0 502 Bad\r\n\r\nno backend",
        b"HTTP/1.1 204 No Content\r\n\r\n",
    ],
)
async def test_a_whole_reply_means_what_it_means_to_aiohttp(reply):
    """aiohttp as a second opinion: the same status, wait and text."""
    peer = Peer((reply, CUT))
    async with (
        raw_server(peer.talk) as url,
        aiohttp.ClientSession() as session,
        session.post(url, data=b"{}", allow_redirects=False) as theirs,
    ):
        text = await theirs.text()
        poster = Poster(timeout_s=5.0, allow_private=True)
        origin = Origin(tls=False, host="127.0.0.1", port=int(url.split(":")[2][:-1]))
        ours = await poster.post(
            origin, [], lambda: b"POST / HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}"
        )
        await poster.close()

    assert ours.status == theirs.status
    assert ours.said == text
    if not ours.succeeded:
        assert ours.retry_after == theirs.headers.get("Retry-After", "")


@pytest.mark.parametrize("rest", [b"", b"content-length: 0\r\n\r\n"])
async def test_a_reply_that_comes_before_the_request_counts(rest):
    """As of a server that is too busy to read; Python gets it before the request goes out."""
    connection = Connection(lambda _closed: None)
    written = []

    class Transport:
        def write(self, data):
            written.append(data)

        def abort(self):
            connection.connection_lost(None)

    transport: Any = Transport()
    connection.connection_made(transport)
    connection.data_received(b"HTTP/1.1 429 Busy\r\nretry-after: 9\r\n" + rest)
    deadline = asyncio.get_running_loop().time() + 0.5

    reply = await connection.exchange(b"POST", deadline)

    assert (reply.status, reply.retry_after, written) == (429, "9", [b"POST"])
    assert (asyncio.get_running_loop().time() < deadline) is bool(rest)

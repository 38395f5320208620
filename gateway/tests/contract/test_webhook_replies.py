"""A 2xx status is a delivery, whatever the rest of the reply does; over raw sockets."""

import asyncio
import contextlib
import ssl
import subprocess
import time

import pytest

from gateway.errors import Refused, Retry
from gateway.sinks import Gone
from gateway.tests.contract.test_webhook import delivery, endpoint, open_sink, raw_server, send

LONG = b"x-note: " + b"n" * 9000 + b"\r\n"
DELIVERED = {
    "a header over 8190 bytes": b"HTTP/1.1 200 OK\r\n" + LONG + b"content-length: 0\r\n\r\n",
    "headers over 300 kB": b"HTTP/1.1 200 OK\r\n" + LONG * 35 + b"content-length: 0\r\n\r\n",
    "300 headers": b"HTTP/1.1 200 OK\r\n" + b"x-a: b\r\n" * 300 + b"content-length: 0\r\n\r\n",
    "a cut chunk": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\nabc",
    "a wrong chunk": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nabc",
    "too little content": b"HTTP/1.1 201 Created\r\ncontent-length: 99\r\n\r\nabc",
    "too much content": b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nabcdefgh",
    "a length that is no number": b"HTTP/1.1 200 OK\r\ncontent-length: abc\r\n\r\nok",
    "a negative length": b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\nok",
    "two lengths": b"HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok",
    "length and chunks": (
        b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"
    ),
    "204 with a body": b"HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\nhello",
    "204 with chunks": (
        b"HTTP/1.1 204 No Content\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
    ),
    "a wrong header line": b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
    "a header with a null": b"HTTP/1.1 200 OK\r\nx: a\0b\r\n\r\n",
    "bytes that are no text": b"HTTP/1.1 200 \xff\xfe\r\nx: \xff\r\n\r\n\xff",
    "an end after the code": b"HTTP/1.1 200 ",
    "an endless reason": b"HTTP/1.1 200 " + b"o" * 100_000,
    "an end inside the headers": b"HTTP/1.1 200 OK\r\nx: y",
    "a wrong compression": (
        b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc"
    ),
    "no reason": b"HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n",
    "HTTP/1.0": b"HTTP/1.0 200 OK\r\n\r\nok",
    "early hints": (
        b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"
        b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n"
    ),
    "an upgrade": b"HTTP/1.1 200 OK\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n",
}

UNENDED = (
    "a cut chunk",
    "too little content",
    "bytes that are no text",
    "an end after the code",
    "an endless reason",
    "an end inside the headers",
    "HTTP/1.0",
    "an upgrade",
)
"""On a connection that stays open, they end by the time limit."""


@contextlib.asynccontextmanager
async def answering(reply, *, cut=True, counts=None):
    """A peer that reads a request and answers these bytes. cut: then it closes."""

    async def talk(reader, writer):
        ended = (OSError, asyncio.IncompleteReadError, asyncio.CancelledError)
        with contextlib.suppress(*ended):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                size = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
                await reader.readexactly(size)
                if counts is not None:
                    counts.append(head.split(b"\r\n")[0])
                writer.write(reply)
                await writer.drain()
                if cut:
                    break
        writer.close()

    async with raw_server(talk) as url:
        yield url


@pytest.mark.parametrize("name", DELIVERED)
async def test_a_2xx_status_is_a_delivery(name):
    async with answering(DELIVERED[name]) as url:
        await send(url)


@pytest.mark.parametrize("name", UNENDED)
async def test_it_is_also_while_the_connection_stays_open(name):
    began = time.monotonic()
    async with answering(DELIVERED[name], cut=False) as url:
        await send(url, timeout_s=30.0)

    assert time.monotonic() - began < 3


@pytest.mark.parametrize("body", [b"", b"abc"])
async def test_an_endless_body_is_a_delivery_that_holds_nobody(body):
    async def drip(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n")
        with contextlib.suppress(OSError, asyncio.CancelledError):
            while True:
                writer.write(body)
                await writer.drain()
                await asyncio.sleep(0.01)

    began = time.monotonic()
    async with raw_server(drip) as url:
        await send(url, timeout_s=30.0)

    assert time.monotonic() - began < 3


@pytest.mark.parametrize("name", [name for name in DELIVERED if name not in UNENDED])
async def test_events_after_it_are_each_delivered_once(name):
    counts = []
    async with (
        answering(DELIVERED[name], cut=False, counts=counts) as url,
        open_sink(lambda: 0, 2.0, allow_private=True) as sink,
    ):
        for _ in range(2):
            await sink.deliver(endpoint(url), [delivery()])

    assert len(counts) == 2


@pytest.mark.parametrize(
    ("status", "raised"),
    [(b"410 Gone", Gone), (b"400 Bad", Refused), (b"503 Busy", Retry), (b"302 Found", Retry)],
)
async def test_any_other_status_counts_too_whatever_follows(status, raised):
    broken = b"HTTP/1.1 " + status + b"\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok"
    async with answering(broken) as url:
        with pytest.raises(raised, match=f"answered {status[:3].decode()}"):
            await send(url)


@pytest.mark.parametrize(
    "reply", [b"", b"HTTP/1.1 2", b"hello\r\n\r\n", b"HTTP/1.1 103 E\r\n\r\n"]
)
async def test_without_a_status_it_is_tried_again(reply):
    async with answering(reply) as url:
        with pytest.raises(Retry):
            await send(url, timeout_s=1.0)


async def test_a_certificate_is_named_and_tried_again(tmp_path):
    key = tmp_path / "key.pem"
    own = tmp_path / "own.pem"
    await asyncio.to_thread(
        subprocess.run,
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-subj", "/CN=localhost", "-keyout", key, "-out", own],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(own, key)
    made = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0, ssl=context)
    async with made:
        url = f"https://127.0.0.1:{made.sockets[0].getsockname()[1]}/"
        with pytest.raises(Retry, match=r"certificate of 127\.0\.0\.1.* the endpoint's owner"):
            await send(url)


@pytest.mark.parametrize(
    "path",
    [
        "/a%2Fb",
        "/a/../b",
        "/./x//y",
        "/%7Euser",
        "/~user",
        "/a?b=%20c&d=%2f",
        "/a?x=1+2&&=",
        "/%",
        '/a|b^"<>{}`',
    ],
)
async def test_the_url_goes_out_byte_for_byte(path):
    counts = []
    async with answering(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", counts=counts) as url:
        await send(url.rstrip("/") + path)

    assert counts == [f"POST {path} HTTP/1.1".encode()]


@pytest.mark.parametrize(
    ("path", "sent"),
    [("?a=1", "/?a=1"), ("/a/../\u00fc%2f", "/a/../%C3%BC%2f")],
)
async def test_what_no_request_line_can_hold_is_encoded(path, sent):
    counts = []
    async with answering(b"HTTP/1.1 204 \r\n\r\n", counts=counts) as url:
        await send(url.rstrip("/") + path)

    assert counts == [f"POST {sent} HTTP/1.1".encode()]


@pytest.mark.parametrize(
    "url",
    ["http://a.example/x y", " http://a.example/", "http://a.example/\n", "http://a\t.example/"],
)
async def test_a_blank_in_a_url_is_refused(url):
    sink = open_sink(lambda: 0, 1.0, allow_private=True)

    with pytest.raises(Refused, match="blank"):
        sink.check(url)

"""Replies of any bytes: the status, the end and the reuse of a connection, with h11 as judge."""

import re

import h11
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from gateway.sinks.webhook.incoming import REPLY_BYTES, SHOWN_BYTES, Incoming

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
LINES = (
    b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 204 No Content\r\n", b"HTTP/1.1 429 Slow\r\n",
    b"HTTP/1.1 503 \r\n", b"HTTP/1.0 200 OK\r\n", b"HTTP/1.1 301 Moved\r\n", b"HTTP/1.1 304 X\r\n",
    b"HTTP/1.1 410 Gone\r\n", b"HTTP/1.1 200\r\n", b"HTTP/1.1 200 OK\n", b"HTTP/2.0 200 OK\r\n",
    b"HTTP/1.1 099 No\r\n", b"HTTP/1.1 2000 No\r\n", b"http/1.1 200 OK\r\n",
    b"RTSP/1.0 200 OK\r\n",
)  # fmt: skip
INTERIM = (
    b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n",
    b"HTTP/1.1 101 S\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n", b"\r\n", b"\n",
)  # fmt: skip
HEADERS = (
    b"content-length: 0\r\n", b"content-length: 2\r\n", b"Content-Length: 5\r\n",
    b"content-length: 5\r\ncontent-length: 2\r\n", b"content-length: -1\r\n",
    b"content-length: +2\r\n", b"content-length: 2, 2\r\n", b"content-length: 99999999999999\r\n",
    b"transfer-encoding: chunked\r\n", b"Transfer-Encoding: Chunked\r\n",
    b"transfer-encoding: gzip, chunked\r\n", b"transfer-encoding: identity\r\n",
    b"transfer-encoding: chunked, identity\r\n", b"transfer-encoding : chunked\r\n",
    b"connection: close\r\n", b"connection: keep-alive\r\n", b"connection: x, Close\r\n",
    b"connection: upgrade\r\nupgrade: h2c\r\n", b"retry-after: 7\r\n", b"Retry-After:\t8 \r\n",
    b"x: a\r\n b\r\n", b"x: \xff\r\n", b"x: a\0b\r\n", b"no colon\r\n", b": no name\r\n",
    b"x: y\n", b"keep-alive: timeout=5\r\n",
)  # fmt: skip
BODIES = (
    b"", b"ok", b"hello", b"2\r\nok\r\n0\r\n\r\n", b"2;a=b\r\nok\r\n0\r\nx: y\r\n\r\n",
    b"0\r\n\r\n", b"2\nok\n0\n\n", b"2\r\nokay\r\n0\r\n\r\n", b"ffffffffffffffffff\r\n", b"zz\r\n",
    b"-1\r\n", b"okH", b"2\r\nok\r\n0\r\n\r\n" + OK, b"ok" + OK, OK, b"\r\n", b"h" * 300,
)  # fmt: skip


@st.composite
def replies(draw):
    """Bytes that are nearly a reply, in pieces."""
    interim = draw(st.lists(st.sampled_from(INTERIM), max_size=2))
    headers = draw(st.lists(st.sampled_from(HEADERS), max_size=4))
    made = b"".join(interim) + draw(st.sampled_from(LINES)) + b"".join(headers)
    made += draw(st.sampled_from((b"\r\n", b"\r\n", b"\r\n", b"\n", b""))) + draw(
        st.sampled_from(BODIES)
    )
    if draw(st.integers(0, 4)) == 0 and made:  # a byte lost, doubled or changed
        at = draw(st.integers(0, len(made) - 1))
        with_ = draw(
            st.sampled_from((b"", made[at : at + 1] * 2, b"\0", b"\r", b"\n", b" ", b":"))
        )
        made = made[:at] + with_ + made[at + 1 :]
    cuts = sorted(draw(st.sets(st.integers(0, len(made)), max_size=3)))
    return [made[a:b] for a, b in zip([0, *cuts], [*cuts, len(made)], strict=True) if made[a:b]]


def read(pieces):
    """What a connection does with the pieces: it stops at the end, and wants nothing after it."""
    incoming = Incoming()
    for number, piece in enumerate(pieces):
        incoming.feed(piece)
        if incoming.ended:
            incoming.reusable = incoming.reusable and number == len(pieces) - 1
            break
    return incoming


def judged(data):
    """By h11: (status, retry_after, body), None where unknown; ended; and whether it is reusable.

    What is known before h11 finds a mistake counts; after it, the reply is no whole one.
    """
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method="POST", target="/", headers=[("host", "x")]))
    client.send(h11.EndOfMessage())
    # Empty lines before a status line are skipped, as what ended the reply before.
    data = re.sub(rb"(\A|\r\n\r\n)(?:\r?\n)+(?=HTTP/1)", rb"\1", data)
    client.receive_data(data)
    found = [0, "", b"", b""]
    try:
        while True:
            event = client.next_event()
            if event is h11.NEED_DATA or isinstance(event, h11.ConnectionClosed):
                return *found[:3], False, False
            if isinstance(event, h11.EndOfMessage):
                if found[3] == b"1.0":  # may be kept, which h11 never does
                    assume(b"keep-alive" not in data.lower())
                done = client.their_state is h11.DONE and client.our_state is h11.DONE
                return *found[:3], True, done and not client.trailing_data[0].strip(b"\r\n")
            _note(event, found)
    except h11.RemoteProtocolError as error:
        assume(error.error_status_hint != 501)  # a transfer coding that h11 lacks
        return *found[:3], False, False


def _note(event, found):
    if isinstance(event, h11.Data):
        found[2] += bytes(event.data)
    elif isinstance(event, h11.Response):
        if event.http_version not in {b"1.0", b"1.1"}:
            raise h11.RemoteProtocolError("h11 takes any version")
        found[0] = event.status_code
        found[3] = event.http_version
        waits = [value for name, value in event.headers if name == b"retry-after"]
        found[1] = waits[0].decode("latin-1") if waits else ""


@settings(max_examples=300, deadline=None, derandomize=True)
@example([OK])
@example([OK + OK])
@example([OK + b"H"])
@example([b"\r\n\r\nHTTP/1.1 429 Slow\r\nretry-after: 7\r\n\r\n"])
@example([b"HTTP/1.1 100 Continue\r\n\r\n\r\n" + OK])
@example([b"HTTP/1.1 103 E\n", b"x: y\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"])
@example([b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"0\r\n\r\n"])
@given(replies())
def test_any_reply_is_read_as_h11_reads_it(pieces):
    data = b"".join(pieces)
    assume(not re.search(rb"HTTP/1\.\d \d\d\d[^\r\n]*\0", data))  # httptools reads no reason
    status, after, body, ended, reusable = judged(data)

    incoming = read(pieces)

    if status:
        assert incoming.status == status
        if not incoming.succeeded and (incoming.reusable or len(pieces) == 1):
            assert incoming.retry_after == after.strip()
    if ended:  # httptools is the stricter of the two: it may have stopped before
        assert body.startswith(incoming._said)
    if incoming.reusable:
        assert (ended, reusable) == (True, True)
        assert incoming._said == body[:SHOWN_BYTES]


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300), st.binary(max_size=300))
def test_bytes_that_are_no_reply_never_make_a_connection_reusable(first, second):
    incoming = read([b"x" + first, second])

    assert not incoming.status
    assert not incoming.reusable


@given(st.integers(1, len(OK) - 1))
def test_where_it_is_cut_makes_no_difference(at):
    incoming = read([OK[:at], OK[at:]])

    assert (incoming.status, incoming.said, incoming.ended, incoming.reusable) == (
        200, "ok", True, True,
    )  # fmt: skip


def test_a_reply_after_another_is_read_afresh():
    incoming = Incoming()
    for reply, status, said in (
        (b"HTTP/1.1 503 Busy\r\nretry-after: 9\r\ncontent-length: 4\r\n\r\nbusy", 503, "busy"),
        (OK, 200, "ok"),
        (b"HTTP/1.1 100 C\r\n\r\nHTTP/1.1 429 S\r\ncontent-length: 0\r\n\r\n", 429, ""),
    ):
        incoming.expect()
        incoming.feed(reply)

        assert (incoming.status, incoming.said, incoming.reusable) == (status, said, True)
        assert incoming.retry_after == ("9" if status == 503 else "")


def test_a_header_of_an_interim_response_is_not_of_the_final_one():
    incoming = read(
        [b"HTTP/1.1 103 E\r\nretry-after: 7\r\n\r\nHTTP/1.1 503 B\r\n\r\nretry-after: 8"]
    )

    assert (incoming.status, incoming.retry_after) == (503, "")


@pytest.mark.parametrize(
    "begin", [b"HTTP/1.1 500 E\r\n\r\n", b"HTTP/1.1 500 E\r\nx: ", b"", b"\r\n"]
)
def test_no_more_is_read_than_its_bound(begin):
    incoming = Incoming()
    incoming.feed(begin)
    read_ = 0
    while not incoming.ended:
        incoming.feed(b"a" * 1000)
        read_ += 1000

    assert read_ <= REPLY_BYTES + 1000
    assert not incoming.reusable
    assert len(incoming.said) <= SHOWN_BYTES


@pytest.mark.parametrize(
    "data", [b"hello\r\n", b"HTTP/2.0 200 OK\r\n", b"HTTP/1.1 0200 OK\r\n", b"\r\n\r\n<html>\n"]
)
def test_what_is_no_status_line_ends_the_wait_for_one(data):
    assert read([data]).ended


def test_an_endless_row_of_interim_responses_ends_at_the_bound():
    incoming = Incoming()
    count = 0
    while not incoming.ended:
        incoming.feed(b"HTTP/1.1 100 C\r\n\r\n")
        count += 1

    assert count * 18 <= REPLY_BYTES + 18
    assert incoming.status == 0

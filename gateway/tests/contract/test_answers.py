"""What a Route can answer beside JSON: a stream and a file, on a real server."""

import asyncio
import contextlib
import os
import socket
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest

from gateway.errors import Refused
from gateway.http import openapi
from gateway.http.route import File, Stream, route
from gateway.keys import new_key
from gateway.store.sqlite import Store
from gateway.tests.contract.http_bench import made_parts, served

EVENTS = "text/event-stream"


class Source:
    """A stream: `pieces`, then it waits for `more`. closed: set when the server closed it."""

    def __init__(self, pieces=(), *, last=None, send_s=30.0):
        self.pieces, self.last, self.send_s = pieces, last, send_s
        self.more, self.closed = asyncio.Event(), asyncio.Event()

    async def operation(self, _parts) -> Stream:
        """A stream made by the test."""
        self.kept = self.chunks()  # so that the server closes it, not the garbage collector
        return Stream(self.kept, self.send_s)

    async def chunks(self):
        try:
            for piece in self.pieces:
                yield piece
            if self.last:
                raise self.last
            await self.more.wait()
            yield b"more"
        finally:
            self.closed.set()

    def routes(self, scope=""):
        return (route("tail", "GET /tail", scope, self.operation, content=EVENTS),)


@contextlib.asynccontextmanager
async def serving(routes, **more):
    """The routes on a real server; a client's session."""
    async with (
        Store(source="lamplighter/test") as store,
        served(made_parts(store), routes, **more) as base,
        aiohttp.ClientSession(base) as session,
    ):
        yield session


async def test_the_pieces_of_a_stream_arrive_while_it_goes_on():
    source = Source([b"one", b"two"])
    async with serving(source.routes()) as session, session.get("/tail") as answer:
        assert (answer.status, answer.content_type) == (200, EVENTS)
        assert await answer.content.readexactly(6) == b"onetwo"

        source.more.set()

        assert await answer.content.read() == b"more"
    assert source.closed.is_set()


async def test_a_stream_that_the_client_leaves_is_closed():
    """Also while there is nothing to send, when no write could fail."""
    source = Source([b"one"])
    async with serving(source.routes()) as session:
        async with session.get("/tail") as answer:
            assert await answer.content.readexactly(3) == b"one"
            answer.close()

        await asyncio.wait_for(source.closed.wait(), 10)


async def test_a_stream_whose_client_does_not_read_is_closed():
    source = Source([bytes(1 << 20)] * 64, send_s=0.3)
    async with serving(source.routes()) as session:
        where = urlsplit(str(session._base_url))
        with socket.create_connection((where.hostname, where.port)) as client:
            client.sendall(b"GET /tail HTTP/1.1\r\nHost: x\r\n\r\n")

            await asyncio.wait_for(source.closed.wait(), 10)


async def test_a_stream_ends_whole_when_the_service_ends():
    source = Source([b"one"])
    async with contextlib.AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        store = await stack.enter_async_context(Store(source="lamplighter/test"))
        service = contextlib.AsyncExitStack()
        base = await service.enter_async_context(served(made_parts(store), source.routes()))
        answer = await stack.enter_async_context(session.get(f"{base}/tail"))
        assert await answer.content.readexactly(3) == b"one"

        await asyncio.wait_for(service.aclose(), 10)  # long before its time-out of 60 s

        assert await answer.content.read() == b""
    assert source.closed.is_set()


async def test_a_stream_that_fails_is_visibly_cut_and_the_service_goes_on(caplog):
    source = Source([b"one"], last=KeyError("oops"))
    async with serving(source.routes()) as session:
        async with session.get("/tail") as answer:
            with pytest.raises(aiohttp.ClientError):
                await answer.read()

        async with session.get("/tail") as answer:
            assert await answer.content.readexactly(3) == b"one"


async def test_a_stream_asks_for_its_scope():
    source = Source()
    source.more.set()
    async with Store(source="lamplighter/test") as store:
        record, key = new_key("x", "read", 0)
        await store.write(lambda tx: tx.add_api_key(record))
        async with (
            served(made_parts(store), source.routes("read")) as base,
            aiohttp.ClientSession(base) as session,
        ):
            async with session.get("/tail") as answer:
                assert answer.status == 401
            headers = {"Authorization": f"Bearer {key}"}
            async with session.get("/tail", headers=headers) as answer:
                assert await answer.read() == b"more"


async def test_what_is_refused_before_a_stream_begins_is_a_problem():
    async def refuse(_parts) -> Stream:
        """Refuses."""
        raise Refused("there is nothing to follow")

    routes = (route("tail", "GET /tail", "", refuse, content=EVENTS),)
    async with serving(routes) as session, session.get("/tail") as answer:
        assert answer.status == 422
        assert (await answer.json())["error"] == "there is nothing to follow"


# ---------------------------------------------------------------- files


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "page"
    (made / "inner").mkdir(parents=True)
    (made / "index.html").write_text("<p>\u00fc</p>")
    for name in ("app.js", "style.css", "town.geojson", "font.woff2", "x.unheard", "a.json.gz"):
        (made / name).write_bytes(b"content")
    (tmp_path / "secret").write_text("key")
    (made / "way-out").symlink_to(tmp_path / "secret")
    return made


def file_routes(folder):
    async def operation(_parts, name: str) -> File:
        """A file of a folder."""
        return File(Path(folder), name)

    return (route("file", "GET /page/{name}", "", operation, content="*/*"),)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("index.html", "text/html; charset=utf-8"),
        ("app.js", "text/javascript; charset=utf-8"),
        ("style.css", "text/css; charset=utf-8"),
        ("town.geojson", "application/geo+json"),
        ("font.woff2", "font/woff2"),
        ("x.unheard", "application/octet-stream"),
        ("a.json.gz", "application/octet-stream"),
    ],
)
async def test_a_file_has_the_type_of_its_name(folder, name, kind):
    async with serving(file_routes(folder)) as session, session.get(f"/page/{name}") as answer:
        assert (answer.status, answer.headers["Content-Type"]) == (200, kind)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert await answer.read() == (folder / name).read_bytes()


async def test_a_file_is_sent_again_only_when_it_changed(folder):
    path = folder / "app.js"
    async with serving(file_routes(folder)) as session:
        async with session.get("/page/app.js") as answer:
            tag = answer.headers["ETag"]
        for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            async with session.get("/page/app.js", headers={"If-None-Match": known}) as answer:
                assert (answer.status, await answer.read()) == (304, b""), known
                assert answer.headers["ETag"] == tag
        async with session.get("/page/app.js", headers={"If-None-Match": '"other"'}) as answer:
            assert answer.status == 200

        before = path.stat()
        path.write_bytes(b"CONTENT")  # as long as before, and as old
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

        async with session.get("/page/app.js", headers={"If-None-Match": tag}) as answer:
            assert (answer.status, await answer.read()) == (200, b"CONTENT")
            assert answer.headers["ETag"] != tag


@pytest.mark.parametrize(
    "name",
    [
        "..%2Fsecret", "inner%2F..%2F..%2Fsecret", "%2Fetc%2Fpasswd", "..%5Csecret", "%00",
        "index.html%00.js", "way-out", "inner", "nothing", "%2E%2E", "x" * 300,
    ],
)  # fmt: skip
async def test_nothing_outside_of_its_folder_is_a_file(folder, name):
    async with serving(file_routes(folder)) as session:
        where = urlsplit(str(session._base_url))
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        request = f"GET /page/{name} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        writer.write(request.encode())
        answer = await reader.read()
        writer.close()

    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b"key" not in answer
    assert b'"act":' in answer


def test_the_document_names_the_media_types(folder):
    paths = openapi.document(Source().routes() + file_routes(folder))["paths"]

    assert list(paths["/tail"]["get"]["responses"]["200"]["content"]) == [EVENTS]
    assert list(paths["/page/{name}"]["get"]["responses"]["200"]["content"]) == ["*/*"]
    assert "304" in paths["/page/{name}"]["get"]["responses"]

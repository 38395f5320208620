"""Events as they come, over a real socket, as a client of server-sent events reads them."""

import asyncio
import contextlib
import json
import socket
from urllib.parse import urlsplit

import aiohttp
import pytest
from structlog.testing import capture_logs

from gateway.events import JoinedData, ReadingData, Value
from gateway.http import answers
from gateway.keys import new_key
from gateway.model import Device
from gateway.notices import Link
from gateway.store.sqlite import Store
from gateway.tests.contract.http_bench import made_parts, served
from gateway.usecases import stream

FIRST, SECOND = "70b3d57ed005a001", "70b3d57ed005a002"
JOINED, READING = "lamplighter.joined.v1", "lamplighter.reading.v1"
AT = "2026-01-01T00:00:00Z"


def joined(tx, eui=FIRST):
    return tx.append("joined", eui, 0, JoinedData(dev_eui=eui, device=eui, dev_addr="01020304"))


def reading(tx, eui=FIRST, name="level"):
    data = ReadingData(
        dev_eui=eui, device=eui, profile="bin", seq=1, observed_at=AT, received_at=AT,
        values=(Value(name, 40, "%"),), link=Link(),
    )  # fmt: skip
    return tx.append("reading", eui, 0, data)


class Service:
    """A served API with two devices; the first has told `level`."""

    def __init__(self, store, session, key, key_id):
        self.store, self.session, self.key, self.key_id = store, session, key, key_id

    @contextlib.asynccontextmanager
    async def stream(self, last_id=None, **query):
        headers = {"Authorization": f"Bearer {self.key}"}
        if last_id is not None:
            headers["Last-Event-ID"] = str(last_id)
        async with self.session.get("/v1/events/stream", headers=headers, params=query) as answer:
            yield Client(answer)


class Client:
    """Reads messages as HTML Standard 9.2.6 says: `id` is kept, what has no data is no event."""

    def __init__(self, answer):
        self.answer, self.id = answer, None

    async def next(self):
        while True:
            block = (await asyncio.wait_for(self.answer.content.readuntil(b"\n\n"), 10)).decode()
            fields = dict(
                line.split(": ", 1) for line in block.splitlines() if line[:1] not in {"", ":"}
            )
            self.id = fields.get("id", self.id)
            if "data" in fields:
                return fields.get("event", "message"), json.loads(fields["data"])

    async def begun(self):
        await asyncio.wait_for(self.answer.content.readuntil(b"\n\n"), 10)

    async def ids(self, count):
        return [(await self.next())[1]["id"] for _ in range(count)]


@pytest.fixture
async def service(monkeypatch):
    monkeypatch.setattr(stream, "LOOK_S", 0.02)
    async with contextlib.AsyncExitStack() as stack:
        store = await stack.enter_async_context(Store(source="lamplighter/test"))
        record, key = new_key("x", "read", 0)

        def fill(tx):
            tx.add_api_key(record)
            for number, eui in enumerate((FIRST, SECOND)):
                tx.add_device(
                    Device(dev_eui=eui, name=f"bin {number}", profile="bin", join_eui="0" * 16)
                )
            tx.put_latest(FIRST, 1, AT, (Value("level", 40, "%"),))

        await store.write(fill)
        base = await stack.enter_async_context(served(made_parts(store)))
        session = await stack.enter_async_context(aiohttp.ClientSession(base))
        yield Service(store, session, key, record.id)


async def test_events_come_from_now_on_with_the_bytes_that_webhooks_get(service):
    await service.store.write(joined)
    async with service.stream() as client:
        assert client.answer.headers["Content-Type"] == "text/event-stream"
        await client.begun()

        later = await service.store.write(joined)

        name, event = await client.next()
        assert (name, event["id"], client.id) == ("message", later.id, "2")
        assert event["data"] == {"dev_eui": FIRST, "device": FIRST, "dev_addr": "01020304"}


async def test_a_client_that_comes_back_gets_all_that_came_since_once(service):
    made = [(await service.store.write(joined)).id for _ in range(5)]
    async with service.stream(after=0) as client:
        assert await client.ids(2) == made[:2]
        at = client.id

    made.append((await service.store.write(joined)).id)

    async with service.stream(last_id=at, after=0) as client:
        assert await client.ids(4) == made[2:]


async def test_more_than_a_page_comes_without_a_hole(service):
    made = await service.store.write(lambda tx: [joined(tx).id for _ in range(450)])

    async with service.stream(after=0) as client:
        assert await client.ids(450) == made


async def test_a_filter_lets_through_what_fits_each_of_its_lists(service):
    def all_kinds(tx):
        return [
            joined(tx).id, reading(tx).id, reading(tx, name="battery").id,
            reading(tx, SECOND).id, joined(tx, SECOND).id,
        ]  # fmt: skip

    join, level, battery, other, _ = await service.store.write(all_kinds)
    for query, wanted in (
        ({"types": f"{JOINED},{READING}", "devices": FIRST.upper()}, [join, level, battery]),
        ({"properties": "level"}, [level, other]),
        ({"properties": "battery, level", "devices": FIRST}, [level, battery]),
        ({"types": READING, "devices": SECOND}, [other]),
    ):
        async with service.stream(after=0, **query) as client:
            found = []
            while len(found) < len(wanted):
                name, event = await client.next()
                found += [event["id"]] if name == "message" else []
            assert found == wanted, query


async def test_a_filter_that_can_never_match_is_refused_and_one_that_has_not_yet_is_said(service):
    for query, said in (
        ({"types": "lamplighter.reeding.v1"}, "there is no event type"),
        ({"types": JOINED, "properties": "level"}, "this filter matches nothing"),
    ):
        async with service.stream(**query) as client:
            assert client.answer.status == 422
            assert said in (await client.answer.json())["error"]

    stranger = "70b3d57ed005ffff"
    async with service.stream(devices=f"{FIRST},{stranger}", properties="level,lewel") as client:
        doubts = [await client.next() for _ in range(2)]
    assert [name for name, _ in doubts] == ["doubt", "doubt"]
    assert stranger in doubts[0][1]["error"]
    assert "'lewel'" in doubts[1][1]["error"]


async def test_an_id_of_another_store_is_refused_and_what_is_gone_is_said(service):
    async with service.stream(last_id=7) as client:
        assert client.answer.status == 422
        assert "there is no event 7 here" in (await client.answer.json())["error"]
    async with service.stream(last_id="x") as client:
        assert client.answer.status == 400

    events = [await service.store.write(joined) for _ in range(3)]
    await service.store.write(lambda tx: tx.append("joined", FIRST, 10**12, {}))
    await service.store.write(lambda tx: tx.forget(10**11, 0, 100))

    async with service.stream(last_id=1) as client:
        assert await client.next() == ("gap", {"after": 1, "oldest": 4})
        assert (await client.next())[1]["id"] not in {one.id for one in events}


async def test_a_client_without_events_keeps_its_place(service, monkeypatch):
    """What its filter hides is not looked through again when it comes back."""
    monkeypatch.setattr(stream, "KEEP_S", 0.1)
    async with service.stream(devices=SECOND) as client:
        await client.begun()
        await service.store.write(lambda tx: [joined(tx) for _ in range(3)])
        async with asyncio.timeout(10):
            while client.id != "3":
                block = await client.answer.content.readuntil(b"\n\n")
                client.id = block.decode().partition("id: ")[2].strip()
                assert b"data" not in block


async def test_a_client_that_does_not_read_is_dropped_and_gets_the_rest_by_id(
    service, monkeypatch
):
    monkeypatch.setattr(stream, "SEND_S", 0.2)
    long = "x" * 4000
    made = await service.store.write(lambda tx: [reading(tx, name=long).id for _ in range(2000)])
    where = urlsplit(str(service.session._base_url))
    with socket.socket() as client, capture_logs() as logs:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect((where.hostname, where.port))
        request = "GET /v1/events/stream?after=0 HTTP/1.1\r\nHost: x\r\n"
        client.sendall(f"{request}Authorization: Bearer {service.key}\r\n\r\n".encode())

        async with asyncio.timeout(10):
            while not logs:  # noqa: ASYNC110 - structlog tells no event
                await asyncio.sleep(0.05)

        assert [one["event"] for one in logs] == ["a stream's client does not read"]
        got = client.recv(4096).decode()
    whole = got.rpartition("\n\n")[0]
    seen = int(whole.rpartition("id: ")[2].partition("\n")[0])

    async with service.stream(last_id=seen) as back:
        assert await back.ids(len(made) - seen) == made[seen:]


async def test_a_key_that_is_revoked_gets_no_more(service, monkeypatch):
    monkeypatch.setattr(answers, "ALLOWED_S", 0.0)
    async with service.stream() as client:
        await client.begun()
        await service.store.write(lambda tx: tx.remove_api_key(service.key_id))
        await service.store.write(joined)

        rest = await asyncio.wait_for(client.answer.content.read(), 10)

        assert b"data" not in rest

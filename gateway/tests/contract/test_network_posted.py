"""Messages that are posted: who is let in, what is refused, and when success is answered."""

import asyncio
import base64
import contextlib
import json
import ssl
from pathlib import Path

import aiohttp
import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from gateway import asking
from gateway.errors import ConfigError, Lost, Refused
from gateway.ingest import Ingest
from gateway.networks import http
from gateway.networks._listener import BODY_BYTES, HELD_MOST, Listener
from gateway.notices import Envelope, Uplink
from gateway.settings import CommandSettings
from gateway.store.sqlite import MEMORY, Store
from gateway.tests.contract.certificates import Authority
from gateway.tests.contract.servers import LAMP
from gateway.tests.contract.servers.http import DATA, TOKEN, free_port, uplink_body

CASES = [json.loads(line) for line in DATA.read_text().splitlines()]
RIGHT = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def settings():
    return http.Settings(bind=f"127.0.0.1:{free_port()}", token=TOKEN)


@pytest.fixture
async def network(settings):
    async with http.Network(settings) as entered:
        yield entered


@pytest.fixture
async def session():
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as made:
        yield made


@contextlib.asynccontextmanager
async def storing(network):
    """Ingest into a store, while inside."""
    async with Store(MEMORY) as store:
        task = asyncio.create_task(Ingest(store, network, CommandSettings()).run())
        try:
            yield store
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def posted(session, network, body=None, headers=RIGHT, **more):
    """(status, JSON) of a request."""
    url = network._door.shown
    data = uplink_body(1) if body is None else body
    async with session.post(url, data=data, headers=headers, **more) as answer:
        return answer.status, await answer.json()


@pytest.mark.parametrize("case", CASES, ids=lambda one: one["is"])
def test_every_form_of_an_uplink_is_read_or_said_to_be_wrong(settings, case):
    envelope = Envelope("/uplinks", json.dumps(case["json"]).encode(), lambda: None)
    network = http.Network(settings)
    if "lost" in case:
        with pytest.raises(Lost, match=case["lost"]):
            network.parse(envelope)
        return
    notice = network.parse(envelope)
    wanted = case["expected"]
    wanted["data"] = base64.b64decode(wanted["data"])
    assert {name: getattr(notice, name) for name in wanted} == wanted
    assert isinstance(notice, Uplink)
    assert notice.link.bearer == case["json"].get("bearer", "lorawan")


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer wrong",
        f"Basic {TOKEN}",
        f"Bearer {TOKEN}x",
        TOKEN,
    ],
)
async def test_a_wrong_token_is_refused_and_told(session, network, header):
    with capture_logs() as logged:
        status, said = await posted(session, network, headers={"Authorization": header})
        await posted(session, network, headers={"Authorization": header})

    assert status == 401
    assert "`network.token`" in said["act"]
    assert network.listener.held == 0
    (trouble,) = network.troubles()
    assert "2 requests had a wrong token or none, the last from 127.0.0.1" in trouble
    assert "its operator sets" in trouble
    assert len([one for one in logged if one["event"] == "wrong token"]) == 1
    assert TOKEN not in str(said) + trouble + str(logged)


async def test_a_header_that_is_no_utf_8_is_a_wrong_token(network, settings):
    host, port = settings.bind.split(":")
    reader, writer = await asyncio.open_connection(host, port)
    head = b"POST /uplinks HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nAuthorization: Bearer "
    writer.write(head + b"\xff\xfe\r\n\r\n")

    assert (await reader.readline()).split()[1] == b"401"
    writer.close()


async def test_a_command_is_refused_at_once_where_no_downlink_goes(network):
    def ask(tx):
        tx.add_device(LAMP)
        asking.ask(
            tx, LAMP.dev_eui, "dim", {"level": 50}, now_ms=1, expires_in_s=60,
            room=network.most_bytes,
        )  # fmt: skip

    async with Store(MEMORY) as store:
        with pytest.raises(
            Refused, match="the caller reaches the device where its data come from"
        ):
            await store.write(ask)


async def test_success_is_answered_only_after_the_commit(session, network):
    posting = asyncio.create_task(posted(session, network))
    (envelope,) = await anext(network.uplinks())
    await asyncio.sleep(0.2)
    assert not posting.done()

    envelope.acknowledge()

    assert await posting == (200, {"kept": True})


async def test_what_is_not_stored_in_time_is_to_be_sent_again(session, settings):
    door = http.Network(settings)._door
    async with Listener(door, lambda envelope: None, keep_s=0.1) as listener:
        async with session.post(door.shown, data=b"{}", headers=RIGHT) as answer:
            said = await answer.json()
        assert (answer.status, said["act"]) == (503, "the sender sends it again")
        assert answer.headers["Retry-After"] == "1"
        assert listener.held == 0


async def test_what_is_answered_is_in_the_store_and_the_unreadable_is_kept_too(session, network):
    async with storing(network) as store:
        first = await posted(session, network)
        second = await posted(session, network, body=b'{"dev_eui": 1}')
        kept = await store.read(lambda view: view.quarantined())

    assert first == (200, {"kept": True})
    assert second[0] == 200
    assert "it cannot be read" in second[1]["error"]
    assert "dev_eui" in second[1]["error"]
    assert "operator of the sender" in second[1]["act"]
    assert b'{"dev_eui": 1}' in [one.body for one in kept]


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_of_256_kib_is_taken_and_a_longer_one_refused(session, network, chunked):
    async def chunks(size):
        yield b" " * size

    def body(size):
        return chunks(size) if chunked else b" " * size

    async with storing(network):
        status, _ = await posted(session, network, body=body(BODY_BYTES))
        assert status == 200
        status, said = await posted(session, network, body=body(BODY_BYTES + 1))

    assert status == 413
    assert said["error"] == "the body is longer than 262144 bytes"


async def test_more_requests_than_are_held_are_to_be_sent_again(session, network):
    posting = [asyncio.create_task(posted(session, network)) for _ in range(HELD_MOST)]
    seen = 0
    async with asyncio.timeout(10):
        async for batch in network.uplinks():
            seen += len(batch)
            if seen == HELD_MOST:
                break

    status, said = await posted(session, network)

    assert (status, said["error"]) == (503, "100 requests wait until something can be stored")
    network.pause()
    assert {status for status, _ in await asyncio.gather(*posting)} == {503}


async def test_another_method_is_told_which_one_is_used(session, network):
    async with session.put(network._door.shown, headers=RIGHT) as answer:
        assert answer.status == 405
        assert "POST" in (await answer.json())["error"]


async def test_a_client_certificate_is_enough_and_without_one_nobody_comes_in(tmp_path):
    ours, theirs = Authority(tmp_path / "ours"), Authority(tmp_path / "theirs")
    cert, key = ours.certificate("gateway")
    settings = http.Settings(
        bind=f"127.0.0.1:{free_port()}", cert_file=cert, key_file=key, ca_file=ours.ca
    )
    async with http.Network(settings) as network, storing(network):
        for authority in (None, theirs, ours):
            context = ssl.create_default_context(cafile=ours.ca)
            if authority:
                context.load_cert_chain(*authority.certificate("sender"))
            # a session each: a connection that stands is used again
            async with aiohttp.ClientSession() as session:
                if authority is ours:
                    assert await posted(session, network, headers={}, ssl=context) == (
                        200,
                        {"kept": True},
                    )
                    continue
                with pytest.raises(aiohttp.ClientError):
                    await posted(session, network, headers={}, ssl=context)
        assert "if it runs" in (await network.check())[0]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"token": ""}, "`network.token` is missing"),
        ({"token": "short"}, "16 characters or more"),
        ({"bind": "localhost"}, "expected host:port"),
        ({"bind": "127.0.0.1:x"}, r"`network\.bind`"),
        ({"ca_file": Path("/none")}, r"`network\.cert_file`"),
        ({"cert_file": Path("/none")}, "/none cannot be read"),
        ({"cert_file": DATA}, "no certificate or key in PEM"),
    ],
)
async def test_settings_that_let_anybody_in_or_nobody_are_named(settings, changed, said):
    wrong = replace(settings, **changed)
    with pytest.raises(ConfigError, match=said):
        await http.Network(wrong).check()
    with pytest.raises(ConfigError, match=said):
        async with http.Network(wrong):
            raise AssertionError


async def test_a_port_of_another_program_is_named(settings):
    host, port = settings.bind.split(":")
    async with await asyncio.start_server(lambda _r, w: w.close(), host, port):
        with pytest.raises(ConfigError, match="used by another program"):
            await http.Network(settings).check()
        with pytest.raises(ConfigError, match="end what uses it"):
            async with http.Network(settings):
                raise AssertionError


async def test_a_check_tells_the_running_service_from_one_with_another_token(settings, network):
    assert "the service takes messages at" in (await http.Network(settings).check())[0]
    other = replace(settings, token=TOKEN[::-1])
    with pytest.raises(ConfigError, match=r"another `network\.token`"):
        await http.Network(other).check()

"""Where the sink `webhook` connects: names, addresses, certificates."""

import asyncio
import contextlib
import socket
import ssl
import subprocess

import pytest

from gateway.errors import Refused, Retry
from gateway.tests.contract.test_webhook import delivery, endpoint, open_sink, raw_server
from gateway.tests.contract.webhook_bench import OK, Peer, Resolving, scene


@pytest.mark.parametrize("addresses", [("::1", "127.0.0.1"), ("127.0.0.9", "127.0.0.1")])
async def test_of_several_addresses_one_that_answers_is_used(addresses):
    async with scene(OK, resolve=Resolving(*addresses)) as (peer, send):
        await send(peer.url.replace("127.0.0.1", "backend.example.org"))

    assert len(peer.heads) == 1


async def test_a_name_is_asked_for_once_while_its_answer_is_new():
    resolve = Resolving("127.0.0.1")
    close = b"HTTP/1.1 204 N\r\nconnection: close\r\n\r\n"
    async with scene(close, resolve=resolve) as (peer, send):
        url = peer.url.replace("127.0.0.1", "backend.example.org")
        await asyncio.gather(*(send(url) for _ in range(3)))
        await send(url)

    assert (peer.connections, resolve.asked) == (4, ["backend.example.org"])


async def test_a_name_whose_addresses_do_not_answer_is_asked_for_again():
    resolve = Resolving("127.0.0.9")
    async with scene(OK, resolve=resolve) as (peer, send):
        for _ in range(2):
            with pytest.raises(Retry, match="not reached"):
                await send(peer.url.replace("127.0.0.1", "backend.example.org"))

    assert len(resolve.asked) == 2


async def test_a_name_that_does_not_exist_is_tried_again():
    async def none(_host, _port):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    async with scene(OK, resolve=none) as (_, send):
        with pytest.raises(Retry, match=r"the name backend\.example\.org has no address"):
            await send("http://backend.example.org/")


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "0x7f.1", "[::1]",
     "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "localhost.", "localhost",
     "0.0.0.0", "[::]", "127.0.0.1.", "backend.localhost"],
)  # fmt: skip
async def test_no_way_to_write_this_machine_gets_through(host):
    connections = []

    async def note(_reader, writer):
        connections.append(1)
        writer.close()

    async with raw_server(note) as url, open_sink(lambda: 0, 5.0, allow_private=False) as sink:
        with pytest.raises((Refused, Retry)) as caught:
            await sink.deliver(endpoint(url.replace("127.0.0.1", host)), [delivery()])

    assert connections == []
    assert isinstance(caught.value, Refused) or "has no address" in str(caught.value)


@contextlib.asynccontextmanager
async def tls_peer(folder, name, asked):
    """A peer with a certificate for `name`; its port, and its certificate as a file."""
    key, own = folder / "key.pem", folder / "own.pem"
    await asyncio.to_thread(
        subprocess.run,
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}",
         "-keyout", key, "-out", own],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(own, key)
    context.set_alpn_protocols(["http/1.1"])
    context.sni_callback = lambda _socket, asked_for, _context: asked.append(asked_for)
    peer = Peer(OK)
    made = await asyncio.start_server(peer.talk, "127.0.0.1", 0, ssl=context)
    async with made:
        yield made.sockets[0].getsockname()[1], own
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("name", ["backend.example.org", "other.example.org"])
async def test_tls_asks_for_the_name_and_takes_no_certificate_of_another(
    tmp_path, monkeypatch, name
):
    asked = []
    async with tls_peer(tmp_path, "backend.example.org", asked) as (port, own):
        monkeypatch.setenv("SSL_CERT_FILE", str(own))
        async with open_sink(
            lambda: 0, 5.0, allow_private=True, resolve=Resolving("127.0.0.1")
        ) as sink:
            url = f"https://{name}:{port}/"
            if name == "backend.example.org":
                for _ in range(2):
                    await sink.deliver(endpoint(url), [delivery()])
            else:
                with pytest.raises(Retry, match=r"certificate of other\.example\.org"):
                    await sink.deliver(endpoint(url), [delivery()])

    assert asked == [name]

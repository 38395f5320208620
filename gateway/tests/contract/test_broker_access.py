"""How the gateway reaches a broker that is not open to everybody: TLS, users, prefix, share.

mosquitto is real; ChirpStack's API is the bench's (emulated).
"""

import asyncio
import ssl

import paho.mqtt.publish
import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from gateway.errors import ConfigError, GatewayError
from gateway.networks import chirpstack
from gateway.tests.contract.broker_bench import reached
from gateway.tests.contract.certificates import Authority, password_line
from gateway.tests.contract.servers import chirpstack as server

pytestmark = pytest.mark.slow

PASSWORD = "s3cret@/word"
WRITTEN = "s3cret%40%2Fword"


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path / "own")


@pytest.fixture
def tls(authority):
    """Settings of mosquitto for TLS with a certificate of our authority."""
    certificate, key = authority.certificate("broker")
    return {"cafile": authority.ca, "certfile": certificate, "keyfile": key}


async def first_fcnt(made, publish):
    """The counter of the first uplink that a Network gets once its subscription stands."""
    async with made as network:
        await asyncio.sleep(0)
        await asyncio.wait_for(network._subscription._connection.subscribed, 10)
        await asyncio.to_thread(publish)
        async with asyncio.timeout(10):
            envelopes = await anext(network.uplinks())
        return network.parse(envelopes[0]).fcnt


def uplink(broker, prefix="", **more):
    """Publishes one uplink of ChirpStack's as it would, under a prefix."""
    return lambda: paho.mqtt.publish.single(
        prefix + server.UP["topic"], server.uplink_body(7), qos=1,
        hostname=broker.host, port=broker.port, **more,
    )  # fmt: skip


async def test_a_broker_with_an_authority_and_a_client_certificate_of_ones_own(
    tmp_path, authority, tls
):
    certificate, key = authority.certificate("gateway")
    own = {"ca_file": authority.ca, "cert_file": certificate, "key_file": key}
    extra = tls | {"require_certificate": "true"}
    as_client = {
        "ca_certs": str(authority.ca), "certfile": str(certificate), "keyfile": str(key),
    }  # fmt: skip
    async with reached(tmp_path, extra, mqtt="mqtts://127.0.0.1:{port}", **own) as (
        broker,
        _,
        settings,
    ):
        assert (await chirpstack.Network(settings).check())[0].startswith("the broker mqtts://")
        assert await first_fcnt(chirpstack.Network(settings), uplink(broker, tls=as_client)) == 7


@pytest.mark.parametrize("in_url", [True, False])
async def test_a_user_of_the_url_or_of_the_settings(tmp_path, in_url):
    users = tmp_path / "users"
    users.write_text(password_line("city", PASSWORD))
    extra = {"allow_anonymous": "false", "password_file": users}
    address = "mqtt://city:" + WRITTEN + "@127.0.0.1:{port}"
    given = {"mqtt": address}
    if not in_url:
        given = {"mqtt": "mqtt://127.0.0.1:{port}", "username": "city", "password": PASSWORD}
    async with reached(tmp_path, extra, **given) as (broker, _, settings):
        lines = await chirpstack.Network(settings).check()
        auth = {"username": "city", "password": PASSWORD}
        with capture_logs() as logged:
            assert await first_fcnt(chirpstack.Network(settings), uplink(broker, auth=auth)) == 7

    assert f"the broker mqtt://127.0.0.1:{broker.port} lets us" in lines[0]
    assert logged[0]["broker"] == f"mqtt://127.0.0.1:{broker.port}"
    assert "s3cret" not in f"{lines} {logged}"


async def test_a_prefix_and_a_shared_subscription(tmp_path):
    given = {"mqtt": "mqtt://127.0.0.1:{port}", "topic_prefix": "city/east", "share": "ours"}
    async with reached(tmp_path, {}, **given) as (broker, _, settings):
        lines = await chirpstack.Network(settings).check()
        assert await first_fcnt(chirpstack.Network(settings), uplink(broker, "city/east/")) == 7

    assert lines[0].endswith("$share/ours/city/east/application/+/device/+/event/+")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"ca_file": None}, r"shows a certificate that is not trusted .*`network\.ca_file`"),
        ({"ca_file": "other"}, r"shows a certificate that is not trusted"),
        ({"cert_file": None, "key_file": None}, r"client certificate: set `network\.cert_file`"),
        ({"ca_file": "missing"}, r"`network\.ca_file` .*missing cannot be read: No such file"),
        ({"cert_file": "text"}, r"no certificate or key in PEM"),
        ({"mqtt": "mqtt://city:s3cret@127.0.0.1:{port}"}, r"port for TLS: write `mqtts://`"),
        ({"mqtt": "mqtts://127.0.0.2:{port}"}, r"not trusted|does not answer"),
    ],
)
async def test_what_is_wrong_with_tls_is_said(tmp_path, authority, tls, changed, said):
    certificate, key = authority.certificate("gateway")
    own = {"ca_file": authority.ca, "cert_file": certificate, "key_file": key}
    paths = {
        "other": Authority(tmp_path / "others").ca,
        "missing": tmp_path / "missing",
        "text": tmp_path / "text",
    }
    paths["text"].write_text("no PEM")
    changed = {name: paths.get(one, one) for name, one in changed.items()}
    extra = tls | {"require_certificate": "true"}
    given = {"mqtt": "mqtts://127.0.0.1:{port}"} | own | changed
    async with reached(tmp_path, extra, **given) as (_, _, settings):
        with pytest.raises(GatewayError, match=said) as error:
            await chirpstack.Network(settings).check()

    assert "s3cret" not in str(error.value)


async def test_a_broker_without_tls_is_told_apart(tmp_path):
    async with reached(tmp_path, {}, mqtt="mqtts://127.0.0.1:{port}") as (_, _, settings):
        with pytest.raises(GatewayError, match="TLS"):
            await chirpstack.Network(settings).check()


async def test_an_api_behind_tls_with_another_authority_is_told(tmp_path, authority):
    certificate, key = authority.certificate("proxy")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(["h2"])
    proxy = await asyncio.start_server(lambda _, w: w.close(), "127.0.0.1", 0, ssl=context)
    port = proxy.sockets[0].getsockname()[1]
    async with reached(tmp_path, {}, mqtt="mqtt://127.0.0.1:{port}") as (_, _, settings):
        behind = replace(settings, grpc=f"https://127.0.0.1:{port}", timeout_s=1.0)
        with pytest.raises(ConfigError, match=r"network server at https://.*not trusted"):
            await chirpstack.Network(behind).check()
    proxy.close()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"mqtt": "http://city:s3cret@broker"}, "expected mqtt://host:port"),
        ({"mqtt": "mqtt://city:s3/cret@broker"}, "expected mqtt://host:port"),
        ({"mqtt": "city:s3cret@broker"}, "expected mqtt://host:port"),
        ({"mqtt": "mqtt://city:s3cret@broker:port"}, "expected mqtt://host:port"),
        ({"mqtt": "mqtt://city:s3cret@127.0.0.1:1"}, "mqtt://127.0.0.1:1 does not answer"),
        ({"mqtt": "mqtt://a:s3cret@127.0.0.1:1", "username": "b"}, "drop one"),
    ],
)
async def test_a_password_in_an_address_is_never_printed(given, said):
    with pytest.raises(GatewayError, match=said) as error:
        await chirpstack.Network(chirpstack.Settings(**given)).check()

    assert "s3" not in str(error.value)


@pytest.mark.parametrize("address", ["http://city:s3cret@api:8080", "city:s3cret@api:8080"])
async def test_a_user_in_the_address_of_the_api_is_refused_unprinted(address):
    network = chirpstack.Network(chirpstack.Settings(grpc=address))

    with pytest.raises(ConfigError, match=r"`network\.grpc`") as error:
        await network.unregister("00" * 8)

    assert "s3cret" not in str(error.value)

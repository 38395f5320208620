"""Plain MQTT: what cannot be read, and settings that lead nowhere, are said."""

import pytest
from msgspec.structs import replace

from gateway.errors import ConfigError, Lost, Retry
from gateway.networks import mqtt
from gateway.notices import Envelope, Uplink
from gateway.tests.contract.certificates import password_line
from gateway.tests.contract.servers.http import uplink_body
from tools.setup.mosquitto import Broker


def test_a_run_of_messages_that_nobody_can_read_is_named_until_one_can():
    network = mqtt.Network(mqtt.Settings())
    for _ in range(3):
        with pytest.raises(Lost, match="fcnt"):
            network.parse(Envelope("a", b'{"dev_eui": "70b3d57ed00000a1", "data": ""}', print))
    (trouble,) = network.troubles()
    assert "the last messages could not be read" in trouble
    assert "`fcnt`" in trouble

    uplink = network.parse(Envelope("a", uplink_body(7).encode(), print))
    assert isinstance(uplink, Uplink)
    assert uplink.fcnt == 7

    assert network.troubles() == []


@pytest.mark.parametrize(
    ("changed", "error", "said"),
    [
        ({"mqtt": "http://x"}, ConfigError, r"`network\.mqtt`"),
        ({"mqtt": "mqtt://127.0.0.1:1"}, Retry, "does not answer"),
        ({"password": "wrong"}, ConfigError, r"`network\.password`"),
    ],
)
async def test_a_check_says_what_is_wrong(tmp_path, changed, error, said):
    users = tmp_path / "users"
    users.write_text(password_line("city", "right"))
    extra = {"allow_anonymous": "false", "password_file": str(users)}
    async with Broker(tmp_path / "mqtt", extra=extra) as broker:
        url = f"mqtt://{broker.host}:{broker.port}"
        settings = mqtt.Settings(mqtt=url, username="city", password="right")
        assert "lets us listen to devices/+/up" in (await mqtt.Network(settings).check())[0]
        with pytest.raises(error, match=said):
            await mqtt.Network(replace(settings, **changed)).check()

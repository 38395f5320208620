"""The Things Stack 3: its documented messages, its four registries, and what it refuses."""

import json

import aiohttp
import pytest
from msgspec.structs import replace

from gateway.errors import ConfigError, Lost, Refused, Retry, Unknown, Unsure
from gateway.networks import tts_webhook
from gateway.notices import Downlink, Envelope
from gateway.tests.contract.servers import LAMP
from gateway.tests.contract.servers.tts_webhook import DATA, serving, uplink_body

CASES = [json.loads(line) for line in DATA.read_text().splitlines()]
KEY = "000102030405060708090a0b0c0d0e0f"
DOWN = Downlink(dev_eui=LAMP.dev_eui, fport=30, data=b"a", confirmed=True, expires_at_ms=2**41)


@pytest.fixture
async def side(tmp_path):
    async with serving(tmp_path) as made:
        yield made


@pytest.fixture
def network(side):
    return side.network()


@pytest.mark.parametrize("case", CASES, ids=lambda one: one["is"])
def test_every_documented_message_is_read(case):
    settings = tts_webhook.Settings(url="http://x", application="app1", webhook="wh1")
    network = tts_webhook.Network(settings)
    envelope = Envelope("/tts/up", json.dumps(case["json"]).encode(), lambda: None)
    if "lost" in case:
        with pytest.raises(Lost, match=case["lost"]):
            network.parse(envelope)
        return
    notice = network.parse(envelope)
    wanted = case["expected"]
    if wanted is None:
        assert notice is None
        return
    assert type(notice).__name__ == wanted.pop("kind")
    link = getattr(notice, "link", None)
    for name, value in wanted.pop("link", {}).items():
        assert getattr(link, name) == value
    assert {name: getattr(notice, name) for name in wanted} == wanted


async def test_a_wrong_secret_is_refused_and_told(side, network):
    wrong = {"Authorization": "Bearer another secret"}
    async with network, aiohttp.ClientSession() as session:
        url = f"{network._door.shown}/up"
        async with session.post(url, data=uplink_body(1), headers=wrong) as answer:
            said = await answer.json()
        assert answer.status == 401
        assert "`network.token`" in said["act"]
        assert "wrong token or none" in network.troubles()[0]
        assert network.listener.held == 0


async def test_a_device_is_in_four_registries_with_its_key_and_leaves_them_all(side, network):
    await network.register(LAMP, KEY)
    await network.register(replace(LAMP, name="renamed"), KEY[::-1])

    name = f"eui-{LAMP.dev_eui}"
    assert all(list(kept) == [name] for kept in side.stack.registries.values())
    assert side.stack.registries[""][name]["name"] == "renamed"
    assert side.stack.registries["js"][name]["root_keys.app_key.key"] == KEY[::-1].upper()
    assert side.stack.registries["ns"][name]["supports_class_c"] is True

    await network.unregister(LAMP.dev_eui)

    assert all(not kept for kept in side.stack.registries.values())


async def test_a_device_that_somebody_named_otherwise_is_sent_to_by_that_name(side, network):
    ids = {"device_id": "my-lamp", "dev_eui": LAMP.dev_eui.upper(), "join_eui": "0" * 16}
    for registry in side.stack.registries.values():
        registry["my-lamp"] = {"ids": ids}

    receipt = await network.send(DOWN)

    (downlink,) = side.stack.queues["my-lamp"]
    assert downlink["correlation_ids"] == [receipt.queue_item_id]
    assert await network.queued(LAMP.dev_eui) == {b"a": receipt.queue_item_id}


@pytest.mark.parametrize(
    ("status", "error", "said"),
    [
        (401, Retry, "`network.api_key`"),
        (403, Retry, "`network.api_key`"),
        (404, Unknown, "as_the_test_says"),
        (400, Refused, "as_the_test_says"),
        (406, Retry, "the operator resumes it"),
        (429, Retry, "429"),
        (500, Unsure, "500"),
    ],
)
async def test_what_the_stack_answers_says_who_acts_next(side, network, status, error, said):
    await network.register(LAMP, KEY)
    side.stack.answers = [status]

    with pytest.raises(error, match=said) as found:
        await network.send(DOWN)

    assert type(found.value) is error
    assert side.stack.queues == {}


@pytest.mark.parametrize(
    ("changed", "error", "said"),
    [
        ({"api_key": "wrong"}, ConfigError, r"`network\.api_key`"),
        ({"application": "another"}, ConfigError, r"`network\.application`"),
        ({"url": "http://127.0.0.1:1"}, Retry, "does not answer"),
        ({"url": "127.0.0.1:1"}, ConfigError, r"`network\.url`"),
    ],
)
async def test_a_check_says_what_is_wrong(side, changed, error, said):
    with pytest.raises(error, match=said):
        await tts_webhook.Network(replace(side.settings, **changed)).check()


async def test_more_devices_than_a_page_are_all_found(side, network):
    for number in range(1001):
        ids = {"device_id": f"d{number}", "dev_eui": f"{number:016X}"}
        side.stack.registries[""][f"d{number}"] = {"ids": ids}

    assert await network.absent(["00000000000003e8", LAMP.dev_eui]) == {LAMP.dev_eui}

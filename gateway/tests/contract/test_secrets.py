"""No secret that goes in comes out again: in no answer, error, metric, log or audit entry."""

import logging

import pytest

from gateway.http.routes import ROUTES
from gateway.settings import load
from gateway.tests.contract.test_http import BODIES, filled, service

__all__ = ["service"]
APP_KEY = "5ec4e7005ec4e7005ec4e7005ec4e700"
HEADER = "marked-header-value"
USER = "marked-url-password"
CONFIG = """\
site = "street"
[network]
{network}
"""
NETWORKS = {
    "mqtt": 'mqtt = "mqtt://u:marked-1@127.0.0.1:1"\npassword = "marked-2"\nusername = "u"',
    "chirpstack": 'grpc = "http://127.0.0.1:1"\nmqtt = "mqtt://127.0.0.1:1"\nusername = "u"\n'
    'password = "marked-3"\napi_key = "marked-4"\ntenant_id = "t"',
    "tts_webhook": 'url = "https://127.0.0.1:1"\napplication = "town"\nwebhook = "west"\n'
    'api_key = "NNSXS.marked-5"\ntoken = "marked-6-marked-6"\nbind = "127.0.0.1:0"',
    "http": 'token = "marked-7-marked-7"\nbind = "127.0.0.1:0"',
}


async def test_no_secret_is_in_any_answer_error_metric_or_log(service, caplog):
    caplog.set_level(logging.DEBUG)
    hook = {"url": f"http://u:{USER}@backend.example/", "headers": {"X-Key": HEADER}}
    _, said = await service.request("POST", "/v1/webhooks", json=hook)
    hook["url"] = "http://backend.example/"
    _, made = await service.request("POST", "/v1/webhooks", json=hook)
    lamp = {"name": "lamp 9", "profile": "lamp", "app_key": APP_KEY}
    status, _ = await service.request("POST", "/v1/devices", json=lamp)
    assert status == 201
    _, again = await service.request("POST", "/v1/devices", json=lamp)
    _, long = await service.request("POST", "/v1/devices", json=lamp | {"app_key": APP_KEY * 2})
    _, header = await service.request(
        "POST", "/v1/webhooks", json=hook | {"headers": {"Host": HEADER}}
    )
    secrets = {*service.keys.values(), made["secret"], HEADER, APP_KEY, USER}
    _, rotated = await service.request("POST", f"/v1/webhooks/{made['id']}/rotate", json={})
    secrets.add(rotated["secret"])

    answers = [said, again, long, header]
    for route in (one for one in ROUTES if one.method == "GET"):
        answers.append(await service.request("GET", filled(route.path, service.ids)))
        wrong = {"Authorization": f"Bearer {service.keys['admin']}x"}
        answers.append(
            await service.request("GET", filled(route.path, service.ids), headers=wrong)
        )
    answers.append(await service.request("GET", f"/v1/webhooks/{made['id']}"))
    for route in (one for one in ROUTES if one.method != "GET" and one.name != "rotate"):
        body = {**BODIES.get(route.name, {}), "unknown": HEADER}
        answers.append(
            await service.request(route.method, filled(route.path, service.ids), json=body)
        )
    admin = {"Authorization": f"Bearer {service.keys['admin']}"}
    async with service.session.get("/metrics", headers=admin) as answer:
        answers.append(await answer.text())

    text = repr(answers) + caplog.text
    assert [one for one in secrets if one in text] == []


@pytest.mark.parametrize("kind", NETWORKS)
def test_the_configuration_as_text_holds_no_secret(tmp_path, kind):
    path = tmp_path / "lamplighter.toml"
    path.write_text(CONFIG.format(network=f'kind = "{kind}"\n{NETWORKS[kind]}'))

    settings = load(path, {})

    assert "marked" not in f"{settings!r} {settings}"

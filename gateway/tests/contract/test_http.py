"""The REST API against its own document: every operation, over a real socket, with real keys."""

import contextlib
import json
from random import Random

import aiohttp
import pytest
from wire.all_profiles import PROFILES

from gateway import devices, registry
from gateway.errors import Broken, ConfigError, GatewayError, Retry
from gateway.events import JoinedData, Value
from gateway.http.port import check_port
from gateway.http.routes import ROUTES
from gateway.http.server import BODY_BYTES
from gateway.keys import SCOPES, new_key
from gateway.model import Command
from gateway.provisioning import OURS
from gateway.records import Asset
from gateway.store.sqlite import Store
from gateway.tests.contract.http_bench import made_parts, served
from gateway.tests.contract.http_bodies import (
    BODIES,
    CODEC,
    DAILY,
    DEVICE,
    EUI,
    MAPPING,
    PROGRAMME,
    WAITING,
)
from gateway.tests.contract.http_document import DOCUMENT, assert_fits

ASSET = Asset(id="BIN-1", kind="bin", lat=47.75, lon=7.34)


class Service:
    """A served API with a device, an event, a webhook and a command; `request` speaks to it."""

    def __init__(self, parts, session, keys):
        self.parts, self.store, self.session, self.keys = parts, parts.store, session, keys
        self.ids = {}

    async def request(self, method, path, scope="admin", **more):
        headers = more.pop("headers", {})
        if scope:
            headers = {"Authorization": f"Bearer {self.keys[scope]}"} | headers
        async with self.session.request(method, path, headers=headers, **more) as answer:
            if answer.content_type == "text/event-stream":  # it has no end
                return answer.status, (await answer.content.readuntil(b"\n\n")).decode()
            body = await answer.read()
            if answer.content_type == "text/csv":
                return answer.status, body.decode()
            assert answer.content_type == "application/json", body
            return answer.status, json.loads(body)


@pytest.fixture
async def service(tmp_path):
    async with contextlib.AsyncExitStack() as stack:
        store = await stack.enter_async_context(Store(source="lamplighter/test"))
        keys = {}
        for scope in SCOPES:
            record, keys[scope] = new_key(scope, scope, 0)
            await store.write(lambda tx, one=record: tx.add_api_key(one))
        parts = made_parts(store, tmp_path)
        stack.enter_context(contextlib.closing(parts.codecs))
        base = await stack.enter_async_context(served(parts))
        session = await stack.enter_async_context(aiohttp.ClientSession(base))
        made = Service(parts, session, keys)
        await fill(made)
        yield made


async def fill(service):
    _, hook = await service.request("POST", "/v1/webhooks", json={"url": "http://x/"})

    def change(tx):
        tx.add_device(DEVICE)
        tx.put_latest(EUI, 1, "2026-01-01T00:00:00Z", (Value("level", 40, "%"),))
        tx.put_plan(WAITING)
        tx.put_plan(DAILY)
        tx.put_plan(PROGRAMME)
        tx.put_command(Command(id="cmd_1", dev_eui=EUI, name="dim", values={}, token=1))
        data = JoinedData(dev_eui=EUI, device="lamp 1", dev_addr="01020304")
        return tx.append("joined", EUI, 1_700_000_000_000, data)

    event = await service.store.write(change)
    service.parts.codecs.put("tank", CODEC["script"].encode(), json.dumps(MAPPING).encode())
    await service.store.write(lambda tx: tx.put_record("BIN-1", ASSET))
    service.ids = {
        "assets": "BIN-1",
        "codecs": "tank",
        "bulks": WAITING.id,
        "schedules": DAILY.id,
        "dev_eui": EUI,
        "webhooks": hook["id"],
        "commands": "cmd_1",
        "events": event.id,
    }


def filled(path, ids):
    """A path of the table with names of what is there."""
    kind = path.split("/")[2]
    return (
        path.replace("{dev_eui}", ids["dev_eui"])
        .replace("{id}", ids.get(kind, ""))
        .replace("{name}", "night")
    )


@pytest.mark.parametrize("route", ROUTES, ids=lambda one: one.name)
async def test_every_operation_answers_as_documented(service, route):
    operation = DOCUMENT["paths"][route.path][route.method.lower()]

    status, body = await service.request(
        route.method, filled(route.path, service.ids), json=BODIES.get(route.name)
    )

    assert status == route.status, body
    schema = operation["responses"][str(status)]["content"][route.content]["schema"]
    assert_fits(body, schema)


@pytest.mark.parametrize("route", [one for one in ROUTES if one.scope], ids=lambda one: one.name)
async def test_every_operation_asks_for_its_scope(service, route):
    path, body = filled(route.path, service.ids), BODIES.get(route.name)

    without, problem = await service.request(route.method, path, scope="", json=body)
    assert (without, set(problem)) == (401, {"error", "act"})
    wrong, _ = await service.request(
        route.method, path, scope="", json=body, headers={"Authorization": "Bearer lamp_wrong"}
    )
    assert wrong == 401
    allowed = SCOPES.index(route.scope)
    for scope in SCOPES[:allowed]:
        status, problem = await service.request(route.method, path, scope=scope, json=body)
        assert status == 403, problem
        assert route.scope in problem["error"]
    assert (await service.request(route.method, path, scope=SCOPES[allowed], json=body))[0] < 300


@pytest.mark.parametrize("route", [one for one in ROUTES if "{" in one.path], ids=lambda o: o.name)
async def test_what_is_not_there_is_404(service, route):
    path = route.path.replace("{dev_eui}", "00" * 8).replace("{id}", "nothing")

    status, problem = await service.request(route.method, path, json=BODIES.get(route.name))

    assert status == 404, problem
    assert str(status) in DOCUMENT["paths"][route.path][route.method.lower()]["responses"]


@pytest.mark.parametrize(
    "header", ["", "Basic YTpi", "Bearer", "Bearer ", "Bearer \xff", "lamp_x"]
)
async def test_a_header_that_holds_no_key_is_401(service, header):
    status, problem = await service.request(
        "GET", "/v1/devices", scope="", headers={"Authorization": header}
    )

    assert status == 401
    assert problem["act"] == "the caller asks the operator for an API key"


async def test_a_revoked_key_is_refused_at_once(service):
    [key] = await service.store.read(
        lambda view: [one for one in view.api_keys() if one.name == "read"]
    )
    assert (await service.request("GET", "/v1/devices", scope="read"))[0] == 200

    await service.store.write(lambda tx: tx.remove_api_key(key.id))

    assert (await service.request("GET", "/v1/devices", scope="read"))[0] == 401


async def test_the_store_holds_no_key(service):
    kept = await service.store.read(lambda view: view.api_keys())

    assert not any(text in repr(kept) for text in service.keys.values())


WRONG = [
    ("POST", "/v1/webhooks", b"", 400, "url"),
    ("POST", "/v1/webhooks", b"{", 400, "body is wrong"),
    ("POST", "/v1/webhooks", b"\xff\xfe", 400, "body is wrong"),
    ("POST", "/v1/webhooks", b"[]", 400, "object"),
    ("POST", "/v1/webhooks", b"[" * 60000, 400, "body is wrong"),
    ("POST", "/v1/webhooks", b'{"url": 5}', 400, "`url`"),
    ("POST", "/v1/webhooks", b'{"url": "http://x/", "colour": 1}', 400, "colour"),
    ("POST", "/v1/webhooks", b'{"url": "http://10.0.0.1/"}', 422, "private"),
    ("POST", "/v1/webhooks", b'{"url": "http://x/", "types": ["reading"]}', 422, "reading"),
    ("POST", "/v1/webhooks", b'{"url": "x", "kind": "pigeon"}', 422, "expected one of: email"),
    ("POST", "/v1/webhooks", b'{"url": "../x.jsonl", "kind": "file"}', 422, "give a path as"),
    ("POST", f"/v1/devices/{EUI}/commands", b'{"name": "jump"}', 422, "jump"),
    ("POST", f"/v1/devices/{EUI}/commands", b'{"name":"dim","values":{"level":1.5}}', 400, "int"),
    ("POST", f"/v1/devices/{EUI}/commands", b'{"name":"dim","expires_in_s":0}', 400, "expires"),
    ("POST", "/v1/devices", b'{"name":"x","profile":"bin","dev_eui":"12"}', 400, "dev_eui"),
    ("POST", "/v1/devices", b'{"name":"","profile":"bin"}', 400, "name"),
    ("GET", "/v1/events?limit=0", b"", 400, "limit"),
    ("GET", "/v1/events?limit=1001", b"", 400, "limit"),
    ("GET", "/v1/events?after=x", b"", 400, "after"),
    ("GET", "/v1/events?after=99999999999999999999999", b"", 400, "after"),
    ("GET", "/v1/events?kind=nothing", b"", 400, "kind"),
    ("GET", "/v1/events?last=5&limit=5", b"", 422, "leave `after` and `limit` out"),
    ("GET", "/v1/events?kinds=boot", b"", 400, "there are after, limit, last, kind, subject"),
    ("GET", "/v1/events?limit=1&limit=2", b"", 400, "`limit` is given more than once"),
    ("GET", "/v1/commands?state=failed", b"", 400, "there are dev_eui, limit"),
    ("GET", "/v1/devices?limit=5", b"", 400, "named 'limit'; there are none here"),
    ("POST", "/v1/webhooks?url=x", b'{"url": "http://x/"}', 400, "named 'url'"),
    ("GET", "/v1/nothing", b"", 404, "/v1/nothing"),
    ("GET", "/", b"", 404, "openapi.json"),
    ("PUT", "/v1/devices", b"{}", 405, "GET, POST"),
    ("POST", "/v1/webhooks", b'{"url":"' + b"x" * BODY_BYTES + b'"}', 413, "longer"),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "named"), WRONG)
async def test_a_wrong_request_gets_one_sentence(service, method, path, body, status, named):
    got, problem = await service.request(method, path, data=body or None)

    assert got == status, problem
    assert set(problem) == {"error", "act"}
    assert named in problem["error"]
    assert "\n" not in problem["error"]
    assert str(got) in documented(method, path)


def documented(method, path):
    """The statuses that the document names; of what it does not hold, those of the router."""
    kind = path.partition("?")[0].replace(EUI, "{dev_eui}")
    operation = DOCUMENT["paths"].get(kind, {}).get(method.lower(), {})
    return operation.get("responses", {"404", "405"})


async def test_an_integer_may_have_a_zero_fraction(service):
    """In JSON Schema 40.0 is an integer, and serializers without integers write it so."""
    path = f"/v1/devices/{EUI}/commands"
    whole = b'{"name": "dim", "values": {"level": 40.0}, "expires_in_s": 6e1}'

    status, made = await service.request("POST", path, data=whole)

    assert (status, made["values"]) == (202, {"level": 40})
    for level, refused in (("1e300", 422), ("-4e1", 422), ("1e400", 400), ("40.5", 400)):
        wrong = f'{{"name": "dim", "values": {{"level": {level}}}}}'
        assert (await service.request("POST", path, data=wrong))[0] == refused


async def test_what_cannot_be_done_now_says_when_to_try_again(service):
    service.parts.network.away = Retry("the network server does not answer", after_s=7)
    body = {"name": "bin 7", "profile": "bin"}
    headers = {"Authorization": f"Bearer {service.keys['admin']}"}
    async with service.session.post("/v1/devices", json=body, headers=headers) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (503, "7")
        assert (await answer.json())["act"] == "the caller tries again later"


async def test_health_says_what_is_wrong_at_the_network_server_as_check_does(service):
    said = "the network server does not answer; the operator starts it"
    base = service.session._base_url

    _, well = await service.request("GET", "/v1/health", scope="")
    service.parts.network.away = Retry(said)
    _, ill = await service.request("GET", "/v1/health", scope="")

    assert (well["status"], well["troubles"]) == ("ok", [])
    assert (ill["status"], ill["troubles"]) == ("trouble", [said])
    with pytest.raises(ConfigError, match=said):
        await check_port(f"{base.host}:{base.port}")


@pytest.mark.parametrize(
    ("fault", "act"),
    [(KeyError("oops"), GatewayError.act), (Broken("the disk is gone"), Broken.act)],
)
async def test_a_fault_of_ours_says_who_acts_next_and_nothing_of_its_inside(
    service, monkeypatch, fault, act
):
    async def fail(_question):
        raise fault

    monkeypatch.setattr(service.store, "read", fail)

    status, problem = await service.request("GET", "/v1/health", scope="")

    assert status == 500
    assert problem == {"error": "the service failed at this; its log says why", "act": act}


async def test_the_document_lists_what_a_device_may_be(service):
    """Every decoder and profile, from their files; another is refused and those are named."""
    fields = DOCUMENT["components"]["schemas"]["DeviceRequest"]["properties"]
    assert fields["decoder"]["enum"] == list(registry.names(devices))
    assert fields["profile"]["enum"] == [*PROFILES, ""]

    for name in fields["decoder"]["enum"]:
        body = {"name": name, "decoder": name} | ({"profile": "bin"} if name == OURS else {})
        status, made = await service.request("POST", "/v1/devices", json=body)
        assert (status, made["decoder"]) == (201, name)
        _, shown = await service.request("GET", f"/v1/devices/{made['dev_eui']}")
        assert shown["decoder"] == name
    status, problem = await service.request(
        "POST", "/v1/devices", json={"name": "x", "decoder": "nobody"}
    )
    assert (status, OURS in problem["error"]) == (422, True)


def some_json(random, depth=0):
    """Any JSON value; the seed decides."""
    kinds = 5 if depth > 3 else 7
    match random.randrange(kinds):
        case 0:
            return random.choice([None, True, False])
        case 1:
            return random.choice([0, -1, 2**31, 2**63, 2**64, -(2**70), 1.5, 1e308])
        case 2 | 3:
            return random.choice(
                ["", "dim", "bin", EUI, "x" * 300, "\x00", "ü\u2028", "../..", "$"]
            )
        case 4:
            return random.choice(["http://x/", "lamplighter.boot.v1", "00" * 16, "1"])
        case 5:
            return [some_json(random, depth + 1) for _ in range(random.randrange(4))]
        case _:
            names = ["name", "values", "profile", "url", "types", "dev_eui", "expires_in_s", "ü"]
            return {
                random.choice(names): some_json(random, depth + 1)
                for _ in range(random.randrange(5))
            }


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_is_sent_gets_an_answer_of_the_document(service, seed):
    """No 5xx, no answer that the document does not name."""
    random = Random(seed)
    for _ in range(150):
        route = random.choice(ROUTES)
        path = filled(route.path, service.ids)
        query = {random.choice(["limit", "after", "kind", "state", "x"]): str(some_json(random))}
        body = (
            json.dumps(some_json(random))
            if random.random() < 0.9
            else "\udcff{".encode(errors="surrogatepass")
        )

        status, answer = await service.request(route.method, path, data=body, params=query)

        operation = DOCUMENT["paths"][route.path][route.method.lower()]
        assert str(status) in operation["responses"], (route.name, body, answer)
        assert status < 500, (route.name, body, answer)


async def test_events_are_paged_without_a_hole(service):
    def more(tx):
        data = JoinedData(dev_eui=EUI, device="lamp 1", dev_addr="01020304")
        return [tx.append("joined", EUI, 1, data).id for _ in range(5)]

    ids = await service.store.write(more)
    got, after = [], 0
    while True:
        _, page = await service.request("GET", f"/v1/events?after={after}&limit=2&kind=joined")
        if not page["events"]:
            break
        got, after = got + [one["id"] for one in page["events"]], page["next"]

    assert got == [service.ids["events"], *ids]
    assert after == page["next"]


async def test_a_webhook_shows_its_secret_once(service):
    _, made = await service.request("POST", "/v1/webhooks", json={"url": "http://y/"})
    _, shown = await service.request("GET", f"/v1/webhooks/{made['id']}")
    _, all_of_them = await service.request("GET", "/v1/webhooks")

    assert made["secret"].startswith("whsec_")
    assert made["secret"] not in json.dumps([shown, all_of_them])


async def test_a_sink_of_another_kind_is_added_and_shown(service):
    body = {"kind": "file", "url": "east/lamps.jsonl"}
    status, made = await service.request("POST", "/v1/webhooks", json=body)
    _, shown = await service.request("GET", f"/v1/webhooks/{made['id']}")

    assert (status, made["secret"]) == (201, "")
    assert (shown["kind"], shown["url"]) == ("file", "east/lamps.jsonl")


async def test_an_event_is_explained_with_its_deliveries(service):
    _, story = await service.request("GET", f"/v1/events/{service.ids['events']}")

    assert story["event"]["type"] == "lamplighter.joined.v1"
    assert [(one["webhook"], one["state"]) for one in story["deliveries"]] == [
        (service.ids["webhooks"], "pending")
    ]

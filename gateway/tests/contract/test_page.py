"""The page over HTTP: login, roles, what a browser is told, and what everybody may see."""

import json

import aiohttp
import pytest
from msgspec.structs import replace

from gateway import logins, passwords
from gateway.errors import Refused, Unknown
from gateway.events import Value
from gateway.http.page import Page
from gateway.http.server import application
from gateway.model import Device
from gateway.passwords import Throttle, TooMany
from gateway.records import ROLES, Asset, Session, Stay, User
from gateway.store.sqlite import Store
from gateway.tests.contract.http_bench import made_parts, served
from gateway.tests.unit.cli_bench import as_json, command_line
from gateway.usecases import street
from gateway.usecases.users import UserRequest, add, remove, set_password

PASSWORD = "a long enough one"
NOW = "2023-11-14T22:13:20Z"
EUI = "70b3d57ed005a001"


@pytest.fixture(scope="module")
def kept():
    return passwords.made(PASSWORD)


@pytest.fixture
async def parts(tmp_path, kept):
    async with Store(source="lamplighter/test") as store:
        for role in ROLES:
            one = User(name=role, role=role, password=kept)
            await store.write(lambda tx, one=one: tx.put_record(one.name, one))
        asset = Asset(id="B1", kind="bin", lat=47.75, lon=7.34, street="<b>=1</b>",
                      stays=(Stay(EUI, 1),))  # fmt: skip

        def fill(tx):
            tx.add_device(Device(EUI, "bin 1", "bin", "0" * 16, report_s=600))
            tx.put_latest(EUI, 1, NOW, (Value("fillingLevel", 0.4, "1"),))
            tx.put_record("B1", asset)

        await store.write(fill)
        yield made_parts(store, tmp_path)


@pytest.fixture
async def session(parts):
    jar = aiohttp.CookieJar(unsafe=True)  # that of a browser takes cookies of an address too
    async with served(parts) as base, aiohttp.ClientSession(base, cookie_jar=jar) as made:
        yield made


async def login(session, name="operator", password=PASSWORD, **more):
    body = {"name": name, "password": password}
    async with session.post("/ui/login", json=body, **more) as answer:
        return answer.status, await answer.json(), answer.headers


async def test_the_page_and_its_parts_are_served_under_a_strict_policy(session):
    for path in ("/ui/", "/ui/app.js", "/ui/style.css", "/ui/lib/leaflet.js", "/ui/lib/uplot.js"):
        async with session.get(path) as answer:
            assert answer.status == 200, path
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert "http" not in policy
    async with session.get("/ui/", allow_redirects=False) as answer:
        text = await answer.text()
    assert "style=" not in text
    assert "<script>" not in text
    for path in ("/ui/..%2Fsettings.py", "/ui/lib/..%2F..%2Fsettings.py"):
        async with session.get(path) as answer:
            assert answer.status == 404


async def test_who_is_logged_in_reads_by_the_cookie_and_changes_with_the_secret(session):
    status, me, headers = await login(session)
    assert (status, me["role"]) == (200, "operator")
    cookie = headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Secure" not in cookie  # plain HTTP of the loopback
    assert me["csrf"] not in cookie

    async with session.get("/v1/street") as answer:
        [shown] = (await answer.json())["assets"]
    assert (shown["id"], shown["value"], shown["stale"]) == ("B1", 0.4, False)
    command = {"name": "report", "values": {}}
    path = f"/v1/devices/{EUI}/commands"
    async with session.post(path, json=command) as answer:
        assert answer.status == 403
        assert "X-CSRF-Token" in (await answer.json())["error"]
    async with session.post(path, json={"name": "x"}, headers={"X-CSRF-Token": me["csrf"]}) as one:
        assert one.status == 422  # it came through; there is no such command
    async with session.post("/ui/logout", headers={"X-CSRF-Token": me["csrf"]}) as answer:
        assert answer.status == 200
    async with session.get("/v1/street", headers={"Cookie": cookie.partition(";")[0]}) as answer:
        assert answer.status == 401


@pytest.mark.parametrize(
    ("role", "path", "method", "status"),
    [
        ("viewer", "/v1/street", "GET", 200),
        ("viewer", f"/v1/devices/{EUI}/commands", "POST", 403),
        ("operator", "/v1/webhooks", "GET", 403),
        ("operator", "/v1/assets/B1/device", "PUT", 403),
        ("technician", "/v1/assets/B1/device", "PUT", 200),
        ("technician", "/v1/assets/B1", "DELETE", 403),
        ("admin", "/v1/assets/B1", "DELETE", 200),
        ("admin", "/v1/webhooks", "GET", 200),
    ],
)
async def test_a_role_may_do_its_part_alone(session, role, path, method, status):
    _, me, _ = await login(session, role)
    body = None if method == "GET" else {"dev_eui": EUI} if method == "PUT" else {"name": "x"}
    async with session.request(
        method, path, json=body, headers={"X-CSRF-Token": me["csrf"]}
    ) as answer:
        assert answer.status == status, await answer.text()


async def test_passwords_are_guessed_slowly_by_name_and_from_one_address(session):
    for _ in range(passwords.FREE):
        status, problem, _ = await login(session, password="wrong")
        assert (status, problem["error"]) == (401, "Name or password is wrong.")
    status, problem, headers = await login(session)
    assert (status, int(headers["Retry-After"]) >= 1) == (429, True)
    assert "too many wrong passwords" in problem["error"]
    assert PASSWORD not in json.dumps(problem)


async def test_waits_grow_and_are_forgotten_with_success():
    throttle = Throttle()
    for _ in range(12):
        throttle.failed("a")
    with pytest.raises(TooMany) as caught:
        throttle.check("b", "a")
    assert caught.value.after_s
    assert caught.value.after_s > 100
    throttle.passed("a")
    throttle.check("a")
    for number in range(passwords.NAMES + 5):
        throttle.failed(str(number))
    assert len(throttle._failures) == passwords.NAMES


async def test_no_password_is_taken_over_plain_http_from_elsewhere(parts, session):
    for headers in (
        {"X-Forwarded-For": "198.51.100.7"},
        {"X-Forwarded-Proto": "http"},
        {"Host": "town.example"},
    ):
        status, problem, _ = await login(session, headers=headers)
        assert status == 403, headers
        assert "plain_login" in problem["error"]
    status, _, headers = await login(
        session, headers={"X-Forwarded-Proto": "https", "Host": "town.example"}
    )
    assert (status, "Secure" in headers["Set-Cookie"]) == (200, True)
    status, problem, _ = await login(session, headers={"Origin": "https://evil.example"})
    assert (status, "another site" in problem["error"]) == (403, True)
    app = application(parts, page=Page(plain_login=True))
    assert app


async def test_a_session_ends_when_nobody_uses_it_with_the_password_and_with_the_person(parts):
    now = [1_700_000_000_000]
    store = parts.store
    own = logins.Logins(store, lambda: now[0])

    token, made = await own.login("viewer", PASSWORD, "x")
    now[0] += logins.IDLE_MS - 1
    assert await own.find(token)
    now[0] += logins.IDLE_MS - 1
    assert await own.find(token)  # used meanwhile
    now[0] += logins.IDLE_MS + 1
    assert await own.find(token) is None
    aged = replace(made, used_at_ms=made.created_at_ms + logins.WHOLE_MS)
    assert logins.over(aged, made.created_at_ms + logins.WHOLE_MS + 1)

    token, _ = await own.login("viewer", PASSWORD, "x")
    assert len(await store.read(lambda view: view.records(Session))) == 1  # the old one is gone
    await set_password(parts, "viewer", PASSWORD + "2")
    assert await own.find(token) is None
    token, _ = await own.login("viewer", PASSWORD + "2", "x")
    await remove(parts, "viewer")
    assert await own.find(token) is None
    assert token not in repr(await store.read(lambda view: view.records(Session)))


async def test_a_short_password_and_a_taken_name_are_refused(parts):
    with pytest.raises(Refused, match="12 to 200 characters"):
        await add(parts, body=UserRequest("x", "short"))
    with pytest.raises(Refused, match="taken"):
        await add(parts, body=UserRequest("admin", PASSWORD))


def test_people_are_added_by_the_command_line(tmp_path, monkeypatch):
    config = tmp_path / "lamplighter.toml"
    config.write_text('site = "x"\n[network]\nkind = "virtual"\n')
    run = command_line(config)
    monkeypatch.setattr("gateway.cli.user._password", lambda: PASSWORD)

    assert as_json(run, "user", "add", "anna", "--role", "admin") == {
        "name": "anna", "role": "admin",
    }  # fmt: skip
    code, out, _ = run("user", "list")
    assert (code, "anna" in out, "argon2" in out) == (0, True, False)
    assert run("user", "password", "anna")[0] == 0
    assert run("user", "remove", "anna")[0] == 0
    assert run("user", "remove", "anna")[0] == 1


async def test_nothing_is_public_unless_it_is_set(parts, session):
    async with session.get("/v1/public") as answer:
        assert answer.status == 200
    with pytest.raises(Unknown, match="public = true"):
        await street.public(replace(parts, public=False))


def bays(name, count, free, *, stale=False):
    return [
        street.StreetAsset(
            id=f"{name}{n}", kind="bay", lat=0, lon=0, street=name, zone="", dev_eui="", device="",
            property="occupancy", value=int(n >= free), unit="1", quality=[], observed_at=NOW,
            report_s=600, stale=stale,
        )
        for n in range(count)
    ]  # fmt: skip


def test_counts_of_few_are_suppressed_with_one_more_so_that_no_total_tells_them():
    found = street.suppressed(bays("A", 9, 3) + bays("B", 6, 2) + bays("C", 4, 1))
    assert [(one.street, one.free) for one in found] == [("A", 3), ("B", None), ("C", None)]
    two = street.suppressed(bays("A", 9, 3) + bays("B", 4, 2) + bays("C", 9, 1, stale=True))
    assert [one.free for one in two] == [3, None, None]
    assert [one.free for one in street.suppressed(bays("A", 5, 5))] == [5]

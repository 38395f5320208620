"""Every change by the API and the command line leaves one entry, in the commit of the change."""

import contextlib
import json
import shutil
import sqlite3

import pytest

from gateway.audit import Act, acting
from gateway.http.routes import ROUTES
from gateway.model import ApiKey, Endpoint
from gateway.retention import Retention
from gateway.store.sqlite import Store
from gateway.tests.contract.http_bodies import PROGRAMME
from gateway.tests.contract.test_http import BODIES, CODEC, EUI, MAPPING, filled, service
from gateway.tests.unit.cli_bench import as_json, command_line

__all__ = ["service"]
CHANGING = [one for one in ROUTES if one.method != "GET"]
OF_NO_THING = {
    "try_codec",
    "redecode",
    "retry",
    "replay",
    "test_webhook",
    "try_bulk",
    "edit_programme",
}
HOOK = Endpoint(id="wh_1", url="http://me:pw-7@x/", secret="s-1", headers={"A": "h-1", "B": "h-2"})


def act(who="ann"):
    return Act(who, "cli", "test", "x", 1000)


@pytest.mark.parametrize("route", CHANGING, ids=lambda one: one.name)
async def test_every_changing_operation_leaves_one_entry(service, route):
    _, before = await service.request("GET", "/v1/audit?last=1")

    status, _ = await service.request(
        route.method, filled(route.path, service.ids), json=BODIES.get(route.name)
    )

    assert status == route.status
    _, page = await service.request("GET", f"/v1/audit?after={before['next']}")
    [entry] = page["entries"]
    keys = await service.store.read(lambda view: view.api_keys())
    admin = next(one for one in keys if one.name == "admin")
    assert (entry["who"], entry["via"]) == (f"{admin.id} (admin)", "api")
    assert entry["action"] == route.name
    assert entry["changes"] or route.name.startswith("try_") or route.name in OF_NO_THING


async def test_a_refused_operation_and_a_question_leave_none(service):
    _, before = await service.request("GET", "/v1/audit?last=1")

    await service.request("POST", "/v1/webhooks", json={"url": "no url"})
    await service.request("DELETE", "/v1/webhooks/none")
    await service.request("GET", "/v1/devices")

    _, page = await service.request("GET", f"/v1/audit?after={before['next']}")
    assert page["entries"] == []


async def test_an_entry_shows_before_and_after_without_secrets(store):
    def change(tx):
        tx.add_endpoint(HOOK)

    with acting(act()):
        await store.write(change)
    with acting(act("bob")):
        new = Endpoint(id="wh_1", url=HOOK.url, secret="s-2", headers={"A": "h-1", "B": "h-3"})
        await store.write(lambda tx: tx.put_endpoint(new))
        await store.write(
            lambda tx: tx.add_api_key(ApiKey(id="k", name="n", digest="d-1", scopes=()))
        )

    one, two, three = await store.read(lambda view: view.audit())
    [made], [changed] = one.changes, two.changes
    assert (one.who, made.noun, made.key, made.before) == ("ann", "webhook", "wh_1", None)
    assert (made.after["secret"], made.after["url"]) == ("(set)", "http://x/")
    assert changed.before["secret"] == "(set)"
    assert changed.after["secret"] == "(changed)"
    assert changed.after["headers"] == {"A": "(set)", "B": "(changed)"}
    text = repr((one, two, three))
    for hidden in ("s-1", "s-2", "h-1", "h-2", "h-3", "d-1", "pw-7"):
        assert hidden not in text


async def test_a_change_that_fails_leaves_no_entry_and_the_act_goes_on(store):
    def fails(tx):
        tx.add_endpoint(HOOK)
        raise ValueError

    with acting(act()):
        with pytest.raises(ValueError):
            await store.write(fails)
        assert await store.read(lambda view: (view.audit(), view.endpoints())) == ([], [])
        await store.write(lambda tx: tx.add_endpoint(HOOK))

    [entry] = await store.read(lambda view: view.audit())
    assert [one.key for one in entry.changes] == ["wh_1"]


async def test_what_the_service_does_by_itself_is_nobodys_act(store):
    await store.write(lambda tx: tx.add_endpoint(HOOK))

    assert await store.read(lambda view: view.newest_audit()) == []


async def test_entries_are_paged_and_dropped_by_age_alone(store):
    for at_ms in range(5):
        with acting(Act("ann", "cli", "test", "x", at_ms * 1000)):
            await store.write(lambda _: None)

    first = await store.read(lambda view: view.audit(0, 3))
    rest = await store.read(lambda view: view.audit(first[-1].number, 3))
    newest = await store.read(lambda view: view.newest_audit(2))
    assert [one.at_ms for one in (*first, *rest)] == [0, 1000, 2000, 3000, 4000]
    assert [one.at_ms for one in newest] == [4000, 3000]

    day_ms = 86_400_000
    await Retention(store, 0, audit_days=1, clock=lambda: day_ms + 3000).look()
    assert [one.at_ms for one in await store.read(lambda view: view.audit())] == [3000, 4000]


async def test_no_entry_can_be_changed_in_the_file(tmp_path):
    async with Store(tmp_path / "store.db") as opened:
        with acting(act()):
            await opened.write(lambda _: None)

    with (
        contextlib.closing(sqlite3.connect(tmp_path / "store.db")) as file,
        pytest.raises(sqlite3.IntegrityError, match="append-only"),
    ):
        file.execute("UPDATE audit SET at_ms = 7")


# --- the command line

CONFIG = """\
site = "street"
[network]
kind = "virtual"
[delivery]
allow_private = true
"""
CHANGES = {
    "asset import": ["{folder}/assets.csv"],
    "asset assign": ["B1", "bin 1"],
    "device add": ["bin 9", "--profile", "bin"],
    "device import": ["{folder}/list.csv", "--output", "{folder}/made"],
    "device commission": [BODIES["commission"]["certificate"]],
    "device tag": ["bin 1", "east"],
    "device remove": ["bin 1"],
    "device simulate": ["bin 1", "--count", "1"],
    "command send": ["lamp 1", "dim", "level=40"],
    "command cancel": ["{command}"],
    "bulk send": ["dim", "level=40", "--profile", "lamp"],
    "bulk cancel": ["{bulk}"],
    "codec add": ["tank", "{folder}/tank.js", "--mapping", "{folder}/tank.json"],
    "codec remove": ["known"],
    "programme edit": ["{folder}/new.toml"],
    "programme push": ["night", "--profile", "lamp"],
    "key add": ["other"],
    "key revoke": ["{key}"],
    "webhook add": ["http://127.0.0.1:9/"],
    "webhook remove": ["{webhook}"],
    "webhook retry": ["{webhook}"],
    "webhook rotate": ["{webhook}"],
    "webhook enable": ["{webhook}"],
    "webhook pause": ["{webhook}"],
    "webhook resume": ["{webhook}"],
    "webhook test": ["{webhook}", "--wait-s", "0"],
    "webhook replay": ["{webhook}"],
}
"""{command that changes the store: its arguments}."""


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    """A folder with a store that has one of each thing, and what its things are called."""
    folder = tmp_path_factory.mktemp("installation")
    (folder / "lamplighter.toml").write_text(CONFIG)
    (folder / "list.csv").write_text("name,profile\nbin 7,bin\nbin 8,bin\n")
    (folder / "tank.js").write_text(CODEC["script"])
    (folder / "tank.json").write_text(json.dumps(MAPPING))
    (folder / "assets.csv").write_text("id,kind,lat,lon\nB1,bin,47,7\n")
    (folder / "night.toml").write_text(PROGRAMME.source)
    (folder / "new.toml").write_text(PROGRAMME.source + "\n# another\n")
    run = command_line(folder / "lamplighter.toml")
    as_json(run, "programme", "edit", str(folder / "night.toml"))
    as_json(run, "asset", "import", str(folder / "assets.csv"))
    (folder / "assets.csv").write_text("id,kind,lat,lon\nB1,bin,47,8\nB2,bin,47,7\n")
    as_json(run, "device", "add", "bin 1", "--profile", "bin")
    as_json(run, "device", "add", "lamp 1", "--profile", "lamp", "--dev-eui", EUI)
    codec = (str(folder / "tank.js"), "--mapping", str(folder / "tank.json"))
    as_json(run, "codec", "add", "known", *codec)
    names = {
        "folder": str(folder),
        "command": as_json(run, "command", "send", "lamp 1", "dim", "level=7")["id"],
        "bulk": as_json(run, "bulk", "send", "dim", "level=8", "--profile", "lamp")["id"],
        "key": as_json(run, "key", "add", "backend")["id"],
        "webhook": as_json(run, "webhook", "add", "http://127.0.0.1:9/")["id"],
    }
    return folder, names


@pytest.mark.parametrize("command", CHANGES)
def test_every_changing_command_leaves_one_entry(installation, tmp_path, command):
    folder, names = installation
    shutil.copytree(folder, tmp_path / "copy")
    run = command_line(tmp_path / "copy" / "lamplighter.toml")
    [last] = as_json(run, "change", "list", "--last", "1")["entries"]

    code, _, said = run(*command.split(), *(one.format(**names) for one in CHANGES[command]))

    assert code in {0, 4}, said  # 4: nobody serves, so nothing tries what `webhook test` sends
    [entry] = as_json(run, "change", "list", "--after", str(last["number"]))["entries"]
    assert (entry["via"], entry["action"]) == ("cli", command)
    assert entry["who"]


def test_questions_leave_none_and_a_restored_store_says_who_restored_it(installation, tmp_path):
    folder, _ = installation
    shutil.copytree(folder, tmp_path / "copy")
    run = command_line(tmp_path / "copy" / "lamplighter.toml")
    [last] = as_json(run, "change", "list", "--last", "1")["entries"]
    for asked in ("device list", "webhook list", "key list", "check"):
        run(*asked.split())
    as_json(run, "backup", str(tmp_path / "b.tar"))
    assert as_json(run, "change", "list", "--last", "1")["entries"] == [last]

    as_json(run, "restore", str(tmp_path / "b.tar"), "--replace")

    [entry] = as_json(run, "change", "list", "--after", str(last["number"]))["entries"]
    assert entry["action"] == "restore"

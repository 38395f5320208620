"""Bulks over REST and the command line: the caller is the key, and the loop asks what is kept."""

import contextlib
import json

import aiohttp
import msgspec

from gateway.bulks import Bulks
from gateway.keys import new_key
from gateway.settings import LimitSettings
from gateway.store.sqlite import Store
from gateway.tests.contract.http_bench import made_parts, served
from gateway.tests.contract.http_bodies import PROGRAMME
from gateway.tests.unit.bulk_bench import LAMPS, OAK
from gateway.tests.unit.cli_bench import as_json, command_line


@contextlib.asynccontextmanager
async def api(**limits):
    """call(key, method, path, body) -> (status, answer); keys: anna, ben."""
    async with Store() as store:
        made = made_parts(store)
        made.commands.clock = made.clock
        limited = msgspec.structs.replace(made.commands.settings, limits=LimitSettings(**limits))
        made.commands.settings = limited
        texts = {}
        for name in ("anna", "ben"):
            key, texts[name] = new_key(name, "command", 1)
            await store.write(lambda tx, key=key: tx.add_api_key(key))
        for lamp in LAMPS:
            await store.write(lambda tx, lamp=lamp: tx.add_device(lamp))
        async with served(made) as url, aiohttp.ClientSession() as session:

            async def call(who, method, path, body=None):
                headers = {"Authorization": f"Bearer {texts[who]}"}
                async with session.request(method, url + path, json=body, headers=headers) as got:
                    return got.status, await got.json()

            yield call, Bulks(store, made.network, limited, made.clock)


BODY = {"name": "dim", "values": {"level": 40}, "tags": [OAK], "idempotency_key": "k"}


async def test_one_call_one_progress_and_a_result_per_device():
    async with api() as (call, loop):
        status, plan = await call("anna", "POST", "/v1/bulks/trial", BODY)
        assert (status, len(plan["targets"]), plan["refusals"]) == (200, 5, [])
        status, made = await call("anna", "POST", "/v1/bulks", BODY)
        assert (status, made["who"], made["progress"]) == (202, "anna", {"waiting": 5})
        assert (await call("anna", "POST", "/v1/bulks", BODY))[1]["id"] == made["id"]
        await loop.step()
        _, found = await call("ben", "GET", f"/v1/bulks/{made['id']}")
        assert found["progress"] == {"desired": 1, "waiting": 4}
        _, ended = await call("ben", "POST", f"/v1/bulks/{made['id']}/cancel")
        assert ended["progress"] == {"cancelled": 1, "not asked": 4}
        _, listed = await call("ben", "GET", "/v1/bulks")
        assert [one["state"] for one in listed["bulks"]] == ["cancelled"]


async def test_the_second_key_approves_and_the_first_is_refused():
    async with api(two_person_from=2) as (call, _loop):
        _, made = await call("anna", "POST", "/v1/bulks", BODY)
        assert made["state"] == "waiting"
        status, said = await call("anna", "POST", f"/v1/bulks/{made['id']}/approve")
        assert status == 422
        assert "another person approves" in said["error"]
        _, begun = await call("ben", "POST", f"/v1/bulks/{made['id']}/approve")
        assert (begun["state"], begun["approved_by"]) == ("running", "ben")


async def test_a_limit_is_named_with_who_may_raise_it():
    async with api(floor={"P4": 50}) as (call, _loop):
        status, said = await call("anna", "POST", "/v1/bulks", BODY)
        assert status == 422
        assert "floor" in said["error"]
        assert "the operator may raise" in said["error"]
        _, plan = await call("anna", "POST", "/v1/bulks/trial", BODY)
        assert len(plan["refusals"]) == 1
        assert (await call("anna", "GET", "/v1/bulks/none"))[0] == 404


def test_the_command_line_says_what_would_be_sent_and_asks_it(tmp_path):
    config = tmp_path / "lamplighter.toml"
    config.write_text(
        'site = "x"\n[network]\nkind = "virtual"\n[commands.limits]\nfloor = { other = 20 }\n'
    )
    run = command_line(config)
    for name in ("lamp 1", "lamp 2"):
        as_json(run, "device", "add", name, "--profile", "lamp")
        as_json(run, "device", "tag", name, OAK)
    to_oak = ("bulk", "send", "dim", "--tag", OAK)
    plan = as_json(run, *to_oak, "level=40", "--dry-run")
    assert plan["targets"] == ["lamp 1", "lamp 2"]
    code, out, _ = run(*to_oak, "level=10", "--dry-run")
    assert code == 1
    assert "commands.limits.floor" in out
    made = as_json(run, *to_oak, "level=40", "--key", "k")
    assert "at the command line" in made["who"]
    assert as_json(run, *to_oak, "level=40", "--key", "k")["id"] == made["id"]
    assert "waiting" in run("bulk", "show", made["id"])[1]
    assert "running" in run("bulk", "list")[1]
    assert run("bulk", "approve", made["id"])[0] == 1
    assert json.loads(run("bulk", "cancel", made["id"], "--json")[1])["state"] == "cancelled"


def test_a_programme_is_edited_previewed_pushed_and_asked_after(tmp_path):
    config, file = tmp_path / "lamplighter.toml", tmp_path / "night.toml"
    config.write_text('site = "x"\n[network]\nkind = "virtual"\n')
    file.write_text(PROGRAMME.source)
    run = command_line(config)
    as_json(run, "device", "add", "lamp 1", "--profile", "lamp")
    code, out, _ = run("programme", "preview", str(file), "--date", "2026-06-21")
    assert code == 0
    assert "05:00 +0000  100 %" in out
    assert as_json(run, "programme", "edit", str(file))["version"] == 1
    night = as_json(run, "programme", "preview", "night", "--date", "2026-06-21")
    assert night["baseline"] == "rated power from sunset to sunrise"
    assert run("programme", "preview", "night", "--baseline", "previous")[0] == 1
    plan = as_json(run, "programme", "push", "night", "--profile", "lamp", "--dry-run")
    assert plan["targets"] == ["lamp 1"]
    made = as_json(run, "programme", "push", "1", "--profile", "lamp")
    assert made["count"] == 2
    code, _, err = run("programme", "push", "1", "--profile", "lamp")
    assert code == 1
    assert made["id"] in err
    assert as_json(run, "programme", "status")["lamps"][0]["state"] == "none"
    assert "night" in run("programme", "list")[1]
    assert run("programme", "show", "night")[1].endswith(PROGRAMME.source)


def test_a_schedule_is_added_once_listed_and_removed(tmp_path):
    config = tmp_path / "lamplighter.toml"
    config.write_text('site = "x"\n[network]\nkind = "virtual"\n')
    run = command_line(config)
    as_json(run, "device", "add", "lamp 1", "--profile", "lamp")
    daily = (
        "schedule",
        "add",
        "dim",
        "level=30",
        "--profile",
        "lamp",
        "--at",
        "22:00",
        "--key",
        "k",
    )
    code, _, err = run(*daily, "--zone", "Nowhere/Land")
    assert code == 1
    assert "time zone" in err
    made = as_json(run, *daily, "--zone", "Europe/Paris")
    assert as_json(run, *daily, "--zone", "Europe/Paris")["id"] == made["id"]
    assert made["next_at"][14:16] == "00"
    assert "22:00" in run("schedule", "list")[1]
    assert run("schedule", "approve", made["id"])[0] == 1
    assert run("schedule", "remove", made["id"])[0] == 0
    assert run("schedule", "remove", made["id"])[0] == 1

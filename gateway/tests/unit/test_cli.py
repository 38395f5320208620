"""The command line, as a person and as a program use it, on a real SQLite store."""

import asyncio
import json
import socket

import pytest
from msgspec.structs import replace

from gateway import app, cli, devices, registry
from gateway.delivery import Deliverer
from gateway.events import JoinedData
from gateway.model import Device
from gateway.provisioning import OURS
from gateway.schedule import Schedule
from gateway.settings import load
from gateway.store.sqlite import Store
from gateway.tests.unit.cli_bench import as_json
from gateway.tests.unit.outbox_bench import settled

CONFIG = """\
site = "street"

[network]
kind = "chirpstack"
grpc = "http://127.0.0.1:{port}"
mqtt = "mqtt://127.0.0.1:{port}"
api_key = "key"
timeout_s = 0.3
tenant_id = "52f14cd4-c6f1-4fbd-8f87-4025e1d49242"
"""
EUI = "70b3d57ed005a001"


@pytest.fixture
def config(tmp_path):
    """A configuration whose network server does not answer."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    path = tmp_path / "lamplighter.toml"
    path.write_text(CONFIG.format(port=port))
    return path


def test_a_key_is_shown_once_and_revoked(run):
    made = as_json(run, "key", "add", "backend", "--scope", "command")
    assert made["scopes"] == ["read", "command"]

    code, listed, _ = run("key", "list")
    assert (code, "backend" in listed, made["key"] in listed) == (0, True, False)
    assert as_json(run, "key", "list") == [
        {"id": made["id"], "name": "backend", "scopes": ["read", "command"]}
    ]
    run("key", "revoke", made["id"])

    assert run("key", "list")[1].startswith("There are no API keys")


def test_a_key_reads_only_unless_asked_otherwise(run):
    assert as_json(run, "key", "add", "page")["scopes"] == ["read"]


def test_a_file_sink_is_added_and_gets_the_events(run, config):
    made = as_json(run, "webhook", "add", "--kind", "file", "east/lamps.jsonl")
    assert (made["kind"], made["secret"]) == ("file", "")
    assert "secret" not in run("webhook", "add", "--kind", "file", "west.jsonl")[1]
    loaded = load(config, {})

    async def deliver_one():
        data = JoinedData(dev_eui=EUI, device="lamp", dev_addr="01020304")
        async with app.open_store(loaded) as store, app.made_sinks(loaded) as sinks:
            await store.write(lambda tx: tx.append("joined", EUI, 1, data))
            deliverer = Deliverer(store, sinks, schedule=Schedule((5.0,)))
            task = asyncio.create_task(deliverer.run())
            await settled(store, made["id"], delivered=1)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            return await store.read(lambda view: view.events())

    [stored] = asyncio.run(deliver_one())

    path = config.parent / "events" / "east" / "lamps.jsonl"
    assert path.read_bytes() == bytes(stored.body) + b"\n"
    assert {one["kind"] for one in as_json(run, "webhook", "list")["webhooks"]} == {"file"}


def test_a_target_outside_the_folder_and_an_unknown_kind_are_refused(run):
    code, _, said = run("webhook", "add", "--kind", "file", "../lamps.jsonl")
    assert (code, "give a path as `east/lamps.jsonl`" in said) == (1, True)

    code, _, said = run("webhook", "add", "--kind", "pigeon", "x")
    assert (code, "'file', 'mqtt', 'webhook'" in said) == (2, True)


def test_a_webhook_is_added_listed_and_removed(run, config):
    config.write_text(config.read_text() + "\n[delivery]\nallow_private = true\n")
    wanted = ("--type", "lamplighter.boot.v1", "--batch", "20")
    made = as_json(run, "webhook", "add", "http://127.0.0.1:1/x", *wanted)

    [shown] = as_json(run, "webhook", "list")["webhooks"]
    assert (shown["url"], shown["types"]) == ("http://127.0.0.1:1/x", ["lamplighter.boot.v1"])
    assert shown["batch"] == made["batch"] == 20
    assert shown["totals"]["matched"] == 0
    assert "secret" not in shown
    for action in ("enable", "retry", "replay", "remove"):
        assert run("webhook", action, made["id"])[0] == 0
    assert run("webhook", "list")[1].startswith("There are no webhooks")


def test_a_webhook_is_paused_tested_and_sent_a_span_again(run, config):
    config.write_text(config.read_text() + "\n[delivery]\nallow_private = true\n")
    device = Device(dev_eui=EUI, name="bin 1", profile="bin", join_eui="0" * 16)
    in_the_store(config, lambda tx: tx.add_device(device))
    assert as_json(run, "device", "tag", "bin 1", "east", "park:7")["tags"] == ["east", "park:7"]
    assert run("device", "tag", "bin 1", "a tag")[0] == 1
    wanted = ("--tag", "east", "--header", "X-Tenant: east", "--rate", "2.5", "--parallel", "2")
    hook = as_json(run, "webhook", "add", "http://127.0.0.1:1/x", *wanted)["id"]
    data = JoinedData(dev_eui=EUI, device="bin 1", dev_addr="01020304")
    in_the_store(config, lambda tx: tx.append("joined", EUI, 1_700_000_000_000, data))

    shown = as_json(run, "webhook", "pause", hook)
    code, said, _ = run("webhook", "test", hook, "--wait-s", "0")
    again = as_json(run, "webhook", "replay", hook, "--since", "2020-01-01T00:00:00Z")
    resumed = as_json(run, "webhook", "resume", hook)

    assert (shown["headers"], shown["rate"], shown["parallel"]) == (["X-Tenant"], 2.5, 2)
    assert (code, "waits for `lamplighter serve`, or is paused" in said) == (4, True)
    assert again == {"count": 0}  # what is pending stays as it is
    assert (resumed["paused_at"], resumed["totals"]["pending"]) == (None, 2)
    assert run("webhook", "add", "http://127.0.0.1:1/x", "--header", "X-Tenant")[0] == 1


def test_a_webhook_is_added_with_a_filter_and_a_start(run, config):
    config.write_text(config.read_text() + "\n[delivery]\nallow_private = true\n")
    device = Device(dev_eui=EUI, name="bin 1", profile="bin", join_eui="0" * 16)
    in_the_store(config, lambda tx: tx.add_device(device))
    add = ("webhook", "add", "http://127.0.0.1:1/x")
    wanted = ("--device", "BIN 1", "--property", "fillingLevel", "--property", "battery")

    code, out, _ = run(*add, *wanted, "--latest")
    made = as_json(run, *add, *wanted, "--since", "2026-01-31T00:00:00Z")

    assert (made["devices"], made["properties"]) == ([EUI], ["fillingLevel", "battery"])
    assert (code, "names the property 'battery', which none of its devices" in out) == (0, True)
    assert "'fillingLevel'" in run("webhook", "show", made["id"])[1]
    for wrong, said in (
        (("--latest", "--since", "2026-01-31T00:00:00Z"), "leave one out"),
        (("--since", "yesterday"), "give an instant"),
        (("--device", "bin 2"), "there is no device 'bin 2'"),
        (("--property", ""), "without a name"),
    ):
        code, _, error = run(*add, *wrong)
        assert (code, said in error) == (1, True), error


def test_a_private_address_is_refused_with_a_sentence_and_who_acts(run):
    code, out, err = run("webhook", "add", "http://127.0.0.1/x")

    assert (code, out) == (1, "")
    sentence, following = err.splitlines()
    assert sentence.startswith("127.0.0.1 lies in a private net: give a public address, or ")
    assert following == "Next: the caller changes the request."


def test_an_error_is_json_too(run):
    code, out, err = run("explain", "nothing", "--json")

    assert (code, out) == (1, "")
    assert json.loads(err) == {
        "error": "there is no device 'nothing': `lamplighter device list` shows them",
        "act": "the caller names something that exists",
    }


def test_what_is_not_there_is_said(run):
    for arguments in (
        ("device", "show", EUI), ("device", "remove", EUI), ("command", "show", "x"),
        ("command", "send", EUI, "dim", "level=1"), ("webhook", "remove", "x"),
        ("webhook", "enable", "x"), ("webhook", "replay", "x"), ("key", "revoke", "x"),
    ):  # fmt: skip
        code, _, err = run(*arguments)
        assert (code, err.count("\n")) == (1, 2), (arguments, err)


def test_a_device_is_not_registered_when_the_network_server_is_away(run):
    code, _, err = run("device", "add", "bin 1", "--profile", "bin")

    assert code == 4
    assert err.endswith("Next: the caller tries again later.\n")
    assert as_json(run, "device", "list") == {"devices": []}


def test_wrong_keys_are_refused_before_anything_is_asked(run):
    for option, value in (("--dev-eui", "12"), ("--app-key", "xyz"), ("--join-eui", "0" * 15)):
        code, _, err = run("device", "add", "x", "--profile", "bin", option, value)

        assert code == 1
        assert value in err


@pytest.fixture
def virtual(config):
    """The configuration with a network server in the process."""
    config.write_text('site = "street"\n[network]\nkind = "virtual"\n')


@pytest.mark.usefixtures("virtual")
def test_a_device_of_another_maker_is_added_with_its_decoder(run, tmp_path):
    other = next(name for name in registry.names(devices) if name != OURS)
    output = tmp_path / "device.json"
    made = as_json(run, "device", "add", "level 1", "--decoder", other, "--class", "C")
    code, shown, _ = run("device", "add", "level 2", "--decoder", other)
    refused, _, said = run("device", "add", "level 3", "--decoder", other, "--output", str(output))

    assert (made["decoder"], made["profile"], made["device_json"]) == (other, "", {})
    assert (code, "Enter this with its maker's tool" in shown, "mpremote" in shown) == (
        0,
        True,
        False,
    )
    assert (refused, "leave it out" in said, output.exists()) == (1, True, False)
    listed = as_json(run, "device", "list")["devices"]
    assert [(one["decoder"], one["device_class"]) for one in listed] == [
        (other, "C"),
        (other, "A"),
    ]


@pytest.mark.usefixtures("virtual")
def test_a_board_of_ours_gets_its_file(run, tmp_path):
    output = tmp_path / "device.json"

    code, shown, _ = run("device", "add", "bin 1", "--profile", "bin", "--output", str(output))

    written = json.loads(output.read_text())
    assert (code, f"mpremote cp {output} :device.json" in shown) == (0, True)
    assert (written["profile"], written["dev_eui"] in shown) == ("bin", True)
    assert output.stat().st_mode & 0o077 == 0


def test_values_are_numbers(run):
    code, _, err = run("command", "send", EUI, "dim", "level=bright")

    assert (code, "FIELD=NUMBER" in err) == (1, True)


def test_an_unknown_profile_names_those_there_are(run):
    code, _, err = run("device", "add", "x", "--profile", "tram")

    assert (code, "'bin', 'lamp', 'counter'" in err) == (2, True)


@pytest.mark.parametrize(
    ("broken", "line", "said"),
    [
        ("site = ", 1, "value"),
        ('site = "x"\n[delivery]\ntimeout_s = "soon"\n', 3, "float"),
        ('site = "x"\n\n[delivery]\ncolour = 1\n', 4, "allow_private"),
    ],
)
def test_a_broken_configuration_is_named_with_its_line(run, config, broken, line, said):
    network = config.read_text().partition("\n\n")[2]
    config.write_text(f"{broken}\n{network}" if "[" in broken else broken)

    for command in (("serve",), ("check",), ("device", "list")):
        code, _, err = run(*command)
        assert code == 3
        assert f"{config}:{line}: " in err
        assert said in err
        assert "Next: the operator edits the configuration." in err


def test_a_missing_configuration_is_named(run, config):
    config.unlink()

    code, _, err = run("check")

    assert (code, str(config) in err) == (3, True)
    assert "Next: you name one with --config FILE or LAMPLIGHTER_CONFIG, or write one." in err
    config.write_text(err.partition(":\n\n")[2].partition("\n\n")[0])
    assert run("device", "list")[0] == 0


def test_a_configuration_that_cannot_be_read_is_not_one_that_is_missing(run, config):
    config.unlink()
    config.mkdir()

    code, _, err = run("device", "list")

    assert code == 3
    assert "cannot be read: Is a directory" in err


def test_check_says_what_works_and_who_acts_next(run):
    code, out, _ = run("check")
    as_data = json.loads(run("check", "--json")[1])

    assert code in {3, 4}
    assert "ok    store: keeps 0 events" in out
    assert "FAIL  network:" in out
    assert "Next:" in out
    assert as_data["ok"] is False


def test_check_knows_whether_the_port_is_free_ours_or_anothers(run, config):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        bind = f"127.0.0.1:{other.getsockname()[1]}"
        config.write_text(config.read_text() + f'\n[http]\nbind = "{bind}"\n')
        other.listen()
        _, taken, _ = run("check")
    _, free, _ = run("check")

    assert f"FAIL  http: `http.bind` {bind} is used by another program" in taken
    assert f"ok    http: the service does not run; {bind} is free for it" in free


def test_the_store_is_its_owners_alone(run, config):
    run("key", "list")

    assert (config.parent / "lamplighter.db").stat().st_mode & 0o077 == 0


def test_a_webhook_is_shown_with_what_waits_and_why(run, config):
    config.write_text(config.read_text() + "\n[delivery]\nallow_private = true\n")
    made = as_json(run, "webhook", "add", "http://127.0.0.1:1/x")
    give_it_an_event(config, made["id"])

    code, out, _ = run("webhook", "show", made["id"])
    [waiting] = as_json(run, "webhook", "show", made["id"])["waiting"]
    [event] = as_json(run, "event", "list")["events"]
    assert as_json(run, "event", "list", "--kind", "joined")["events"] == [event]
    assert as_json(run, "event", "list", "--kind", "boot")["events"] == []
    assert as_json(run, "explain", event["id"])["deliveries"] == [waiting]

    shown = as_json(run, "webhook", "show", made["id"])
    [listed] = as_json(run, "webhook", "list")["webhooks"]
    assert shown["next_try_at"] == listed["next_try_at"] == waiting["next_at"]
    assert f"next try at      {shown['next_try_at']}" in out
    assert (code, "the endpoint answered 500" in out) == (0, True)
    assert (waiting["state"], waiting["attempts"]) == ("pending", 1)


def give_it_an_event(config, webhook):
    """One event in the store, with a failed attempt."""

    def change(tx):
        data = JoinedData(dev_eui=EUI, device="x", dev_addr="01020304")
        tx.append("joined", EUI, 1, data)
        [one] = tx.deliveries(webhook)
        note = "the endpoint answered 500"
        tx.put_delivery(replace(one, attempts=1, next_at_ms=9_000_000_000_000, note=note))

    in_the_store(config, change)


def in_the_store(config, change):
    async def write():
        async with Store(config.parent / "lamplighter.db") as store:
            await store.write(change)

    asyncio.run(write())


def groups(group, path=()):
    for name, one in group.commands.items():
        yield (*path, name), one
        if hasattr(one, "commands"):
            yield from groups(one, (*path, name))


@pytest.mark.parametrize(
    "path", [path for path, _ in groups(cli.main) if path[-1] == "list"], ids=lambda one: one[0]
)
def test_every_list_is_shown_without_options(run, path):
    code, out, err = run(*path)

    assert (code, out.count("\n"), err) == (0, 1, "")


@pytest.mark.parametrize(("path", "one"), list(groups(cli.main)), ids=lambda one: str(one)[:40])
def test_every_command_explains_itself(run, path, one):
    code, out, _ = run(*path, "--help")

    assert code == 0
    assert one.help
    for option in one.params:
        if getattr(option, "opts", [""])[0].startswith("--"):
            assert option.opts[0] in out
    assert hasattr(one, "commands") or path == ("serve",) or "--json" in out

"""`lamplighter init`: mosquitto keeps what it must, and each user does its own alone.

mosquitto is real; ChirpStack is not here, its file is read as TOML.
"""

import contextlib
import json
import tomllib

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from gateway import cli, promises
from gateway.errors import ConfigError, Refused, Retry
from gateway.installation import Plan, files
from gateway.settings import load
from gateway.sinks.mqtt.broker import Broker as At
from gateway.sinks.mqtt.broker import Message
from gateway.sinks.mqtt.connection import Connection
from tools.setup.mosquitto import Broker

EVENT = "application/a/device/70b3d57ed0000001/event/up"
GATEWAY = "0016c001f1000001"
MAY_WRITE = {
    "chirpstack": {EVENT, f"eu868/gateway/{GATEWAY}/command/down"},
    "lamplighter": {"lamplighter/check/1"},
    "lamplighter-sink": {
        "lamplighter/events/70b3d57ed0000001/reading", "homeassistant/sensor/a/b/config",
        "lamplighter/commands/refused",
    },
    "homeassistant": {
        "lamplighter/commands/70b3d57ed0000001/dim", "homeassistant/status",
        "homeassistant/sensor/a/b/config",
    },
}  # fmt: skip
TOPICS = sorted(
    set().union(*MAY_WRITE.values())
    | {"application/a/device/70b3d57ed0000001/command/down", "x", "lamplighter/x"}
    | {f"eu868/gateway/{GATEWAY}/event/up"}
)


def run(folder, *more):
    return CliRunner().invoke(cli.main, ["init", str(folder), "--site", "east", *more])


@contextlib.asynccontextmanager
async def brokered(tmp_path, **changed):
    """mosquitto as written, but for the place of its persistence; and the folder."""
    folder = tmp_path / "made"
    async with Broker(tmp_path / "mosquitto") as probe:
        port = probe.port
    done = run(folder, "--mqtt", f"127.0.0.1:{port}")
    assert done.exit_code == 0, done.output
    lines = [
        line.split(" ", 1)
        for line in (folder / "mosquitto.conf").read_text().splitlines()
        if not line.startswith("#")
    ]
    extra = {**dict(lines), "persistence_location": f"{tmp_path / 'mosquitto'}/"} | changed
    async with Broker(tmp_path / "mosquitto", port=port, extra=extra) as broker:
        yield broker, folder


def passwords(folder):
    ours = tomllib.loads((folder / "lamplighter.toml").read_text())
    chirpstack = tomllib.loads((folder / "chirpstack.toml").read_text())["integration"]["mqtt"]
    name, home = (folder / "passwords.txt").read_text().split()
    assert name == "homeassistant"
    return {
        "lamplighter": ours["network"]["password"],
        "lamplighter-sink": ours["sinks"]["mqtt"]["password"],
        "chirpstack": chirpstack["password"],
        "homeassistant": home,
    }


async def allowed(broker, user, password):
    """Topics that a user may write."""
    found = set()
    at = At(url=f"mqtt://127.0.0.1:{broker.port}", username=user, password=password)
    for topic in TOPICS:
        connection = Connection(at, f"test-{user}")
        with contextlib.suppress(Retry):
            await connection.open(clean=True)
            await connection.publish([Message(topic, b"")])
            found.add(topic)
        connection.close()
    return found


async def test_each_user_of_the_broker_may_do_its_own_and_nothing_else(tmp_path):
    async with brokered(tmp_path) as (broker, folder):
        known = passwords(folder)
        found = {user: await allowed(broker, user, known[user]) for user in known}

    assert found == MAY_WRITE


async def test_nobody_gets_in_without_a_password_or_with_a_wrong_one(tmp_path):
    async with brokered(tmp_path) as (broker, _):
        for user, password in (("", ""), ("lamplighter", "guess"), ("root", "root")):
            at = At(url=f"mqtt://127.0.0.1:{broker.port}", username=user, password=password)
            connection = Connection(at, "test")
            with pytest.raises(ConfigError, match="Not authorized"):
                await connection.open(clean=True)
            connection.close()


@pytest.mark.slow
async def test_the_written_broker_keeps_the_promises_and_the_default_one_does_not(tmp_path):
    # each save writes all that is queued, which takes 9 s here
    seldom = {"autosave_on_changes": "false"}
    async with brokered(tmp_path, **seldom) as (_, folder):
        kept = await promises.keeps(load(folder / "lamplighter.toml", {}).network)
    assert kept == [
        "the broker keeps 1100 messages for a client that is away",
        "its ACL lets us write no events of devices",
    ]

    async with brokered(tmp_path / "2", max_queued_messages="1000", **seldom) as (_, folder):
        network = load(folder / "lamplighter.toml", {}).network
        with pytest.raises(ConfigError, match=r"keeps 10\d\d of 1100 messages .*max_queued"):
            await promises.keeps(network)


async def test_a_broker_that_is_open_or_without_our_topics_is_told(tmp_path):
    async with Broker(tmp_path / "mosquitto") as broker:
        network = load(written(tmp_path), {}).network
        at = replace(network, mqtt=f"mqtt://127.0.0.1:{broker.port}")
        assert (await promises.keeps(at))[1].startswith(
            "its ACL lets us write events of devices: "
        )
    with pytest.raises(Retry, match="is not reached"):
        await promises.keeps(at)


async def test_without_a_right_to_its_own_topics_the_trial_says_that_it_was_none(tmp_path):
    async with brokered(tmp_path) as (_, folder):
        network = load(folder / "lamplighter.toml", {}).network
        sink = load(folder / "lamplighter.toml", {}).sinks["mqtt"]
        other = replace(network, username=sink.username, password=sink.password)
        [said] = await promises.keeps(other)

    assert said.startswith("what it keeps was not tried at lamplighter/check/")


def written(folder):
    assert run(folder / "made").exit_code == 0
    return folder / "made" / "lamplighter.toml"


def test_check_tries_what_was_written(tmp_path):
    config = written(tmp_path)

    done = CliRunner().invoke(cli.main, ["--config", str(config), "check", "--json"])

    found = {one["what"]: one["ok"] for one in json.loads(done.stdout)["results"]}
    assert found["configuration"] is found["store"] is True
    assert found["broker"] is found["network"] is found["sinks.mqtt"] is False  # none runs


def test_the_files_are_for_their_owner_alone_and_none_is_replaced(tmp_path):
    folder = tmp_path / "made"
    assert run(folder).exit_code == 0
    before = {one.name: one.read_bytes() for one in folder.iterdir()}

    again = run(folder)

    assert again.exit_code == 1
    assert "is there already" in again.stderr
    assert {one.name: one.read_bytes() for one in folder.iterdir()} == before
    assert {one.stat().st_mode & 0o777 for one in folder.iterdir()} == {0o600}
    assert sorted(before) == [
        "chirpstack.toml", "lamplighter.toml", "mosquitto.acl", "mosquitto.conf",
        "mosquitto.passwd", "passwords.txt",
    ]  # fmt: skip


def test_no_password_is_printed_or_stands_in_the_broker_s_files(tmp_path):
    done = run(tmp_path / "made")

    for password in passwords(tmp_path / "made").values():
        assert password not in done.output
        for name in ("mosquitto.passwd", "mosquitto.conf", "mosquitto.acl"):
            assert password not in (tmp_path / "made" / name).read_text()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"site": "a b"}, "`site`"),
        ({"mqtt": "mqtt://x"}, "host:port"),
        ({"grpc": "127.0.0.1:8080"}, "http://host:port"),
        ({"region": "EU868/#"}, "topic_prefix"),
    ],
)
def test_what_would_break_a_file_is_refused(tmp_path, changed, said):
    with pytest.raises(Refused, match=said):
        files(replace(Plan(folder=tmp_path, site="east"), **changed))

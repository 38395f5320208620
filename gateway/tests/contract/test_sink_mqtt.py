"""The MQTT sink at a real mosquitto: retained values, Home Assistant's entities, commands back."""

import asyncio
import contextlib
import json
import socket

import msgspec
import pytest
from jinja2.nativetypes import NativeEnvironment
from jinja2.sandbox import SandboxedEnvironment

from gateway.errors import ConfigError, Refused, Retry
from gateway.model import Delivery, Endpoint
from gateway.sinks import Listening, Tried
from gateway.sinks.mqtt import Sink
from gateway.tests.contract.receivers.mqtt import Home, brokered, settings
from gateway.tests.contract.test_sinks import surroundings
from gateway.tests.faults.waiting import until

BIN, LAMP, COUNTER = "70b3d57ed0000001", "70b3d57ed0000002", "70b3d57ed0000003"
VALUES = {
    BIN: ("bin 1", "bin", [("fillingLevel", 0.73, "1"), ("temperature", 21, "Cel")]),
    LAMP: ("lamp 7", "lamp", [("dimmingLevel", 0.4, "1"), ("energy", 120, "W.h")]),
    COUNTER: ("gate", "counter", [("peopleCount", 70000, "1"), ("presence", 0, "1")]),
}


def reading(dev_eui, number=1, at="2026-11-28T10:00:00Z", **changed):
    name, profile, values = VALUES[dev_eui]
    data = {
        "dev_eui": dev_eui, "device": name, "profile": profile, "seq": number, "observed_at": at,
        "values": [
            {"property": one, "value": changed.get(one, value), "unit": unit, "quality": ["ok"]}
            for one, value, unit in values
        ],
    }  # fmt: skip
    body = json.dumps({"id": f"evt_{number}", "data": data}).encode()
    return Delivery(
        endpoint_id="wh_1", cursor=number, event_id=f"evt_{number}", subject=dev_eui, body=body,
        type="lamplighter.reading.v1",
    )  # fmt: skip


TO = Endpoint(id="wh_1", kind="mqtt", url="taken/east")


@pytest.fixture
async def broker(tmp_path):
    async with brokered(tmp_path) as made:
        yield made


@pytest.fixture
async def home(broker):
    with contextlib.closing(Home(broker)) as made:
        yield made


@pytest.fixture
def made(broker, tmp_path):
    return Sink(settings(broker, commands="commands"), surroundings(tmp_path))


def found(messages):
    """{component/node/object: description} that Home Assistant got."""
    return {
        topic.removeprefix("homeassistant/").removesuffix("/config"): json.loads(body)
        for topic, body, _ in messages
        if topic.startswith("homeassistant/")
    }


def state(entity, messages, template="value_template"):
    """What Home Assistant shows: the template over the newest message of the state topic."""
    body = [json.loads(one) for topic, one, _ in messages if topic == entity["state_topic"]][-1]
    text = SandboxedEnvironment().from_string(entity[template])
    return text.render(value_json=body, value=json.dumps(body))


async def test_a_bin_a_lamp_and_a_counter_appear_by_themselves(made, home):
    async with made as sink:
        for dev_eui in (BIN, LAMP, COUNTER):
            await sink.deliver(TO, [reading(dev_eui)])

    messages = home.seen()
    entities = found(messages)
    shown = {
        id_: (state(one, messages), one.get("unit_of_measurement"), one["device"]["name"])
        for id_, one in entities.items()
        if "value_template" in one
    }
    assert shown == {
        f"sensor/{BIN}/fillingLevel": ("73.0", "%", "bin 1"),
        f"sensor/{BIN}/temperature": ("21", "°C", "bin 1"),
        f"sensor/{LAMP}/dimmingLevel": ("40.0", "%", "lamp 7"),
        f"sensor/{LAMP}/energy": ("120", "Wh", "lamp 7"),
        f"sensor/{COUNTER}/peopleCount": ("70000", None, "gate"),
        f"binary_sensor/{COUNTER}/presence": ("OFF", None, "gate"),
    }
    light = entities[f"light/{LAMP}/light"]
    assert state(light, messages, "state_template") == "on"
    assert state(light, messages, "brightness_template") == "102"
    assert len({one["unique_id"] for one in entities.values()}) == len(entities) == 7


async def test_what_a_sensor_cannot_say_is_unknown(made, home):
    async with made as sink:
        await sink.deliver(TO, [reading(BIN, fillingLevel=None)])

    messages = home.seen()

    assert state(found(messages)[f"sensor/{BIN}/fillingLevel"], messages) == "None"


async def test_who_comes_later_gets_the_newest_value_and_an_old_reading_is_only_an_event(
    made, broker, home
):
    async with made as sink:
        await sink.deliver(TO, [reading(BIN, 2, "2026-11-28T11:00:00Z", fillingLevel=0.9)])
        await sink.deliver(TO, [reading(BIN, 1, "2026-11-28T10:00:00Z", fillingLevel=0.1)])

    with contextlib.closing(Home(broker)) as later:
        retained = {topic: json.loads(body) for topic, body, kept in later.seen() if kept}

    assert retained[f"taken/east/{BIN}/latest/fillingLevel"] == {
        "value": 0.9, "unit": "1", "quality": ["ok"], "observed_at": "2026-11-28T11:00:00Z",
    }  # fmt: skip
    events = [body for topic, body, _ in home.seen() if topic == f"taken/east/{BIN}/reading"]
    assert [json.loads(one)["id"] for one in events] == ["evt_2", "evt_1"]


async def test_an_entity_is_told_once_and_again_with_another_name_or_connection(
    made, home, broker
):
    renamed = reading(BIN, 3)
    renamed = msgspec.structs.replace(renamed, body=renamed.body.replace(b"bin 1", b"bin 2"))
    counts = []
    async with made as sink:
        for event in (reading(BIN), reading(BIN, 2), renamed):
            await sink.deliver(TO, [event])
            counts.append(sum(topic.startswith("homeassistant/") for topic, *_ in home.seen()))
        sink._connection.close()
        await sink.deliver(TO, [renamed])
        counts.append(sum(topic.startswith("homeassistant/") for topic, *_ in home.seen()))

    assert counts == [2, 2, 4, 6]


async def test_without_retained_values_only_events_are_published(broker, home, tmp_path):
    async with Sink(settings(broker, retain=False), surroundings(tmp_path)) as sink:
        await sink.deliver(TO, [reading(LAMP)])

    assert [topic for topic, *_ in home.seen()] == [f"taken/east/{LAMP}/reading"]


async def test_while_the_broker_is_away_an_event_waits_and_then_arrives(made, broker, tmp_path):
    async with made as sink:
        await sink.deliver(TO, [reading(BIN)])
        await broker.stop(kill=True)
        with pytest.raises(Retry, match=r"broker mqtt://127.0.0.1:\d+ (is not reached|ended)"):
            await sink.deliver(TO, [reading(BIN, 2)])
        await broker.start()
        with contextlib.closing(Home(broker)) as home:
            await sink.deliver(TO, [reading(BIN, 2)])
            seen = home.seen()

    assert f"taken/east/{BIN}/reading" in [topic for topic, *_ in seen]
    assert len(found(seen)) == 2  # the broker kept nothing over its death


async def test_a_connection_that_ends_as_it_is_used_again_costs_no_attempt(made, home):
    async with made as sink:
        await sink.deliver(TO, [reading(BIN)])
        sink._connection._client.socket().shutdown(socket.SHUT_RDWR)
        await sink.deliver(TO, [reading(BIN, 2)])

    ids = [json.loads(body)["id"] for topic, body, _ in home.seen() if topic.endswith("reading")]
    assert ids == ["evt_1", "evt_2"]


class Asked:
    """Takes commands as gateway.commands does; the first ones may find the disk full."""

    def __init__(self, failing=0):
        self.commands = []
        self._failing = failing

    async def __call__(self, dev_eui, name, values, expires_in_s):
        if self._failing:
            self._failing -= 1
            raise Retry("the disk is full")
        if dev_eui != LAMP:
            raise Refused(f"there is no device {dev_eui}")
        self.commands.append((dev_eui, name, values, expires_in_s))


@contextlib.asynccontextmanager
async def listening(sink, asked, home):
    """The sink takes commands; its subscription stands."""
    task = asyncio.create_task(sink.listen(asked))
    try:
        async with asyncio.timeout(20):
            before = len(asked.commands)
            while len(asked.commands) == before:
                home.publish(f"commands/{LAMP}/dim", b'{"values": {"level": 1}}')
                await asyncio.sleep(0.05)
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_the_light_of_home_assistant_dims_the_lamp(made, home):
    asked = Asked()
    async with made as sink, listening(sink, asked, home):
        await sink.deliver(TO, [reading(LAMP)])
        light = found(home.seen())[f"light/{LAMP}/light"]
        template = NativeEnvironment().from_string
        bodies = [
            json.dumps(template(light["command_on_template"]).render(brightness=102)),
            json.dumps(template(light["command_on_template"]).render(brightness=1)),
            json.dumps(template(light["command_on_template"]).render()),
            light["command_off_template"],
        ]
        for body in bodies:
            home.publish(light["command_topic"], body)
        await until(lambda: asked.commands[-1] == (LAMP, "dim", {"level": 0}, None))

    assert [one[2]["level"] for one in asked.commands[-4:]] == [40, 1, 100, 0]


def answers(home):
    return [json.loads(body) for topic, body, _ in home.seen() if topic == "commands/refused"]


@pytest.mark.parametrize(
    ("topic", "body", "said"),
    [
        (f"commands/{BIN}/dim", b"{}", "there is no device"),
        (f"commands/{LAMP}/dim", b"[1]", "the body is wrong"),
        (f"commands/{LAMP}/dim", b'{"values": {"level": "high"}}', "the body is wrong"),
        (f"commands/{LAMP}/dim", b'{"level": 40}', "unknown field"),
        (f"commands/{LAMP}/dim", b" " * 5000, "at most 4096"),
        ("commands/lamp/dim", b"{}", "<DevEUI>/<name>"),
    ],
)
async def test_a_command_that_cannot_be_taken_is_answered_with_a_sentence(
    made, home, topic, body, said
):
    async with made as sink, listening(sink, Asked(), home):
        home.publish(topic, body)
        await until(lambda: answers(home))

    told = answers(home)[0]
    assert said in told["error"]
    assert told["topic"] == topic
    assert told["act"].startswith("the caller")


async def test_a_command_is_acknowledged_once_it_is_stored(made, home):
    """Not stored for a full disk: the broker gives it again."""
    asked = Asked()
    async with made as sink, listening(sink, asked, home):
        asked._failing = 1
        home.publish(f"commands/{LAMP}/dim", b'{"values": {"level": 55}, "expires_in_s": 60}')
        await until(lambda: asked.commands[-1] == (LAMP, "dim", {"level": 55}, 60))


async def test_a_command_waits_for_a_gateway_that_is_away_but_a_retained_one_is_not_repeated(
    made, home
):
    asked = Asked()
    async with made as sink:
        async with listening(sink, asked, home):
            pass
        home.publish(f"commands/{LAMP}/dim", b'{"values": {"level": 66}}')
        home.publish(f"commands/{LAMP}/dim", b'{"values": {"level": 77}}', retain=True)
        async with listening(sink, asked, home):
            pass
        first = [one[2]["level"] for one in asked.commands]
        async with listening(sink, asked, home):
            pass

    assert {66, 77} <= set(first)
    assert [one[2]["level"] for one in asked.commands[len(first) :]] == [1] * (
        len(asked.commands) - len(first)
    )


async def test_the_trial_names_a_broker_that_is_away_or_refuses_us(broker, tmp_path, made):
    def sink(**changed):
        own = msgspec.structs.replace(settings(broker), **changed)
        return Sink(own, surroundings(tmp_path))

    assert isinstance(made, Listening)
    assert isinstance(made, Tried)
    assert await made.trial() == [f"the broker mqtt://127.0.0.1:{broker.port} takes us"]
    with pytest.raises(ConfigError, match="Not authorized; `username` and `password`"):
        await sink(password="wrong").trial()
    with pytest.raises(ConfigError, match="is 'http://x', expected mqtt://host:port"):
        await sink(url="http://u:secret@x").trial()
    with pytest.raises(Retry, match="is not reached"):
        await sink(url="mqtt://127.0.0.1:1").trial()
    with pytest.raises(Refused, match="operator sets `url`"):
        sink(url="").check("east")


def test_the_password_is_in_no_representation(broker):
    assert "gateway" not in repr(settings(broker)).replace("username='gateway'", "")

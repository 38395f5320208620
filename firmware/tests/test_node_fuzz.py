"""Any JSON for a setting, any file, line or command: refused with a sentence, or the node runs."""

import asyncio
import json

import pytest
from hypothesis import example, given, settings, strategies
from tests import virtual_time
from tests.test_node_app import Board, Keyboard, Output, Port, made, until
from tests.test_node_watchdog import Lit

# isort: split
from node import lamp
from node.app import Node
from node.config import Config
from node.errors import ConfigError
from node.settings import FIELDS, check, parse
from node.store import Store
from tests.fake_device import folder
from wire.schema import COMMANDS

ONLY = "cpython"

NAMES = sorted(FIELDS)
FEW = settings(max_examples=150, deadline=None, derandomize=True)
RUNS = settings(max_examples=15, deadline=None, derandomize=True)
HOURS = strategies.sampled_from(
    ("00:00", "23:59", "24:00", "7:5", "0", "a:b", "", "-1:00", "00:00:00", " 1: 2", "1:+2")
)
ATOMS = strategies.none() | strategies.booleans() | strategies.text() | HOURS
NUMBERS = strategies.integers() | strategies.integers(-1, 101) | strategies.floats()
VALUES = strategies.recursive(
    ATOMS | NUMBERS,
    lambda inner: (
        strategies.lists(inner)
        | strategies.lists(strategies.tuples(HOURS, inner).map(list))
        | strategies.dictionaries(strategies.text(), inner)
    ),
    max_leaves=6,
)


def lived(node, seconds=300):
    """The node's flow for some minutes with a known time: still running, never reset."""

    async def story():
        task = asyncio.create_task(node.run(Keyboard()))
        await asyncio.sleep(5)
        node.clock.set_unix(1700000000000000, node.clock.us(), 100)
        await asyncio.sleep(seconds)
        if task.done():
            await task
        task.cancel()

    virtual_time.run(story())
    assert not node.power.port.bites()
    assert node.power.port.resets == 0


@FEW
@example("programme", [["00:00", True]])
@example("programme", [["00:00", 5.5]])
@example("programme", [["00:00", 1]] * 500)
@example("programme", "")
@example("programme", {})
@given(strategies.sampled_from([*NAMES, "programme", "colour"]), VALUES)
def test_a_setting_is_refused_or_what_its_table_says(name, value):
    try:
        kept = check(name, value)
    except ConfigError as error:
        assert str(error).startswith(name + ": ")
        return
    kind = FIELDS[name][1]
    assert kept == json.loads(json.dumps(kept))
    if kind == "number":
        assert type(kept) is int
    elif kind == "programme":
        assert type(kept) is list
        assert len(kept) <= 48
        for minute in range(0, 1440, 7) if kept else ():
            assert type(lamp._programmed(kept, minute)) is int
    else:
        assert type(kept) is str


@RUNS
@example("programme", [["00:00", True]])
@given(strategies.sampled_from(NAMES), VALUES)
def test_a_node_with_any_setting_runs(name, value):
    lived(made("lamp", Lit(), **{name: value}) if name != "profile" else made(value))


@FEW
@example('{"programme": ' + "[" * 5000 + "}")
@example('{"name": "%s"}' % ("x" * 100000))
@given(strategies.text() | VALUES.map(json.dumps))
def test_any_text_as_the_file_is_refused_or_taken(text):
    try:
        assert isinstance(parse(text), dict)
    except ConfigError:
        pass


@RUNS
@example(b"\xff\xfe{}")
@example(b'{"name": "' + b"x" * 100000)
@given(strategies.binary())
def test_a_node_with_any_file_runs(raw):
    root = folder()
    with open(root + "/device.json", "wb") as file:
        file.write(raw)
    node = Node(Board(), Port(), root, Output())
    lived(node, 70)
    assert node.problem


def test_a_line_with_the_bar_of_the_texts_is_refused_like_any_other():
    node = made("lamp", Lit())

    async def story():
        return await node.shell("|")

    said = virtual_time.run(story())
    assert said[0].startswith("error: ")
    assert "maintainers" not in " ".join(said)


@pytest.mark.slow
@settings(max_examples=25, deadline=None, derandomize=True)
@given(strategies.data())
def test_any_line_and_any_command_end_refused_or_done(data):
    node = made("lamp", Lit())
    words = strategies.sampled_from(
        ["help", "info", "config", "lamp", "log", "measure", "pull", "auto", "safe", "programme"]
        + ["--json", "0", "40", "-1", "9" * 30, '[["00:00",true]]', "[]", "nan", *NAMES]
    )
    lines = data.draw(strategies.lists(strategies.lists(words | strategies.text()), max_size=6))
    sizes = strategies.binary(max_size=3) | strategies.binary(min_size=6, max_size=14)
    asked = strategies.tuples(
        strategies.sampled_from([fport for fport, _ in COMMANDS.values()]), sizes
    )
    downlinks = data.draw(
        strategies.lists(asked | strategies.tuples(strategies.integers(1, 223), sizes))
    )

    async def story():
        task = asyncio.create_task(node.run(Keyboard()))
        await until(lambda: node.link and node.link.frames)
        for words in lines:
            said = await node.shell(" ".join(words)[:200])
            assert "maintainers" not in " ".join(said), (words, said)
        for fport, raw in downlinks:
            node.received(fport, raw)
            await asyncio.sleep(1)
        node.report_soon()
        await asyncio.sleep(100)
        if task.done():
            await task
        task.cancel()

    virtual_time.run(story())


def test_settings_that_cannot_work_are_not_kept_over_a_restart():
    root = folder()
    one = Config(Store(root + "/state"), root + "/device.json")
    for value in ([["00:00", True]], [["00:00", 5.5]], "", {}):
        try:
            one.update({"programme": value})
            raise AssertionError(value)
        except ConfigError:
            pass
    assert not one["programme"]

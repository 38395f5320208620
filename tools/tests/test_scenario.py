"""The main job's expectations, and the ledger behind them."""

import io
import json

import pytest

from tools.bench.main_job.ledger import Ledger
from tools.bench.main_job.scenario import Scenario
from tools.bench.main_job.story import Story

BIN, LAMP = "70b3d50000000001", "70b3d50000000002"


def event(kind, subject, **data):
    return {
        "id": f"{kind}-{data}",
        "type": f"lamplighter.{kind}.v1",
        "subject": subject,
        "data": {"dev_eui": subject, **data},
    }


@pytest.fixture
def asked():
    return []


@pytest.fixture
def measured():
    return {"lamp": 0.401}


@pytest.fixture
def scenario(asked, measured):
    async def post(method, path, body=None):
        asked.append((method, path, body))
        return {"id": f"c{len(asked)}"}

    async def duty(name):
        return measured[name]

    story = Story(io.StringIO())
    return Scenario(nodes={BIN: "bin", LAMP: "lamp"}, post=post, duty=duty, story=story)


async def test_the_bin_is_asked_as_soon_as_it_joined(scenario, asked):
    await scenario.arrived(event("joined", BIN, dev_addr="01020304"))

    assert [(path, body["name"]) for _, path, body in asked] == [
        (f"/v1/devices/{BIN}/commands", "interval")
    ]


async def test_everything_seen_is_met_and_nothing_less(scenario):
    for subject in (BIN, LAMP):
        await scenario.arrived(event("joined", subject))
        await scenario.arrived(event("reading", subject, seq=1, values=[]))
    await scenario.arrived(event("command", BIN, id="c1", name="interval", state="applied"))
    assert scenario.missing() == ["lamp dimmed"]

    await scenario.arrived(event("command", LAMP, id="c2", name="dim", state="applied"))

    assert scenario.missing() == []


async def test_a_lamp_that_says_applied_but_does_not_dim_is_not_dimmed(scenario, measured):
    measured["lamp"] = 1.0

    await scenario.arrived(event("command", LAMP, id="c2", name="dim", state="applied"))

    assert "lamp dimmed" in scenario.missing()


async def test_a_refused_command_is_not_seen_as_applied(scenario):
    await scenario.arrived(event("command", BIN, id="c1", name="interval", state="refused"))

    assert "bin's interval changed" in scenario.missing()


def test_the_ledger_names_every_hole():
    ledger = Ledger()
    for seq in (3, 4, 7):
        ledger.arrived(event("reading", BIN, seq=seq))

    assert ledger.holes() == {BIN: [5, 6]}


def test_the_story_as_json_is_one_object_a_line():
    out = io.StringIO()

    Story(out, as_json=True).tell("bin", "joined", dr=5)

    line = json.loads(out.getvalue())
    assert (line["who"], line["what"], line["dr"]) == ("bin", "joined", 5)


def test_the_story_has_no_colours_in_a_file():
    out = io.StringIO()

    Story(out).tell("bin", "joined")

    assert "\x1b" not in out.getvalue()
    assert out.getvalue().endswith("s  bin       joined\n")

"""One table of limits: what the gateway puts into a board's device.json, the node takes."""

import asyncio
import itertools
import json
from pathlib import Path

import pytest
from node import settings
from node.errors import ConfigError
from wire.codec import fields
from wire.schema import COMMANDS

from gateway.errors import GatewayError
from gateway.networks.virtual import Network, Settings
from gateway.provisioning import PROFILES, Wanted, prepare
from gateway.regions import REGIONS

ROOT = Path(__file__).parents[2]
NAMES = ("x", "n" * 24, "n" * 25, "n" * 100, "\u00fc" * 24, "\u00fc" * 25, "\U0001f5d1" * 24)
NUMBERS = (9, 10, 59, 60, 86_400, 86_401)


def made(region="EU868", **own):
    """The device.json of a board; empty where the gateway refuses it."""
    network = Network(Settings(region=region))
    wanted = Wanted(**{"name": "bin 1", "profile": "bin", **own})
    try:
        return json.dumps(asyncio.run(prepare(network, wanted, 5)).device_json)
    except GatewayError:
        return ""


def taken(text):
    try:
        settings.parse(text)
    except ConfigError:
        return False
    return True


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_the_gateway_takes_the_node_takes(name):
    text = made(name=name)

    assert bool(text) == (len(name) <= 24)
    assert not text or taken(text)


def test_so_is_every_number():
    for key, value in itertools.product(("report_s", "sample_s"), NUMBERS):
        text = made(settings={key: value})
        low = {"report_s": 60, "sample_s": 10}[key]

        assert bool(text) == (low <= value <= 86_400), (key, value)
        assert not text or taken(text)


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_of_the_gateway_is_one_of_the_node(profile):
    assert taken(made(profile=profile))


def test_a_region_without_a_file_on_the_board_is_refused():
    files = {path.stem for path in (ROOT / "firmware/lorawan/region").glob("[a-z]*.py")}

    assert {one.lower() for one in REGIONS} == files
    assert all(taken(made(one)) for one in REGIONS)
    assert made("US915") == ""
    assert not taken(made().replace("eu868", "us915"))


def test_the_command_interval_has_the_limits_of_the_settings():
    _, text = COMMANDS["interval"]
    ranges = {name: (low, high) for name, _, low, high, *_ in fields(text)}

    assert settings.FIELDS["report_s"] == (ranges["report_s"], "number")
    assert settings.FIELDS["sample_s"] == (ranges["sample_s"], "number")

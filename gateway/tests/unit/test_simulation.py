"""`device simulate`: readings of a device that is not there, as events of a real one."""

import pytest

from gateway.tests.unit.cli_bench import as_json


def events(run):
    return as_json(run, "event", "list", "--after", "0")["events"]


@pytest.mark.parametrize("profile", ["bin", "lamp", "counter"])
def test_a_board_that_is_not_there_joins_and_reports_what_moves(run, profile):
    as_json(run, "device", "add", "unit 1", "--profile", profile)

    for _ in range(2):
        done = as_json(run, "device", "simulate", "Unit 1", "--count", "3", "--every-s", "0.1")
        assert done == {"readings": 3}

    found = events(run)
    assert [one["type"].split(".")[1] for one in found] == (["joined"] + ["reading"] * 3) * 2
    readings = [one["data"] for one in found if "reading" in one["type"]]
    assert [one["seq"] for one in readings] == list(range(6))
    assert len({str(one["values"]) for one in readings}) >= 3
    assert all("ok" in value["quality"] for one in readings for value in one["values"])


def test_another_product_sends_its_examples(run):
    as_json(run, "device", "add", "tank", "--decoder", "milesight_em400_udl")

    as_json(run, "device", "simulate", "tank", "--count", "2", "--every-s", "0.1")

    assert [one["type"].split(".")[1] for one in events(run)][-1] == "reading"


def test_beside_a_real_network_server_it_is_refused(run, config):
    config.write_text('site = "street"\n[network]\nkind = "chirpstack"\n')

    code, _, said = run("device", "simulate", "0011223344556677", "--count", "1")

    assert code == 1
    assert "nobody could tell them apart" in said


def test_a_device_that_is_not_registered_is_named(run):
    code, _, said = run("device", "simulate", "0011223344556677", "--count", "1")

    assert code == 1
    assert "there is no device 0011223344556677" in said

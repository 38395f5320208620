"""Settings that crash the node are undone; those that lack power, or repair a key, are not."""

import asyncio
import json

from tests import virtual_time
from tests.fake_port import Port
from tests.test_node_app import Board, Output, made, run, settled, until

# isort: split
from node.app import Node
from node.ports import POWER, SOFT, WATCHDOG
from wire import codec, decoding

ONLY = "cpython"  # where time can be virtual

KEYS = {"dev_eui": "70b3d57ed0000001", "join_eui": "0000000000000000", "app_key": "00" * 16}


def again(node, cause):
    """The node after a restart of this cause."""
    port = Port()
    port.cause = cause
    return Node(Board(), port, node.config.path.rsplit("/", 1)[0], Output())


def working(**settings):
    """A node whose settings are known to work."""
    node = made(report_s=900, sample_s=900, **settings)

    async def story():
        await settled(node)
        node.report_soon()
        await until(lambda: node.config.good == node.config.version)

    run(node, story, virtual_time.run)
    return node


def crash(node, cause=SOFT):
    """The node after a run that ended by an error, or by the watchdog."""
    if cause == SOFT:
        node.config.crashed()
    return again(node, cause)


def file_of(node):
    with open(node.config.path) as file:
        return json.load(file)


def test_settings_that_crash_three_times_are_undone_and_the_report_says_so():
    for cause in (SOFT, WATCHDOG):
        node = working()
        good = node.config.version
        node.config.update({"report_s": 60})
        for _ in range(2):
            node = crash(node, cause)
            assert node.config["report_s"] == 60
        node = crash(node, cause)

        assert node.config["report_s"] == 900
        assert file_of(node)["report_s"] == 900

        async def story(node=node):
            await settled(node)

        run(node, story, virtual_time.run)
        values = decoding.unpack(20, node.link.frames[0][1])[1][0]
        assert values["config_version"] == good
        assert node.config["report_s"] == 900


def test_settings_survive_any_number_of_power_losses_and_restarts_on_purpose():
    node = working()
    node.config.update({"report_s": 60})
    for cause in (POWER, SOFT) * 5:
        node = again(node, cause)
    assert node.config["report_s"] == 60


def test_settings_are_watched_until_two_readings_were_made():
    node = working()
    node.config.update({"report_s": 60})
    node = again(node, SOFT)

    async def story():
        await settled(node)
        await asyncio.sleep(30)
        assert node.config.good != node.config.version
        await asyncio.sleep(60)
        assert node.config.good == node.config.version

    run(node, story, virtual_time.run)


def test_crashes_of_settings_that_worked_are_forgotten_when_they_work_again():
    node = crash(crash(working()))
    assert node.config.tries == 2

    async def story():
        await settled(node)
        assert node.config.tries == 2
        await asyncio.sleep(900)
        assert not node.config.tries

    run(node, story, virtual_time.run)


def test_a_key_that_was_repaired_stays_when_other_settings_are_undone():
    node = working(**KEYS)
    right = "11" * 16
    node.config.update({"report_s": 60, "app_key": right})
    for _ in range(3):
        node = crash(node)

    assert (node.config["report_s"], node.config["app_key"]) == (900, right)
    assert (file_of(node)["report_s"], file_of(node)["app_key"]) == (900, right)


def test_a_file_that_was_not_read_yet_is_left_for_the_start():
    node = working(**KEYS)
    node.config.update({"report_s": 60})
    for _ in range(2):
        node = crash(node)
    with open(node.config.path, "w") as file:
        json.dump(file_of_settings(), file)
    node = crash(node)
    node.config.import_file()

    assert (node.config["app_key"], node.config["report_s"]) == ("22" * 16, 120)


def file_of_settings():
    return KEYS | {"profile": "counter", "name": "desk", "app_key": "22" * 16, "report_s": 120}


def test_an_interval_is_applied_with_a_version_of_its_own():
    node = again(working(), SOFT)
    command = codec.pack(
        "interval", {"token": 7, "expires": None, "report_s": 60, "sample_s": None}
    )

    async def story():
        await settled(node)
        node.link.downlinks.append((31, command))
        node.report_soon()
        await until(lambda: 21 in [port for port, _, _ in node.link.frames])

    run(node, story, virtual_time.run)
    frame = next(data for port, data, _ in node.link.frames if port == 21)
    applied = decoding.unpack(21, frame)[1][0]["config_version"]
    assert applied == node.config.version > 1

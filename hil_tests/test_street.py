"""The main job on a board: join, uplink of each sensor, dim and interval to applied."""

import asyncio

import pytest

from hil_tests.nodes import of_profile, only_virtual

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.slow,
    pytest.mark.timeout(400),
]

JOIN_S = 60
REPORT_S = 90


async def test_every_node_boots_and_says_who_it_is(nodes):
    for node in nodes.values():
        info = await node.console.ask("info", within_s=60)

        assert (info["dev_eui"], info["profile"]) == (node.dev_eui, node.name)


async def test_every_node_joins_and_the_backend_knows(nodes):
    for node in nodes.values():
        info = await node.info_where("joined", True, JOIN_S)

        event = await node.event("joined", JOIN_S, dev_addr=info["dev_addr"])

        assert event["data"]["device"]


async def test_the_first_reading_of_every_node_arrives(nodes):
    for node in nodes.values():
        event = await node.event("reading", REPORT_S)

        assert event["data"]["profile"] == node.name
        assert event["data"]["values"]


async def test_the_bins_distance_arrives_as_it_is(nodes, street, virtual):
    only_virtual(virtual, "the distance is set on the sensor's model")
    node = of_profile(nodes, "bin")
    await street.nodes["bin"].board.set("a02yyuw", distance_mm=640)

    values = await node.values(REPORT_S)

    assert abs(values["distance"] - 640) <= 5
    assert values["fillingLevel"] == pytest.approx(0.56, abs=0.02)


async def test_the_lamps_lux_arrives_as_it_is(nodes, street, virtual):
    only_virtual(virtual, "the light is set on the sensor's model")
    node = of_profile(nodes, "lamp")
    await street.nodes["lamp"].board.set("bh1750", lux=830)

    values = await node.values(REPORT_S)

    assert values["illuminance"] == pytest.approx(830, rel=0.02)


async def test_people_are_counted(nodes, street, virtual):
    only_virtual(virtual, "a person passes in front of the sensor's model")
    node = of_profile(nodes, "counter")
    await node.trusted()
    before = (await node.values(REPORT_S))["peopleCount"]
    for _ in range(3):
        await street.nodes["counter"].board.set("am312", motion=True)
        await asyncio.sleep(4)  # the AM312 holds its output for 2.3 s after a motion

    assert (await node.values(REPORT_S))["peopleCount"] == before + 3


async def test_a_dim_command_ends_applied_and_the_pin_has_its_duty(nodes, street, virtual):
    node = of_profile(nodes, "lamp")

    known = await node.command("dim", {"level": 35, "ramp": 1})
    event = await node.event("command", 60, id=known, state="applied")

    assert event["data"]["applied"]["level"] == 35
    assert (await node.console.ask("info"))["lamp_level"] == 35
    if virtual:
        assert await street.nodes["lamp"].board.duty("lamp") == pytest.approx(0.35, abs=0.01)


async def test_an_interval_command_ends_applied_on_the_bin(nodes):
    node = of_profile(nodes, "bin", "counter")

    known = await node.command("interval", {"report_s": 75})
    await node.console.ask("measure")  # class A receives only after an uplink
    event = await node.event("command", 150, id=known, state="applied")

    assert event["data"]["applied"]["report_s"] == 75
    assert (await node.console.ask("config"))["report_s"] == 75


async def test_a_command_out_of_range_is_refused_with_a_sentence(nodes, street):
    node = of_profile(nodes, "lamp", "bin", "counter")

    with pytest.raises(Exception, match="0 to 100"):
        await node.command("dim", {"level": 140})


async def test_a_command_to_an_unknown_device_is_refused(street):
    path = "/v1/devices/70b3d5ffffffffff/commands"

    with pytest.raises(Exception, match="70b3d5ffffffffff"):
        await street.service.request("POST", path, {"name": "dim", "values": {"level": 10}})


async def test_an_expired_command_is_never_applied(nodes):
    node = of_profile(nodes, "bin", "counter")

    known = await node.command("interval", {"report_s": 3600}, expires_in_s=1)
    event = await node.event("command", 60, id=known, state="expired")

    assert event["data"]["state"] == "expired"
    await node.console.ask("measure")
    assert (await node.console.ask("config"))["report_s"] != 3600


async def test_garbage_on_the_console_hurts_nothing(nodes):
    node = next(iter(nodes.values()))
    await node.console.send(bytes(range(4, 256)) + b"\r\n" + b"x" * 3000 + b"\r\n\x00{\r\n")

    answer = await node.console.try_ask("nonsense")
    assert not answer["ok"]
    assert answer["next"]
    assert (await node.console.ask("info"))["ok"]

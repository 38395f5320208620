"""Safe mode: after repeated crashes of any cause a node has its link and its console, no more."""

import asyncio

from tests import virtual_time
from tests.fake_port import Port
from tests.test_node_app import Board, Output, made, ports, run
from tests.test_node_watchdog import Lit

# isort: split
from node import app
from node.app import Node
from node.ports import POWER, SOFT, WATCHDOG
from wire import codec, decoding

ONLY = "cpython"  # where time can be virtual

TYPE_ERROR = "TypeError: "


class Faulty(Board):
    """A board file with a literal that ends every start by a TypeError."""

    PINS = {"lamp": 6}

    def __init__(self):
        super().__init__()
        self.SENSORS["light"] = {"chip": "bh1750", "i2c": 0, "sda": 0, "scl": 1}
        self.SENSORS["motion"]["warmup_s"] = None


def again(node, cause, board=None):
    """The node after a restart of this cause."""
    port = Port()
    port.cause = cause
    return Node(board or Faulty(), port, node.config.path.rsplit("/", 1)[0], Output())


def crash(node):
    """The node after a run that ends by an error, as `node.app.main` ends it."""

    async def story():
        await asyncio.sleep(600)

    try:
        run(node, story, virtual_time.run)
    except TypeError as error:
        app._keep(node, error)
        return again(node, SOFT)
    raise AssertionError("it did not crash")


def crashed(times=5, profile="counter"):
    node = made(profile, board=Faulty())
    for _ in range(times):
        node = crash(node)
    return node


async def reported(node):
    await asyncio.sleep(30)
    assert node.link and 22 in ports(node) and node.outbox.empty(), node.output.text


def status(node):
    frame = next(data for port, data, _ in node.link.frames if port == 22)
    return decoding.unpack(22, frame)[1][0]


def text(values):
    found = b""
    for number in range(1, 4):
        found += (values["text%d" % number] or 0).to_bytes(6, "big").lstrip(b"\0")
    return found.decode()


def test_exceptions_at_every_start_end_in_safe_mode_with_a_report_and_a_console():
    node = crashed()

    async def story():
        await reported(node)
        await asyncio.sleep(7200)
        return await node.shell("info"), await node.shell("measure")

    info, refused = run(node, story, virtual_time.run)
    values = status(node)
    assert (values["crashes"], values["cause"]) == (5, SOFT)
    assert text(values).startswith(TYPE_ERROR) and len(text(values)) == 18
    assert node.link.ready and not node.sensors
    assert sorted(set(ports(node))) == [20, 22]
    assert not node.power.port.bites()
    for said in (node.output.text, "\n".join(info), "\n".join(refused)):
        assert "safe mode after 5 crashes" in said, said
    assert "reboot" in node.output.text and "24 h" in node.output.text
    assert "reboot" in refused[1]


def test_a_watchdog_at_every_start_ends_in_safe_mode_and_names_no_older_exception():
    node = crash(made(board=Faulty()))
    for _ in range(4):
        node = again(node, WATCHDOG)

    async def story():
        await reported(node)

    run(node, story, virtual_time.run)
    values = status(node)
    assert (values["crashes"], values["cause"], text(values)) == (5, WATCHDOG, "")


def test_four_crashes_and_any_number_of_power_cuts_are_no_reason():
    node = crashed(4)
    for cause in (POWER, SOFT) * 5:
        node = again(node, cause)
    node = again(node, POWER, Board())

    async def story():
        await asyncio.sleep(60)

    run(node, story, virtual_time.run)
    assert 12 in ports(node) and 22 not in ports(node)


def test_after_a_day_one_normal_start_is_tried_and_a_crash_is_reported_again():
    node = crashed()

    async def story(node=node):
        await reported(node)
        await asyncio.sleep(86300)
        assert not node.power.port.resets
        await asyncio.sleep(200)

    run(node, story, virtual_time.run)
    assert node.power.port.resets == 1
    node = crash(again(node, SOFT))

    async def second():
        await reported(node)

    run(node, second, virtual_time.run)
    assert status(node)["crashes"] == 5


def test_the_network_changes_settings_and_restarts_a_node_in_safe_mode():
    node = crashed(profile="lamp")
    asked = {"token": 7, "expires": None}
    interval = codec.pack("interval", asked | {"report_s": 60, "sample_s": 60})
    dim = codec.pack("dim", asked | {"token": 8, "level": 5, "ramp": 0, "hold": None})
    reboot = codec.pack("reboot", asked | {"token": 9})

    async def story():
        await reported(node)
        for port, data in ((31, interval), (30, dim), (33, reboot)):
            node.received(port, data)
        await asyncio.sleep(90)
        frames = [data for port, data, _ in node.link.frames if port == 21]
        return [decoding.unpack(21, data)[1][0] for data in frames]

    answers = run(node, story, virtual_time.run)
    assert [(one["token"], one["result"]) for one in answers] == [(7, 0), (8, 1), (9, 0)]
    assert node.power.port.resets == 1
    node = again(node, SOFT, Lit())
    assert node.config["report_s"] == 60

    async def works():
        await asyncio.sleep(120)

    run(node, works, virtual_time.run)
    assert 11 in ports(node) and 22 not in ports(node), node.output.text


def test_an_error_of_the_link_leaves_the_console_and_is_tried_again():
    node = crashed()

    async def story():
        await reported(node)
        node.link.fail = True
        node.outbox.report("applied", {
            "token": 1, "result": 0, "reason": 0, "config_version": 1
        })  # fmt: skip
        node.wake.set()
        await asyncio.sleep(70)
        return await node.shell("info")

    assert "joined" in "\n".join(run(node, story, virtual_time.run))
    assert 21 in ports(node)
    assert node.link.listens == 2

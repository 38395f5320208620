"""A whole node around a link that is not LoRaWAN: nothing of `node` but its file knows it."""

import asyncio
import json
import sys

from tests.fake_buses import MADE
from tests.fake_device import folder

# isort: split
from node import app, links
from node.app import Node
from node.errors import ConfigError
from tests.fake_port import Port
from wire import codec, decoding

HERE = __file__.rsplit("/", 1)[0]
ALL = links.__path__
links.__path__ = [HERE] if sys.implementation.name == "cpython" else HERE
links.find(type("Board", (), {"LINK": "fake_link"}))
links.__path__ = ALL


class Board:
    """A board without a radio; its link is found by the file's name."""

    NAME, PORT, MCU, LINK, RADIO, RADIO_SPI = "desk", "rp2", "RP2040", "fake_link", "none", 0
    PINS = {}
    BATTERY = None

    def __init__(self):
        self.SENSORS = {"motion": {"chip": "am312", "pin": 7, "warmup_s": 0}}


class Output:
    """Keeps the lines."""

    def __init__(self):
        self.text = ""

    def line(self, text):
        self.text += text + "\n"

    def write(self, text):
        self.text += text

    def flush(self):
        pass

    async def run(self):
        pass


class Keyboard:
    """Nobody types."""

    async def read(self, _count):
        await asyncio.sleep(3600)


def made(profile="counter", board=None, **settings):
    """A node in an empty folder, with these settings."""
    root = folder()
    settings = {"start_jitter_s": 0} | settings | {"profile": profile, "name": "desk"}
    with open(root + "/device.json", "w") as file:
        json.dump(settings, file)
    return Node(board or Board(), Port(), root, Output())


def run(node, story, runner=asyncio.run):
    """The node's flow beside a story that ends it."""

    async def both():
        task = asyncio.create_task(node.run(Keyboard()))
        try:
            said = await asyncio.wait_for(story(), 20 if runner is asyncio.run else 1e6)
            if task.done():
                await task  # raises what ended it
            return said
        finally:
            task.cancel()

    return runner(both())


async def until(condition):
    while not condition():
        await asyncio.sleep(0.01)


async def settled(node, frames=2):
    """The report of the start, the first reading, and perhaps more arrived; nothing waits."""
    await until(lambda: node.link and len(node.link.frames) >= frames and node.outbox.empty())


def ports(node):
    return [fport for fport, _, _ in node.link.frames]


def test_a_start_is_delayed_after_a_power_cut_but_not_while_a_person_installs():
    for wiped in (False, True):
        node = made(start_jitter_s=600)
        node.wiped = wiped

        async def story(node=node):
            await until(
                lambda: "joining in" in node.output.text or (node.link and node.link.frames)
            )

        run(node, story)

        assert (node.spread_s, "joining in" in node.output.text) == (
            (0, False) if wiped else (600, True)
        )


def test_a_node_reports_measures_and_obeys_over_a_link_it_does_not_know():
    node = made()
    command = codec.pack(
        "interval", {"token": 7, "expires": None, "report_s": 60, "sample_s": None}
    )

    async def story():
        await until(lambda: node.link)
        node.link.downlinks.append((31, command))
        node.report_soon()
        await until(lambda: 21 in ports(node) and node.outbox.empty())

    run(node, story)

    assert ports(node)[0] == 20
    assert sorted(set(ports(node))) == [12, 20, 21]
    assert decoding.unpack(20, node.link.frames[0][1])[1][0]["cause"] == 4  # a new file system
    reading = next(data for fport, data, _ in node.link.frames if fport == 12)
    assert decoding.unpack(12, reading)[1][0]["total"] == 0
    assert node.config["report_s"] == 60
    assert node.journal.waiting() == 0
    assert node.power.port.fed > 0
    assert "wire.readings.counter" not in sys.modules, "its fields are kept, not its file"


def test_a_touch_ends_a_pause_and_the_next_turn_measures():
    board = Board()
    board.PINS = {"wake": 22}
    node = made(board=board)
    node.next_us = 1 << 60

    async def story():
        MADE[-1].handler(MADE[-1])
        await asyncio.wait_for(node.pause(node.clock.us() + 3600000000), 2)

    asyncio.run(story())

    assert node.next_us == 0


def test_what_cannot_be_sent_waits_and_goes_when_the_link_is_back():
    node = made(confirm_every=1)

    async def story():
        await settled(node)
        node.link.up = False
        node.report_soon()
        await until(lambda: node.link.tries)
        assert (len(node.link.frames), node.journal.waiting()) == (2, 1)
        node.link.up = True
        await settled(node, 3)

    run(node, story)

    assert ports(node) == [20, 12, 12]


def started(root, usb=True):
    """What a node of this folder says at its start."""
    port = Port()
    port.deaf = ("GP7",)  # no light sleep, with or without USB
    node = Node(Board(), port, root, Output())
    node.power.usb = lambda: usb

    async def story():
        await until(lambda: node.link)

    run(node, story)
    return node.output.text


def test_an_old_crash_is_shown_with_its_own_time_until_a_person_may_have_read_it():
    node = made()
    root = node.crash[: -len("/state/crash.txt")]
    node.clock.set_unix(1795766791000000, node.clock.us(), 0)
    app._keep(node, ValueError("bang"))
    line = "crash: after 0 s at 2026-11-27 08:06:31 UTC, a run before this one ended:"

    for usb, shown in ((False, True), (True, True), (True, False)):
        said = started(root, usb)
        assert (line in said, "crash: ValueError: bang" in said) == (shown, shown), said


def test_a_crash_file_of_firmware_0_1_0_is_shown_as_it_is():
    node = made()
    with open(node.crash, "w") as file:
        file.write("Traceback:\nValueError: bang\n")

    said = started(node.crash[: -len("/state/crash.txt")])

    assert "crash: Traceback:" in said and "crash: ValueError: bang" in said


def test_a_silent_node_says_unasked_when_it_tries_next():
    node = made()
    links_file = links.find(Board())
    links_file.Link.up = False  # of those made from here on
    try:

        async def story():
            await until(lambda: node.link and node.link.tries > 1)

        run(node, story)
    finally:
        links_file.Link.up = True

    assert node.output.text.count("link: not joined, sends next in 1 s") >= 1


def test_a_start_says_when_it_sends_next():
    node = made()

    async def story():
        await settled(node)
        node.report_soon()
        await settled(node, 3)

    run(node, story)

    before, _, after = node.output.text.partition("link: joined, sends next in ")
    assert "sends next in" not in before + after
    assert 890 <= int(after.split()[0]) <= 900


def test_a_link_whose_hardware_fails_is_restarted_and_nothing_is_lost():
    node = made()

    async def story():
        await settled(node)
        node.link.fail = True
        node.report_soon()
        await until(lambda: "fake_link: pulled" in node.output.text)
        assert (node.link.listens, node.journal.waiting()) == (2, 1)
        node.wake.set()  # it waits a minute before the next try
        await settled(node, 3)

    run(node, story)

    assert ports(node) == [20, 12, 12]


def test_a_sensor_that_is_silent_is_wired_again_until_it_answers():
    node = made("lamp")
    node.board.PINS = {"lamp": 6}
    node.board.SENSORS["light"] = {"chip": "bh1750", "i2c": 0, "sda": 4, "scl": 5}

    async def story():
        await settled(node)
        silent = node.sensors["light"]
        assert node.sensed["light"] is None
        await node.measure()
        assert node.sensors["light"] is not silent
        node.sensors["light"]._i2c.answer(b"\x83\x90")
        return (await node.measure())["lux"], node.output.text.count("does not answer")

    assert run(node, story) == (28066, 1)


def test_a_sensor_waits_by_the_nodes_clock_and_sleeps_after_each_measurement():
    node = made()
    seen = []

    class Driver:
        """Reads at once."""

        async def read(self, clock):
            seen.append(clock)
            return {"total": 3, "presence": 0, "warm": 1}

        def sleep(self):
            seen.append("sleep")

    async def story():
        await settled(node)
        node.sensors["motion"] = Driver()
        await node.measure()

    run(node, story)
    assert seen[:2] == [node.clock, "sleep"]


def test_the_console_has_the_links_commands_and_facts():
    node = made()

    async def story():
        await settled(node)
        return (
            await node.shell("help"), await node.shell("info --json"),
            await node.shell("pull --json"), await node.shell("pull it"), await node.shell("join"),
        )  # fmt: skip

    shown, info, pulled, refused, unknown = run(node, story)

    assert "pull            pull                          pull the plug" in shown
    assert "join" not in [line.split()[0] for line in shown]
    info = json.loads(info[0])
    assert (info["joined"], info["handed_over"], info["profile"]) == (True, 2, "counter")
    assert json.loads(pulled[0]) == {"cmd": "pull", "ok": True, "up": False}
    assert refused == ["error: pull takes no words", "next:  type pull"]
    assert unknown == ["error: join: unknown command", "next:  type help"]


def test_sensors_are_measured_while_the_radio_or_the_keys_are_missing():
    board = Board()
    board.LINK = "lorawan"
    keys = {"dev_eui": "00" * 8, "join_eui": "00" * 8, "app_key": "00" * 16}
    for settings, problem in (({}, "not set: dev_eui"), (keys, "radio none is unknown")):
        node = made(board=board, **settings)

        async def story(node=node):
            await until(lambda: node.problem and "profile" not in node.problem)
            return await node.shell("measure --json"), await node.shell("join")

        measured, joined = run(node, story)

        assert node.problem.startswith(problem)
        assert json.loads(measured[0])["values"]["total"] == 0, measured
        assert joined[0] == "error: " + node.problem


def test_a_battery_that_cannot_be_measured_is_named():
    board = Board()
    board.BATTERY = {"adc": 3, "divide": 3}
    node = made(board=board)

    async def story():
        await until(lambda: node.problem)

    run(node, story)

    assert node.problem.startswith("/board.py: BATTERY needs adc, divide and low_mv (")


def test_the_cure_fits_what_is_wrong():
    board = Board()
    board.SENSORS["motion"]["pin"] = 40
    node = made(board=board)

    async def story():
        await until(lambda: node.problem)
        return await node.shell("measure")

    assert run(node, story) == [
        "error: /board.py: motion.am312.pin: there is no GP40",
        "next:  correct the wiring, or /board.py and then type reboot",
    ]


def test_a_node_that_is_starting_says_so():
    assert asyncio.run(made().shell("measure")) == [
        "error: the node is starting", "next:  wait some seconds"
    ]  # fmt: skip


def test_what_the_link_needs_is_asked_for_by_name():
    root = folder()
    with open(root + "/device.json", "w") as file:
        file.write('{"profile": "counter"}')
    node = Node(Board(), Port(), root, Output())

    async def story():
        await until(lambda: node.problem)
        return node.problem

    assert run(node, story) == (
        "not set: name; copy device.json to the board, or type config NAME VALUE"
    )


def test_an_unknown_link_has_its_sentence():
    board = Board()
    board.LINK = "pigeon"
    try:
        links.find(board)
        raise AssertionError("a link was found")
    except ConfigError as error:
        assert str(error) == "link pigeon is unknown: there is no node/links/pigeon"


def test_a_board_file_that_names_no_link_has_lorawan():
    class Old:
        pass

    assert links.find(Old()).NEEDED == ("dev_eui", "join_eui", "app_key")

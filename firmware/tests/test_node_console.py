"""The serial console: what is typed, what is answered, in both forms."""

import asyncio
import json

from tests.fake_device import Log, folder

# isort: split
from node import answer as texts
from node import shell
from node.config import Config
from node.console import Console
from node.errors import ConsoleError
from node.log import Output
from node.profiles.lamp import Profile
from node.store import Store
from node.terminal import Terminal


class Board:
    """A board file without LINK: LoRaWAN."""


class Node:
    """As much of a node as the shell asks for here."""

    board = Board
    profile = link = None
    wiped = True
    problem = "not set: app_key"

    def __init__(self):
        path = folder()
        self.config = Config(Store(path + "/state"), path + "/device.json")
        self.log = Log()
        self.sensed = {}
        self.sensors = {}
        self.measured = 0
        self.lines = []
        self.output = Typed()
        self.lock, self.wake = asyncio.Lock(), asyncio.Event()

    def need_link(self):
        raise ConsoleError("unready", self.problem)

    async def gap(self, ms=0):
        pass

    async def measure(self):
        self.measured += 1
        return {"fill": 73, "distance": None}

    def report_soon(self):
        self.reported = True

    def silence(self, role):
        return role, "a02yyuw", "tx GP0, rx GP1"

    async def shell(self, line):
        self.lines.append(line)
        return await shell.run(self, line)


class Typed:
    """Takes what the console writes."""

    def __init__(self):
        self.text = ""

    def write(self, text):
        self.text += text

    def line(self, text):
        self.write(text + "\r\n")


def run(line, node=None):
    return asyncio.run(shell.run(node or Node(), line))


def answer(line, node=None):
    lines = run(line + " --json", node)
    assert len(lines) == 1
    return json.loads(lines[0])


def type_in(text):
    node, port = Node(), Typed()
    terminal = Terminal(node, port)

    async def story():
        for byte in text:
            await terminal.take(byte)

    asyncio.run(story())
    return node, port.text


def test_every_command_answers_one_json_line_that_starts_with_its_name():
    for name in shell.names():
        if name in ("info", "reboot", "test"):
            continue  # need a whole node; on the emulated board
        line = run(name + " --json")[0]
        assert line.startswith('{"cmd": "%s", "ok": ' % name), line
        said = json.loads(line)
        assert said["ok"] or (said["error"] and said["next"]), line


def test_an_error_says_what_is_wrong_and_what_to_do():
    assert run("join") == ["error: not set: app_key", "next:  type set NAME VALUE for each"]
    assert run("dance") == ["error: dance: unknown command", "next:  type help"]
    assert answer("link 99")["error"] == "not set: app_key"
    assert answer("log many")["error"] == "many is no number from 1 to 100"
    assert answer("lamp 40")["next"] == "type profile lamp, then reboot"
    assert answer("config colour")["error"] == "colour: unknown setting"
    assert answer("config report_s 5")["error"] == "report_s: 5 is not within 60 to 86400"


def test_config_sets_one_setting_and_never_shows_a_key():
    node = Node()
    assert answer("config app_key " + "0f" * 16, node)["app_key"] == "set"
    assert answer("config report_s 60", node)["report_s"] == 60
    assert answer('config programme [["22:00", 40]]', node)["programme"] == [["22:00", 40]]

    shown = answer("config", node)

    assert (shown["app_key"], shown["report_s"], shown["version"]) == ("set", 60, 3)
    assert "0f0f" not in json.dumps(shown)
    assert answer("config name", node)["meaning"]


class Bin:
    """A profile with one sensor."""

    roles = ("distance",)

    def commands(self):
        return None


def measuring():
    """A node whose sensors are there, whatever its radio does."""
    node = Node()
    node.problem = "sx126x: no answer; check the wires"
    node.profile, node.sensors = Bin(), {"distance": None}
    return node


def test_people_read_one_fact_a_line():
    node = measuring()
    assert run("measure", node) == [
        "distance        -              no echo",
        "fill            73 %",
    ]
    assert node.reported
    assert (
        run("help")[2] == "info            info                          identity, state, memory"
    )


def test_an_absent_sensor_is_named_with_its_pins():
    node = measuring()
    node.sensed = {"distance": None}
    assert run("measure", node) == [
        "error: distance sensor a02yyuw does not answer",
        "next:  check its supply and its pins: tx GP0, rx GP1",
    ]


class Clock:
    def us(self):
        return 0

    def uptime_s(self):
        return 0

    def unix(self):
        return 0


class Board:
    PINS = {"lamp": 6}


def lamp_node():
    node = Node()
    node.clock, node.board = Clock(), Board()
    node.store = Store(folder() + "/state")
    node.config.update({"profile": "lamp"})
    node.profile = Profile(node)
    return node


def test_a_profile_brings_its_own_command():
    node = lamp_node()

    assert any(line.startswith("lamp  ") for line in run("help", node))
    assert not any(line.startswith("lamp  ") for line in run("help"))
    assert answer("lamp safe", node)["ok"]
    assert node.profile.lamp.rules.safety
    assert answer("lamp auto", node)["ok"]
    assert not node.profile.lamp.rules.safety
    assert answer("lamp 40 2", node)["ok"]
    assert node.profile.lamp.rules.held(119) is not None
    assert node.profile.lamp.rules.held(120) is None
    assert answer("lamp 101", node)["error"] == "101 is no number from 0 to 100"


def test_a_held_lamp_answers_its_target_and_where_the_pin_stands():
    node = lamp_node()

    assert run("lamp 40", node) == [
        "level           40 %", "why             manual", "pin             100 %"
    ]  # fmt: skip
    assert answer("LAMP Auto", node)["level"] == 100


def test_upper_case_is_taken_as_well():
    node = Node()
    assert answer("CONFIG Report_S 90 --JSON", node)["report_s"] == 90
    assert answer("Log", node)["ok"]
    assert run("?", node) == run("help", node)


def test_a_region_or_a_profile_is_taken_in_any_case():
    node = Node()
    assert answer("config region EU868", node)["region"] == "eu868"
    assert answer("config profile Lamp", node)["profile"] == "lamp"
    assert answer("config region Mars", node)["error"].startswith("region: 'mars' is unknown")


def test_help_tells_what_a_name_means():
    assert run("help LAMP") == [
        "usage           lamp [PCT [MIN]/auto/safe]",
        "meaning         hold the lamp at a level; safe: on",
    ]
    assert run("? margin") == ["meaning         what a radio gateway received above its limit"]
    assert answer("help colour")["error"] == "colour: nothing has this name"


def test_a_firmware_without_its_texts_says_what_is_missing():
    kept = texts._FOLDER
    texts._FOLDER = "/nowhere"
    try:
        assert run("dance") == [
            "error: command, dance",
            "next:  copy node/texts to the board: its texts are missing",
        ]
    finally:
        texts._FOLDER = kept


def test_lines_end_with_any_line_end_and_empty_ones_ask_nothing():
    node, text = type_in(b"help\r\nlog\nmeasure\r\r\n \r")
    assert node.lines == ["help", "log", "measure"]
    assert text.count("> ") == 5


def test_typing_is_echoed_and_corrected():
    node, text = type_in(b"hexx\x7f\x08lp\r")
    assert node.lines == ["help"]
    assert text.startswith("hexx\x08 \x08\x08 \x08lp\r\n")
    assert type_in(b"garbage\x15log\r")[0].lines == ["log"]


UP, DOWN, RIGHT, LEFT = b"\x1b[A", b"\x1b[B", b"\x1b[C", b"\x1b[D"


def test_arrows_go_back_to_older_lines_and_forth_to_the_begun_one():
    node, text = type_in(b"help\rlog\rlog\r" + UP + UP + UP + b"\r" + UP + UP + DOWN + b" log\r")

    assert node.lines == ["help", "log", "log", "help", "help log"]
    assert "log\x08\x08\x08help" in text
    assert type_in(b"log\r" + UP + DOWN + b"help\r")[0].lines == ["log", "help"]
    assert type_in(DOWN + UP + b"log\r")[0].lines == ["log"]


def test_eight_lines_are_kept_and_none_with_a_key():
    typed = b"".join([b"log %d\r" % at for at in range(1, 11)])
    assert type_in(typed + UP * 20 + b"\r")[0].lines[-1] == "log 3"
    assert type_in(b"log\rconfig APP_KEY 00\r" + UP + b"\r")[0].lines[-1] == "log"


def test_the_cursor_moves_within_the_line():
    node, text = type_in(b"fog" + LEFT + LEFT + LEFT + b"\x7f" + RIGHT + b"\x08l\r")
    assert node.lines == ["log"]
    assert text.startswith("fog\x08\x08\x08f\x08og \x08\x08\x08log\x08\x08")
    assert type_in(b"og" + b"\x1b[H" + b"l" + b"\x1b[F" + b" 5\r")[0].lines == ["log 5"]
    assert type_in(b"a" + RIGHT + RIGHT + b"b\r")[0].lines == ["ab"]


def test_names_in_any_script_are_typed_and_corrected_by_characters():
    node, text = type_in("config name Écluse é€😀\x7f\x7f\r".encode())
    assert node.lines == ["config name Écluse é"]
    assert text.startswith("config name Écluse é€😀\x08 \x08\x08 \x08\r\n")


def test_a_name_outside_ascii_is_stored_and_shown():
    node = Node()
    assert answer("config name Écluse-7", node)["name"] == "Écluse-7"
    assert run("config name", node)[0] == "name            Écluse-7"


def test_unknown_keys_and_cut_characters_are_ignored():
    node, _ = type_in(b"lo\x1b[3~\x1b[1;5P\x1bOP\xc3g\xe2\x82\r")
    assert node.lines == ["log"]


class Keyboard:
    """Types what it is given, then nothing."""

    def __init__(self, text):
        self.text = text

    async def read(self, _count):
        while not self.text:
            await asyncio.sleep_ms(1)
        typed, self.text = self.text[:1], self.text[1:]
        return typed


def test_the_code_for_keys_is_there_from_the_first_key_to_some_quiet_time():
    node = Node()
    node.forgot = []
    node.forget = node.forgot.append
    keyboard, port = Keyboard(b"lo"), Typed()
    console = Console(node, port, keyboard, quiet_ms=20)

    async def story():
        task = asyncio.create_task(console.run())
        await asyncio.sleep_ms(5)
        assert console._terminal and not node.forgot
        while not node.forgot:
            await asyncio.sleep_ms(1)
        assert console._terminal is None
        keyboard.text = b"log\r"
        while not node.lines:
            await asyncio.sleep_ms(1)
        task.cancel()

    asyncio.run(story())

    assert node.forgot[0] == "terminal"
    assert (node.lines, port.text[:8]) == (["log"], "> lo\r\n> ")


def test_garbage_is_ignored():
    node, _ = type_in(bytes(range(128, 256)) + b"\x00\x01\x02\x1bhelp\r")
    assert node.lines == ["help"]


def test_an_endless_line_is_refused_and_the_next_one_works():
    node, text = type_in(b"a" * 5000 + b"\rlog\r")
    assert node.lines == ["log"]
    assert "error: the line is longer than 200 characters" in text


class Host:
    """A USB host that reads until it stops."""

    def __init__(self):
        self.room = 0
        self.got = b""

    def ipoll(self, _timeout):
        return [(None, 4)] if self.room > 0 else []

    def write(self, data):
        assert len(data) <= self.room, "this write would have blocked"
        self.room -= len(data)
        self.got += bytes(data)


def test_a_port_that_nobody_reads_blocks_nothing_and_tells_what_was_lost():
    async def story():
        host = Host()
        port = Output(lambda: True, host, host)
        task = asyncio.create_task(port.run())
        for at in range(100):
            port.line("line %d" % at)
            await asyncio.sleep(0)
        assert host.got == b""
        host.room = 10000
        await asyncio.sleep(1.2)
        task.cancel()
        return host.got

    got = asyncio.run(story())

    assert b"lines lost, the host did not read the port" in got
    assert got.endswith(b"line 99\r\n")


def test_nothing_is_kept_while_no_host_is_there():
    host = Host()
    port = Output(lambda: False, host, host)
    port.line("for nobody")
    host.room = 100
    port.flush()
    assert host.got == b""

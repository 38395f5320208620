"""A technician's visit: each command in the order of the flow, and what is refused on the way."""

import asyncio
import json

from tests.fake_device import Log, folder

# isort: split
from node import answer as texts
from node import shell
from node.config import Config
from node.profiles.bin import Profile
from node.store import Store
from tests.test_node_console import Clock, Typed, lamp_node

EUI = "70b3d57ed0000001"


class Echo:
    """A distance sensor that says what the test set."""

    def __init__(self, *said):
        self.said = list(said)
        self.slept = 0

    async def read(self, _clock):
        one = self.said.pop(0) if len(self.said) > 1 else self.said[0]
        if one is None or isinstance(one, dict):
            return one
        return {"distance": one, "valid": 7, "spread": 3, "obstructed": 0}

    def sleep(self):
        self.slept += 1


class Session:
    dr = 5


class Mac:
    joined = True
    rssi = -80
    snr = 9
    link = (12, 2)
    session = Session


class Link:
    """A link with a margin; `answers` are those of link checks."""

    ready = True
    mac = Mac

    def __init__(self):
        self.checked = 0

    def console(self):
        return (("link", self._link),)

    async def _link(self, node, words):
        self.checked += int(words[0])
        return [("margin", 12), ("tries", 1), ("answered", 1, "all")]


class Board:
    NAME = "pico"
    PINS = {"led": 25}


class Power:
    def battery_mv(self):
        return 3600

    def low(self):
        return False


class Node:
    """A bin with its sensor and a link."""

    board = Board
    wiped = False
    problem = None

    def __init__(self, *echoes):
        path = folder()
        self.config = Config(Store(path + "/state"), path + "/device.json")
        self.config.update(
            {"dev_eui": EUI, "join_eui": "0" * 16, "app_key": "0f" * 16, "profile": "bin"}
        )
        self.log = Log()
        self.output = Typed()
        self.clock = Clock()
        self.power = Power()
        self.link = Link()
        self.lock, self.wake = asyncio.Lock(), asyncio.Event()
        self.sensing = asyncio.Lock()
        self.sensors = {"distance": Echo(*echoes or (1210,))}
        self.sensed = {}
        self.resets = self.reports = 0
        self.profile = Profile(self)

    async def gap(self, ms=0):
        pass

    async def measure(self):
        for role, driver in self.sensors.items():
            self.sensed[role] = await driver.read(self.clock)
        return self.profile.fields(self.sensed)

    def report_soon(self):
        self.reports += 1

    def reset(self):
        self.resets += 1

    def silence(self, role):
        return role, "a02yyuw", "tx GP0, rx GP1"

    def need_link(self):
        return self.link


def ask(node, line):
    lines = asyncio.run(shell.run(node, line + " --json"))
    assert len(lines) == 1
    return json.loads(lines[0])


def say(node, line):
    return asyncio.run(shell.run(node, line))


def test_a_bin_is_installed_by_eight_commands_and_gets_its_certificate():
    node = Node()
    for line in ("profile bin 1000", "measure 3", "calib empty", "link 5", "asset bac-42"):
        assert ask(node, line)["ok"], line

    done = ask(node, "save")

    assert (done["result"], done["wrong"]) == ("PASS", [])
    assert done["certificate"] == (
        "PASS LW:D0:0000000000000000:70B3D57ED0000001:FFFF0001:SBAC-42"
        ":PPASS.BIN.H1210.L1000.M12.V4:C2492"
    )
    assert node.config["empty_mm"] == 1210
    assert "0f0f" not in json.dumps(done)


def test_the_checksum_is_that_of_the_standards_example():
    """LoRa Alliance TR005: its example ends with CAF2C."""
    from node.shell import save

    text = b"LW:D0:1122334455667788:AABBCCDDEEFF0011:AABB1122:OAABBCCDDEEFF:SYYWWNNNNNN:PFOOBAR"
    assert save.checksum(text) == 0xAF2C


def test_an_incomplete_installation_fails_and_says_what_is_missing():
    node = Node()
    done = ask(node, "save")
    assert done["result"] == "FAIL"
    assert done["wrong"] == ["uncalibrated", "asset"]
    assert done["certificate"].startswith("FAIL LW:D0:")
    assert ":PFAIL.BIN." in done["certificate"]

    node.link.mac = type("Weak", (), {"link": (3, 1)})
    assert "margin" in ask(node, "save")["wrong"]
    node.link.ready = False
    assert "unjoined" in ask(node, "save")["wrong"]


def refused(node, line="calib empty"):
    """The error and the next step, and that nothing was stored."""
    said = ask(node, line)
    assert not said["ok"]
    assert not node.config.given("empty_mm")
    return said["error"], said["next"]


def test_a_wrong_geometry_is_refused_with_the_next_step():
    assert refused(Node(700)) == (
        "the bottom is 700 mm away, nearer than the bin is high, 1000 mm",
        "raise the sensor, or type profile bin MM with the true height, at most 700",
    )
    assert refused(Node(1501))[0] == "the bottom is 1501 mm away, the bin is 1000 mm high"
    assert ask(Node(1500), "calib empty")["empty_mm"] == 1500
    assert ask(Node(1000), "calib empty")["empty_mm"] == 1000


def test_echoes_that_cannot_be_trusted_calibrate_nothing():
    wide = {"distance": 1200, "valid": 7, "spread": 16, "obstructed": 0}
    few = {"distance": 1200, "valid": 4, "spread": 0, "obstructed": 0}
    bag = {"distance": 1200, "valid": 7, "spread": 2, "obstructed": 1}
    nothing = {"distance": None, "valid": 0, "spread": None, "obstructed": 0}
    assert refused(Node(wide))[0] == "the echoes differ by 16 mm"
    assert refused(Node(1200, 1216, 1200))[0] == "the echoes differ by 16 mm"
    assert refused(Node(few))[0] == "only 4 of 7 echoes counted"
    assert refused(Node(bag))[0] == "something stands 1200 mm before the sensor"
    assert refused(Node(nothing))[0] == "only 0 of 7 echoes counted"
    assert refused(Node(None)) == (
        "distance sensor a02yyuw does not answer",
        "check its supply and its pins: tx GP0, rx GP1",
    )
    assert refused(Node(), "calib")[1] == "empty the bin, close it, then type calib empty"


def test_several_measurements_show_what_differs():
    node = Node(1210, 1209, 1211)
    said = ask(node, "measure 3")
    assert (said["distance"], said["distance.each"]) == (1211, [1210, 1209, 1211])
    assert "valid.each" not in said
    assert (said["rounds"], node.reports) == (3, 1)


def test_a_simulated_value_is_seen_is_doubtful_and_ends():
    node = Node()
    assert ask(node, "sim distance 400")["simulated"] == {"distance": 400}
    seen = ask(node, "measure")["values"]
    assert (seen["distance"], seen["valid"], seen["suspect"]) == (400, 0, 1)
    assert "simulated" in ask(node, "save")["wrong"]
    assert ask(node, "calib empty")["next"] == "type sim off"

    assert ask(node, "sim off")["simulated"] is None
    assert ask(node, "measure")["values"]["distance"] == 1210
    assert ask(node, "sim colour 4")["error"] == "colour is no value of a sensor here"


def test_factory_needs_the_last_digits_and_keeps_identity_and_keys():
    node = Node()
    node.config.update({"name": "bin 1", "height_mm": 900, "asset": "42"})
    said = ask(node, "factory")
    assert said["next"] == "type factory 0001, the last digits of the DevEUI, to confirm"
    assert ask(node, "factory 0002")["ok"] is False
    assert node.config["height_mm"] == 900

    said = ask(node, "factory 0001")

    assert said["kept"] == ["app_key", "dev_eui", "join_eui", "name"]
    assert (node.config["height_mm"], node.config["profile"], node.config["asset"]) == (
        1000, None, None,
    )  # fmt: skip
    fresh = Config(node.config.store, node.config.path)
    assert fresh["app_key"] == "0f" * 16
    assert fresh["profile"] is None


def test_an_asset_is_what_a_qr_code_carries_in_few_bits():
    node = Node()
    assert ask(node, "asset écluse")["asset"] == "écluse"
    assert "asset" in ask(node, "save")["wrong"]
    assert ask(node, "asset bac-7/b")["asset"] == "bac-7/b"
    assert ask(node, "asset " + "1" * 25)["ok"] is False
    said = ask(node, "save")
    assert "asset" not in said["wrong"]
    assert ":SBAC-7/B:" in said["certificate"]


def test_a_profile_is_taken_with_the_height_of_a_bin():
    node = Node()
    said = ask(node, "profile bin 800")
    assert (said["height_mm"], said["restart"]) == (800, False)
    assert ask(node, "profile lamp")["restart"] is True
    assert ask(node, "profile lamp 100")["error"] == "profile lamp has no height"
    assert ask(node, "profile bus")["error"].startswith("profile: 'bus' is unknown; use bin")


def test_the_test_blinks_three_times_and_asks_the_network():
    node = Node()
    said = ask(node, "test")
    assert (said["sensors"], said["light"], said["link"], said["margin"]) == (
        True, "led", True, 12,
    )  # fmt: skip
    assert node.link.checked == 1
    assert ask(node, "test water")["error"] == "water: no such test"


def test_a_lamp_blinks_and_goes_back_to_its_rules_and_is_lit_by_safe():
    node = lamp_node()
    lamp = node.profile.lamp

    assert ask(node, "test light")["light"] == "lamp"

    assert lamp.rules.held(0) is None
    assert ask(node, "safe")["level"] == 100
    assert lamp.rules.safety
    assert ask(node, "lamp auto")["ok"]
    assert not lamp.rules.safety


def test_answers_are_french_after_lang_fr_and_json_stays_as_it_is():
    node = Node()
    assert ask(node, "lang fr")["lang"] == "fr"
    try:
        assert say(node, "dance") == ["erreur: dance: commande inconnue", "suite:  tapez help"]
        assert say(node, "profile") == [
            "profile         bin", "height_mm       1000 mm", "restart         non",
        ]  # fmt: skip
        assert ask(node, "profile")["restart"] is False
        assert ask(node, "lang de")["error"].startswith("lang: 'de' is unknown; use en or fr")
    finally:
        texts.speak("en")


def test_what_takes_longer_than_a_second_shows_a_dot_each_second():
    node = Node()

    async def slow():
        await asyncio.sleep(2.5)
        return [("tries", 1)]

    assert asyncio.run(shell._watched(node, "join", slow())) == [("tries", 1)]
    assert node.output.text == "waiting for the network ..\r\n"


def test_one_command_is_in_memory_at_a_time_and_none_afterwards():
    import sys

    node = Node()
    say(node, "measure")
    say(node, "set name")
    loaded = [name for name in sys.modules if name.startswith("node.shell.")]
    assert loaded == []

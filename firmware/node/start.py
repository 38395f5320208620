"""What happens once: from board file and settings to a node. Unloaded afterwards."""

import asyncio
import os

from unload import unload
from wire import VERSION, codec
from wire.words import CAUSES
from wire.words import PROFILES as PROFILE_IDS

from node import ports
from node.errors import ConfigError
from node.profiles import PROFILES
from node.readings import Readings

_CRASH = "/state/crash.txt"


def compose(node) -> None:
    """Build what settings and board ask for. Raises ConfigError, OSError; may be repeated."""
    config = node.config
    config.import_file()
    if config["profile"] is None:
        raise ConfigError("not set: profile; type config profile bin, lamp or counter")
    node.profile = profile = PROFILES[config["profile"]]
    if profile["payload"] == "lamp" and not node.lamp:
        _light(node)
    missing = config.missing()
    if missing:
        raise ConfigError(
            "not set: %s; copy device.json to the board, or type config NAME VALUE"
            % ", ".join(missing)
        )
    _connect(node)
    node.forget("wiring")
    payload = __import__("node.payloads." + profile["payload"], None, None, ("*",))
    node.fields = payload.fields
    codec.entry(profile["payload"])  # kept: a reading needs no table later
    unload("wire.schema")
    node.readings = Readings(config, node.power, node.clock, node.journal, node.lamp, node.log)
    _link(node)


def _connect(node):
    """Radio and sensors on the pins of the board file."""
    from node import wiring

    wiring.check(node.board)
    for name in node.profile["sensors"]:
        if name not in node.sensors:
            node.sensors[name] = wiring.sensor(node.board, name, node.config["profile"])
    if not node.radio:
        node.radio = wiring.radio(node.board, node.clock)


def _light(node):
    """A lamp obeys its local rules whatever else is missing."""
    if "lamp" not in node.board.PINS:
        raise ConfigError("profile lamp needs a pin: add lamp to PINS of /board.py")
    from machine import Pin

    from node.lamp import Dimmer, Lamp

    pin = Pin(node.board.PINS["lamp"], Pin.OUT, value=1)
    node.lamp = Lamp(Dimmer(pin), node.config, node.clock, node.log)
    asyncio.create_task(node.lamp.run())


def _link(node):
    from node.links.lorawan import Link

    profile = node.profile
    node.link = link = Link(
        node.radio, node.clock, node.store, node.journal, node.config, node.log
    )
    link.gap = node.gap
    link.battery(node.power, profile["sleeper"])
    node.power.sleeper = profile["sleeper"]
    if not profile["sleeper"]:
        link.mac.set_class("C")
        asyncio.create_task(node.obey())
    if node.lamp:
        link.heard = node.heard
        asyncio.create_task(node.watch(node.sensors["am312"]))


def greet(node) -> None:
    """Who this is, for whoever looks at the port."""
    config = node.config
    node.log("node", "Lamplighter %s on %s, %s, started by %s, start %d" % (
        VERSION, node.board.NAME, config["profile"] or "no profile yet",
        CAUSES[node.power.cause], config.boots,
    ))  # fmt: skip
    node.log("node", "type help; Ctrl-C for the MicroPython prompt")
    if node.wiped:
        node.log(
            "node",
            "the file system is new or was wiped: counters begin anew; if this device joined "
            "before, have its used DevNonces cleared at the network",
        )
    _tell_crash(node.log)


def _tell_crash(log):
    """What ended the run before, once."""
    try:
        with open(_CRASH) as file:
            for line in file.read().strip().split("\n"):
                log("crash", line)
        os.remove(_CRASH)
    except OSError:
        pass


def report(node) -> None:
    """Queue the report of the start."""
    config, journal = node.config, node.journal
    major, minor, patch = [int(part) for part in VERSION.split(".")]
    node.link.report("boot", {
        "cause": ports.WIPED if node.wiped else node.power.cause,
        "profile": PROFILE_IDS.index(config["profile"]),
        "major": major,
        "minor": minor,
        "patch": patch,
        "boots": config.boots & 1023,
        "config_version": config.version,
        "first_seq": journal.first_seq(),
        "next_seq": journal.next_seq,
    })  # fmt: skip


async def jitter(node) -> None:
    """After power the whole street starts at once: not all may join at once."""
    most_s = node.config["start_jitter_s"]
    if most_s and node.power.cause == ports.POWER:
        wait_ms = node.radio.random() % (most_s * 1000)
        node.log("node", "joining in %d s" % (wait_ms // 1000))
        await node.pause(node.clock.us() + wait_ms * 1000)

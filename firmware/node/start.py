"""What happens once: from board file and settings to a node. Unloaded afterwards."""

import asyncio
import gc
import os
import random

from unload import unload
from wire import VERSION, codec
from wire.words import CAUSES
from wire.words import PROFILES as PROFILE_IDS

from node import links, part, ports
from node.errors import ConfigError

_RETRY_US = 60000000


async def bring_up(node) -> None:
    """From power to a node that may join: retried each minute until nothing is missing."""
    _greet(node)
    node.power.port.start_watchdog()
    # at the first start, and where something is missing, a person is there and waits
    attended = node.wiped
    while not _composed(node):
        attended = True
        await node.pause(node.clock.us() + _RETRY_US)
    deep = node.power.port.deep
    if not (deep and deep(node)):
        _report(node)
    node.phase("boot")
    if not attended:
        await _jitter(node)


def _composed(node):
    try:
        _compose(node)
        node.problem = None
    except (ConfigError, OSError) as error:
        node.problem = str(error)
        node.log("node", node.problem + "; tried again in 60 s")
    return node.problem is None


def _compose(node):
    """Build what settings and board ask for. Raises ConfigError, OSError; may be repeated."""
    config = node.config
    config.import_file()
    gc.collect()  # here and below: what is built next lies low, and the free heap stays whole
    if config["profile"] is None:
        from node.settings import FIELDS

        unload("node.settings")
        names = ", ".join(FIELDS["profile"][0])
        raise ConfigError("not set: profile; type config profile and one of " + names)
    if not node.profile or node.profile.name != config["profile"]:
        _take_profile(node)
    gc.collect()  # as below: what stays would lie behind the garbage and split the heap
    _connect(node)
    gc.collect()
    module = links.find(node.board)
    missing = config.missing(module.NEEDED)
    if missing:
        raise ConfigError(
            "not set: %s; copy device.json to the board, or type config NAME VALUE"
            % ", ".join(missing)
        )
    codec.entry(node.profile.payload)  # kept: a reading needs no table later
    unload("wire.table")
    unload("wire.readings." + node.profile.payload)
    gc.collect()
    _link(node, module.Link(node))
    node.forget("wiring")
    gc.collect()


def _take_profile(node):
    """Make the profile's object: a lamp is lit from then on, whatever else is missing."""
    name = node.config["profile"]
    node.profile = part("profile", "node.profiles", name).Profile(node)
    node.sensors = {}
    node.sensed = {}
    node.profile.start()


def _connect(node):
    """Build the drivers of the profile's sensors, wired as the board file says."""
    from node import wiring

    board = node.board
    wires = wiring.sensors(board)
    if wires != board.SENSORS:
        board.SENSORS = wires
        node.log("board", "/board.py has SENSORS by chip, read as "
                 + ", ".join(sorted(wires)))  # fmt: skip
    wiring.check(board)
    try:
        node.power.low()
    except (KeyError, TypeError, ValueError) as error:
        raise wiring.wrong("BATTERY needs adc, divide and low_mv (%s)" % error)
    profile = node.profile
    for role in profile.roles + profile.optional:
        if role not in node.sensors and (role in wires or role in profile.roles):
            node.sensors[role] = wiring.sensor(
                board, role, node.profile.name, node.power.on_rising
            )


def _link(node, link):
    profile, power = node.profile, node.power
    power.sleeper = profile.sleeper
    if power.sleeper and power.port.deaf:
        node.log("power", "%s cannot end light sleep, the node stays awake: use other pins"
                 % ", ".join(power.port.deaf))  # fmt: skip
    link.listen()
    node.link = link
    if not profile.sleeper:
        asyncio.create_task(node.obey())
    profile.ready()


def _greet(node):
    """Firmware, board and cause of the start, for a person at the serial port."""
    config = node.config
    node.log("node", "Lamplighter %s on %s, %s, started by %s, start %d" % (
        VERSION, node.board.NAME, config["profile"] or "no profile yet",
        CAUSES[node.power.cause], config.boots,
    ))  # fmt: skip
    node.log("node", "type help; Ctrl-C for the MicroPython prompt")
    if node.wiped:
        node.log(
            "node",
            "new file system: if it joined before, have its DevNonces cleared at the network",
        )
    _tell_crash(node)


def _tell_crash(node):
    """Log the exception that ended a run before; at each start until a person may have read it."""
    try:
        with open(node.crash) as file:
            lines = file.read().strip().split("\n")
        if node.power.usb():
            os.remove(node.crash)
    except OSError:
        return
    times = lines[0].split()
    if len(times) == 2 and times[0].isdigit():
        from node.dates import utc

        unload("node.dates")
        at = " at " + utc(int(times[1])) if times[1] != "0" else ""
        lines[0] = "after %s s%s, a run before this one ended:" % (times[0], at)
    node.exception = lines[-1]
    for line in lines:
        node.log("crash", line)


def _report(node):
    """Queue the report of the start."""
    config, journal = node.config, node.journal
    major, minor, patch = map(int, VERSION.split("."))
    node.outbox.report("boot", {
        "cause": ports.WIPED if node.wiped else node.power.cause,
        "profile": PROFILE_IDS.index(config["profile"]) % 5,  # 0: not one that it can name
        "major": major,
        "minor": minor,
        "patch": patch,
        "boots": config.boots & 1023,
        "config_version": config.version,
        "first_seq": journal.first_seq(),
        "next_seq": journal.next_seq,
    })  # fmt: skip


async def _jitter(node):
    """After a power cut many nodes start at once: spread their joins."""
    most_s = node.config["start_jitter_s"]
    if most_s and node.power.cause == ports.POWER:
        node.spread_s = most_s
        wait_ms = random.getrandbits(30) % (most_s * 1000)
        node.log("node", "joining in %d s: many may start now" % (wait_ms // 1000))
        await node.pause(node.clock.us() + wait_ms * 1000)

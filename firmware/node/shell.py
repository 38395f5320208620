"""The console's table of commands. Loaded while one runs: most nodes never see a technician.

A command is `async function(node, words)` and returns [(fact, value), ...] in the order a person
reads them. `ConsoleError` says what is wrong and what to do next.
"""

import asyncio
import gc
import json

from wire import VERSION
from wire.words import CAUSES, PROFILES

from node import settings
from node.config import SECRET
from node.errors import ConfigError, ConsoleError

# --- what the commands do -----------------------------------------------------------------------


async def _help(node, _words):
    return [(name, usage + " " * (30 - len(usage)) + text) for name, _, usage, text in _rows(node)]


async def _info(node, _words):
    config, mac = node.config, node.link and node.link.mac
    facts = [
        ("name", config["name"]),
        ("dev_eui", config["dev_eui"]),
        ("profile", config["profile"]),
        ("board", node.board.NAME),
        ("firmware", VERSION),
        ("problem", node.problem),
        ("joined", bool(mac and mac.joined)),
        ("dev_addr", mac.dev_addr.hex() if mac and mac.joined else None),
        ("battery_mv", node.power.battery_mv()),
        ("cause", CAUSES[node.power.cause]),
        ("boots", config.boots),
        ("wiped", node.wiped),
        ("uptime_s", node.clock.uptime_s()),
        ("unix", node.clock.unix() or None),
        ("clock_error_ms", node.clock.error_ms()),
        ("config_version", config.version),
        ("waiting", node.journal.waiting()),
        ("next_seq", node.journal.next_seq),
        ("dropped", node.journal.dropped),
    ]
    commands = _of_profile(node)
    if commands:
        facts += commands.facts(node)
    return facts + [("heap", _heap(node))]


def _heap(node):
    """Bytes after a collection; the largest free block is found by trying."""
    gc.collect()
    live, free = gc.mem_alloc(), gc.mem_free()
    gc.disable()  # a failed try must not collect: 15 ms each
    low, high = 0, free
    while high - low > 1024:
        middle = (low + high) // 2
        try:
            bytearray(middle)
            low = middle
        except MemoryError:
            high = middle
        if low == middle:
            gc.collect()
    gc.enable()
    return {"live": live, "peak": node.peak, "free": free, "largest": low}


async def _join(node, words):
    link = node.need_link()
    again = words == ["again"]
    wait_s = link.mac.wait_us() // 1000000
    if (again or not link.mac.joined) and wait_s > 30:
        raise ConsoleError(
            "the next attempt is allowed in %d s (duty cycle)" % wait_s,
            "wait; the node joins by itself",
        )
    if not await link.join(again):
        raise ConsoleError(
            "the network did not answer",
            "check keys (config), antenna, that a gateway is near and the network knows the device"
            + ("; the file system is new: have its used DevNonces cleared" if node.wiped else ""),
        )
    return _quality(link)


async def _measure(node, _words):
    values = await node.measure()
    for role, sensed in node.sensed.items():
        if sensed is None:
            raise ConsoleError(*node.silence(role))
    node.report_soon()
    return [("values", values)]


def _quality(link):
    """The last downlink's signal, the last link check's word."""
    mac = link.mac
    margin_db, gateways = mac.link or (None, None)
    return [
        ("joined", mac.joined),
        ("dr", mac.session.dr if mac.joined else None),
        ("rssi", mac.rssi),
        ("snr", mac.snr),
        ("margin", margin_db),
        ("gateways", gateways),
        ("sent", link.sent),
    ]


async def _check(link):
    """One link check; True when the network answered."""
    mac = link.mac
    mac.link = None
    mac.ask_link()
    await link.send(None, b"", False)
    return mac.link is not None


async def _link(node, words):
    link = node.need_link()
    tries = number(words, 0, 1, 10)
    answered = 0
    for _ in range(tries):
        if not link.mac.joined:
            raise ConsoleError("not joined", "type join")
        answered += await _check(link)
    facts = _quality(link)
    if tries:
        facts += [("tries", tries), ("answered", answered)]
    return facts + [("windows", node.radio.windows())]


async def _config(node, words):
    config, fields = node.config, settings.FIELDS
    if len(words) > 1:
        change = {words[0]: settings.typed(words[0], " ".join(words[1:]))}
        async with node.still():
            config.update(change)
        node.wake.set()  # it may have waited for this
    elif words and words[0] not in fields:
        raise ConsoleError("%s: unknown setting" % words[0], "type config for the list")
    facts = []
    for name in words[:1] or sorted(fields):
        value = config[name]
        facts.append((name, ("set" if value else None) if name in SECRET else value))
    if len(words) == 1:
        facts.append(("meaning", fields[words[0]][2]))
    return facts + [("version", config.version)]


async def _log(node, words):
    count = number(words, 10, 1, 100)
    return [("lines", node.log.lines[-count:])]


async def _restart(node):
    await asyncio.sleep_ms(300)  # the answer goes out first
    node.reset()


async def _reboot(node, _words):
    asyncio.create_task(_restart(node))
    return [("restarting", True)]


TABLE = (
    ("help", _help, "help", "this list; every command takes --json"),
    ("info", _info, "info", "who, what, how it is"),
    ("join", _join, "join [again]", "join the network now, or anew"),
    ("measure", _measure, "measure", "read the sensors now, and report"),
    ("link", _link, "link [N]", "signal, timing; N link checks"),
    ("config", _config, "config [NAME [VALUE]]", "show or change settings"),
    ("log", _log, "log [N]", "the last lines"),
    ("reboot", _reboot, "reboot", "start anew"),
)
"""(name, function, usage, meaning)."""


# --- from a line to lines -----------------------------------------------------------------------


def number(words: list, default: int, low: int, high: int) -> int:
    """The first of the words as a whole number; `default` without one. Raises ConsoleError."""
    if not words:
        return default
    try:
        value = int(words[0])
    except ValueError:
        value = low - 1
    if not low <= value <= high:
        raise ConsoleError("%s is no number from %d to %d" % (words[0], low, high), "type help")
    return value


def text(value) -> str:
    """A value for people."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(["%s %s" % (name, text(value[name])) for name in sorted(value)])
    return str(value)


def human(facts: list) -> list:
    """Lines for a person."""
    name, value = facts[0]
    if name == "lines":
        return value
    if name == "values":
        facts = [(field, value[field]) for field in sorted(value)]
    return ["%-15s %s" % (name, text(value)) for name, value in facts]


def as_json(facts: list) -> str:
    """One line, in the order of the facts: a dict of MicroPython has none."""
    pairs = ['"%s": %s' % (name, json.dumps(value)) for name, value in facts]
    return "{" + ", ".join(pairs) + "}"


async def run(node, line: str) -> list:
    """Carry out one line; the lines to print."""
    words = line.split()
    scripted = "--json" in words
    words = [word for word in words if word != "--json"]
    if not words:
        return []
    name = words.pop(0)
    try:
        facts = await _function(node, name)(node, words)
    except ConsoleError as error:
        return _failed(name, scripted, error.args[0], error.args[1])
    except ConfigError as error:
        return _failed(name, scripted, str(error), "type config for the settings")
    except OSError as error:
        return _failed(name, scripted, str(error), "check the wiring against /board.py")
    return [as_json([("cmd", name), ("ok", True)] + facts)] if scripted else human(facts)


def _of_profile(node):
    return node.profile.commands() if node.profile else None


def _rows(node):
    commands = _of_profile(node)
    return TABLE + commands.TABLE if commands else TABLE


def _function(node, name):
    for row in _rows(node):
        if row[0] == name:
            return row[1]
    if name in PROFILES:  # a profile's command has its name
        raise ConsoleError(
            "%s: a command of profile %s" % (name, name),
            "type config profile %s, then reboot" % name,
        )
    raise ConsoleError("%s: unknown command" % name, "type help")


def _failed(name, scripted, sentence, what_next):
    if scripted:
        return [as_json([("cmd", name), ("ok", False), ("error", sentence), ("next", what_next)])]
    return ["error: " + sentence, "next:  " + what_next]

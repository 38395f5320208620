"""The console's table of commands. Loaded while one runs: most nodes never see a technician.

A command is `async function(node, words)` and returns facts (`node.answer`) in the order a person
reads them, or raises ConsoleError. `node/texts` has the texts of commands, facts and errors.
"""

import asyncio
import gc

from micropython import const
from wire import VERSION
from wire.words import CAUSES, PROFILES

from node import links
from node.answer import as_json, human, number, texts
from node.config import SECRET
from node.errors import ConfigError, ConsoleError

_HEAP_MS = const(300)  # ten collections

# --- what the commands do -----------------------------------------------------------------------


async def _help(node, words):
    if words:
        return _meaning(words[0])
    rows = TABLE + await _others(node)
    known = texts(["?" + row[0] for row in rows])
    facts = []
    for row in rows:
        usage, text = known.get("?" + row[0]) or row[2:] or (row[0], "")
        facts.append((row[0], "%-30s%s" % (usage, text)))
    return facts


def _meaning(name):
    known = texts((name, "?" + name))
    facts = list(zip(("usage", "meaning"), known.get("?" + name, ())))
    if name in known:
        facts.append(("meaning", known[name][1]))
    if not facts:
        raise ConsoleError("name", name)
    return facts


async def _info(node, _words):
    config, link = node.config, node.link
    facts = [
        ("name", config["name"]),
        ("dev_eui", config["dev_eui"]),
        ("profile", config["profile"]),
        ("board", node.board.NAME),
        ("firmware", VERSION),
        ("problem", node.problem),
        ("joined", bool(link and link.ready)),
        _battery(node.power),
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
    if link:
        facts += link.facts()
    commands = await _of_profile(node)
    if commands:
        facts += commands.facts(node)
    await node.gap(_HEAP_MS)
    return facts + [("heap", _heap(node))]


def _battery(power):
    battery_mv = power.battery_mv()
    return "battery_mv", battery_mv, battery_mv and ("low" if power.low() else "good")


def _heap(node):
    """Bytes after a collection; the largest free block is found by trying."""
    gc.collect()
    live, free = gc.mem_alloc(), gc.mem_free()
    gc.disable()  # a failed try must not collect: 15 ms each
    low = 0
    high = free
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


async def _measure(node, _words):
    if not node.profile or len(node.sensors) < len(node.profile.roles):
        raise ConsoleError("unready", node.problem)
    values = await node.measure()
    for role, sensed in node.sensed.items():
        if sensed is None:
            raise ConsoleError("sensor", *node.silence(role))
    node.report_soon()
    return [("values", values)]


async def _config(node, words):
    await node.gap()
    from node import settings

    config = node.config
    fields = settings.FIELDS
    names = [words[0].lower()] if words else sorted(fields)
    name = names[0]
    if len(words) > 1:
        change = {name: settings.typed(name, " ".join(words[1:]))}
        async with node.lock:
            config.update(change)
        node.wake.set()  # it may have waited for this
    elif name not in fields:
        raise ConsoleError("setting", name)
    facts = []
    for one in names:
        value = config[one]
        facts.append((one, ("set" if value else None) if one in SECRET else value))
    if len(words) == 1:
        facts += [("allowed", fields[name][0])] + _meaning(name)
    return facts + [("version", config.version)]


async def _log(node, words):
    count = number(words, 10, 1, 100)
    return [("lines", node.log.lines[-count:])]


async def _restart(node):
    await asyncio.sleep_ms(300)  # the answer is sent first
    node.reset()


async def _reboot(node, _words):
    asyncio.create_task(_restart(node))
    return [("restarting", True)]


TABLE = (
    ("help", _help),
    ("info", _info),
    ("measure", _measure),
    ("config", _config),
    ("log", _log),
    ("reboot", _reboot),
)
"""(name, function); of a link or a profile also usage and meaning, where `node/texts` has none."""

_CAUSES = ("not set", "device.json", "safe mode")  # how a problem begins: also its text's name


# --- from a line to lines -----------------------------------------------------------------------


async def run(node, line: str) -> list:
    """Carry out one line; the lines to print."""
    words = line.split()
    plain = [word for word in words if word.lower() != "--json"]
    if not plain:
        return []
    scripted = len(plain) < len(words)
    name = plain.pop(0).lower()
    if name != "config":  # whose values may be names
        plain = [word.lower() for word in plain]
    try:
        function = await _function(node, "help" if name == "?" else name)
        facts = await function(node, plain)
    except ConsoleError as error:
        return _failed(name, scripted, *error.args)
    except ConfigError as error:
        return _failed(name, scripted, "settings", str(error))
    except OSError as error:
        return _failed(name, scripted, "wiring", str(error))
    if scripted:
        return [as_json([("cmd", name), ("ok", True)] + facts)]
    await node.gap()
    return human(facts)


async def _of_profile(node):
    if node.profile:
        await node.gap()
        return node.profile.commands()
    return None


async def _others(node):
    """Rows of the link and of the profile, loaded when no receive window is near."""
    await node.gap()
    rows = (node.link or links.find(node.board).Link).console()
    commands = await _of_profile(node)
    return rows + commands.TABLE if commands else rows


async def _function(node, name):
    for row in TABLE:
        if row[0] == name:
            return row[1]
    for row in await _others(node):
        if row[0] == name:
            return row[1]
    if name in PROFILES:  # a profile's command has its name
        raise ConsoleError("profile", name, name, name)
    raise ConsoleError("command", name)


def _failed(name, scripted, code, *values):
    if code == "unready":
        code, values = _cause(*values)
    known = texts(("!" + code,)).get("!" + code)
    if known:
        sentence, what_next = ("\n".join(known) % values).split("\n", 1)
    elif len(values) == 1 and " " in code:  # a link's or a profile's own words
        sentence = code
        what_next = values[0]
    else:
        sentence = ", ".join([str(value) for value in (code,) + values])
        what_next = "copy node/texts to the board: its texts are missing"
    if scripted:
        return [as_json([("cmd", name), ("ok", False), ("error", sentence), ("next", what_next)])]
    return ["error: " + sentence, "next:  " + what_next]


def _cause(problem):
    """(error that has the cure for what keeps the node from working, its values)."""
    if not problem:
        return "starting", ()
    for start in _CAUSES:
        if problem.startswith(start):
            return start, (problem,)
    return "wiring", (problem,)

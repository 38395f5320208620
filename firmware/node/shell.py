"""The console's table of commands. Loaded while one runs: most nodes never see a technician.

A command is `async function(node, words)` and returns [(fact, value), ...] in the order a person
reads them, or raises ConsoleError.
"""

import asyncio
import gc

from micropython import const
from wire import VERSION
from wire.words import CAUSES, PROFILES

from node import links
from node.answer import as_json, human, number
from node.config import SECRET
from node.errors import ConfigError, ConsoleError

_HEAP_MS = const(300)  # ten collections

# --- what the commands do -----------------------------------------------------------------------


async def _help(node, _words):
    rows = TABLE + await _others(node)
    return [(name, usage + " " * (30 - len(usage)) + text) for name, _, usage, text in rows]


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
    if link:
        facts += link.facts()
    commands = await _of_profile(node)
    if commands:
        facts += commands.facts(node)
    await node.gap(_HEAP_MS)
    return facts + [("heap", _heap(node))]


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
    values = await node.measure()
    for role, sensed in node.sensed.items():
        if sensed is None:
            raise ConsoleError(*node.silence(role))
    node.report_soon()
    return [("values", values)]


async def _config(node, words):
    await node.gap()
    from node import settings

    config = node.config
    fields = settings.FIELDS
    if len(words) > 1:
        change = {words[0]: settings.typed(words[0], " ".join(words[1:]))}
        async with node.lock:
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
    await asyncio.sleep_ms(300)  # the answer is sent first
    node.reset()


async def _reboot(node, _words):
    asyncio.create_task(_restart(node))
    return [("restarting", True)]


TABLE = (
    ("help", _help, "help", "this list; every command takes --json"),
    ("info", _info, "info", "identity, state, memory"),
    ("measure", _measure, "measure", "read the sensors now, and report"),
    ("config", _config, "config [NAME [VALUE]]", "show or change settings"),
    ("log", _log, "log [N]", "the last lines"),
    ("reboot", _reboot, "reboot", "restart"),
)
"""(name, function, usage, meaning)."""


# --- from a line to lines -----------------------------------------------------------------------


async def run(node, line: str) -> list:
    """Carry out one line; the lines to print."""
    words = line.split()
    scripted = "--json" in words
    words = [word for word in words if word != "--json"]
    if not words:
        return []
    name = words.pop(0)
    try:
        function = await _function(node, name)
        facts = await function(node, words)
    except ConsoleError as error:
        return _failed(name, scripted, error.args[0], error.args[1])
    except ConfigError as error:
        return _failed(name, scripted, str(error), "type config for the settings")
    except OSError as error:
        return _failed(name, scripted, str(error), "check the wiring against /board.py")
    return [as_json([("cmd", name), ("ok", True)] + facts)] if scripted else human(facts)


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
        raise ConsoleError(
            "%s: a command of profile %s" % (name, name),
            "type config profile %s, then reboot" % name,
        )
    raise ConsoleError("%s: unknown command" % name, "type help")


def _failed(name, scripted, sentence, what_next):
    if scripted:
        return [as_json([("cmd", name), ("ok", False), ("error", sentence), ("next", what_next)])]
    return ["error: " + sentence, "next:  " + what_next]

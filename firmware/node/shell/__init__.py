"""What a line of the console does. Loaded while one runs: most nodes never see a technician.

A command is a file here, `async def run(node, words)`, or a row of a link's or a profile's table:
(name, function), with usage and meaning where `node/texts` has none. It returns facts
(`node.answer`) in the order a person reads them, or raises ConsoleError.
"""

import asyncio
import os

from micropython import const
from unload import unload
from wire.words import PROFILES

from node import answer, links
from node.errors import ConfigError, ConsoleError

_TEXTS_MS = const(400)  # reading through the texts for all settings takes half of it
_CAUSES = ("not set", "device.json", "safe mode")  # how a problem begins: also its text's name
_MEANT = {"?": "help", "config": "set", "lang": "set lang", "asset": "set asset"}


async def run(node, line: str) -> list:
    """Carry out one line; the lines to print."""
    words = line.split()
    plain = [word for word in words if word.lower() != "--json"]
    if not plain:
        return []
    scripted = len(plain) < len(words)
    typed = plain.pop(0).lower()
    plain = _MEANT.get(typed, typed).split() + plain
    name = plain.pop(0)
    if name != "set":  # whose values may be names
        plain = [word.lower() for word in plain]
    answer.speak(node.config["lang"])
    try:
        work = (await find(node, name))(node, plain)
        facts = await (work if scripted else _watched(node, name, work))
    except ConsoleError as error:
        return _failed(typed, scripted, *error.args)
    except ConfigError as error:
        return _failed(typed, scripted, "settings", str(error))
    except OSError as error:
        return _failed(typed, scripted, "wiring", str(error))
    finally:
        work = None
        unload("node.shell." + name)
    if scripted:
        return [answer.as_json([("cmd", typed), ("ok", True)] + facts)]
    await node.gap(_TEXTS_MS)
    return answer.human(facts)


async def find(node, name: str):
    """The function of a command, loaded when no receive window is near. Raises ConsoleError."""
    await node.gap()
    if name in names():
        return __import__("node.shell." + name, None, None, ("*",)).run
    for row in await others(node):
        if row[0] == name:
            return row[1]
    if name in PROFILES:  # a profile's command has its name
        raise ConsoleError("profile", name, name, name)
    raise ConsoleError("command", name)


def names() -> list:
    """The commands that are files here; those of the texts where they are frozen."""
    folder = __path__
    try:
        files = os.listdir(folder if isinstance(folder, str) else folder[0])
    except OSError:
        return []
    return sorted([name.split(".")[0] for name in files if name[0] != "_"])


async def others(node) -> tuple:
    """Rows of the link and of the profile."""
    await node.gap()
    rows = (node.link or links.find(node.board).Link).console()
    if node.profile:
        await node.gap()
        rows += node.profile.console()
    return rows


async def _watched(node, name, work):
    """Wait for the work; each second without its end is a dot behind what is waited for."""
    dots = []
    task = asyncio.create_task(_show(node, name, dots))
    try:
        return await work
    finally:
        task.cancel()
        if dots:
            node.output.write("\r\n")


async def _show(node, name, dots):
    while True:
        await asyncio.sleep_ms(1000)
        if not dots:
            known = answer.texts(("~", "~" + name))
            node.output.write((known.get("~" + name) or known.get("~", ("",)))[0] + " ")
        dots.append(1)
        node.output.write(".")


# --- errors -------------------------------------------------------------------------------------


def _failed(name, scripted, code, *values):
    if code == "unready":
        code, values = _cause(*values)
    texts = answer.texts(("!", "!" + code))
    known = texts.get("!" + code)
    if known:
        sentence, what_next = ("\n".join(known) % values).split("\n", 1)
    elif len(values) == 1 and " " in code:  # a link's or a profile's own words
        sentence = code
        what_next = values[0]
    else:
        sentence = ", ".join([str(value) for value in (code,) + values])
        what_next = "copy node/texts to the board: its texts are missing"
    if scripted:
        return [
            answer.as_json(
                [("cmd", name), ("ok", False), ("error", sentence), ("next", what_next)]
            )
        ]
    error, then = texts.get("!", ("error: ", "next:  "))
    return [error + sentence, then + what_next]


def _cause(problem):
    """(error that has the cure for what keeps the node from working, its values)."""
    if not problem:
        return "starting", ()
    for start in _CAUSES:
        if problem.startswith(start):
            return start, (problem,)
    return "wiring", (problem,)

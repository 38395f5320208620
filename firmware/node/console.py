"""The serial shell: one table of commands, each for people and, with `--json`, for scripts.

It runs beside the MAC. What is typed is echoed; garbage is ignored; an error says what to do next.
`node` is the composition of `node.app`.
"""

import asyncio
import json
import select
import sys

from micropython import const

from node.config import FIELDS, SECRET, ConfigError

_LONGEST = const(200)
_AT_ONCE = const(16)


class ConsoleError(Exception):
    """args: what is wrong, and what to do next."""


async def _help(_node, _words):
    return {name: "%-18s %s" % (usage, text) for name, (_, usage, text) in TABLE.items()}


async def _info(node, _words):
    return node.info()


async def _join(node, words):
    link = node.need_link()
    again = words == ["again"]
    wait_s = link.mac.wait_us() // 1000000
    if (again or not link.mac.joined) and wait_s > 30:
        raise ConsoleError(
            "the next attempt is allowed in %d s (duty cycle)" % wait_s, "wait; the node joins by itself"
        )
    if not await link.join(again):
        raise ConsoleError(
            "the network did not answer",
            "check keys (config), antenna, that a gateway is near and the network knows the device"
            + ("; the file system is new: have its used DevNonces cleared" if node.wiped else ""),
        )
    return link.quality()


async def _measure(node, _words):
    values = await node.measure()
    for name, sensed in node.sensed.items():
        if sensed is None:
            raise ConsoleError("%s does not answer" % name, node.wiring(name))
    return {"values": values}


async def _link(node, words):
    link = node.need_link()
    tries = _number(words, 0, 1, 10)
    answered = 0
    for _ in range(tries):
        if not link.mac.joined:
            raise ConsoleError("not joined", "type join")
        answered += await link.check()
    facts = link.quality()
    if tries:
        facts["tries"], facts["answered"] = tries, answered
    facts["windows"] = node.radio.windows()
    return facts


async def _config(node, words):
    config = node.config
    if len(words) > 1:
        text = " ".join(words[1:])
        try:
            value = json.loads(text)
        except ValueError:
            value = text
        if words[0] in FIELDS and FIELDS[words[0]][1] in ("hex", "choice", "text"):
            value = text
        await node.configure({words[0]: value})
    elif words and words[0] not in FIELDS:
        raise ConsoleError("%s: unknown setting" % words[0], "type config for the list")
    shown = {}
    for name in words[:1] or sorted(FIELDS):
        value = config[name]
        shown[name] = ("set" if value else None) if name in SECRET else value
    shown["version"] = config.version
    return shown


async def _log(node, words):
    count = _number(words, 10, 1, 100)
    return {"lines": node.log.lines[-count:]}


async def _lamp(node, words):
    if not node.lamp:
        raise ConsoleError("this profile has no lamp", "type config profile lamp")
    if words == ["auto"]:
        node.lamp.rules.manual(None, 0)
        node.lamp.rules.safety = False
    elif words == ["safe"]:
        node.lamp.rules.safety = True
    elif words:
        level = _number(words, 0, 0, 100)
        minutes = _number(words[1:], 10, 1, 1440)
        node.lamp.rules.manual(level, node.clock.uptime_s() + minutes * 60)
    if words:
        node.lamp.changed()
        await asyncio.sleep_ms(100)
    return {"level": node.lamp.level, "why": node.lamp.reason()}


async def _reboot(node, _words):
    asyncio.create_task(node.reboot_soon())
    return {"restarting": True}


TABLE = {
    "help": (_help, "help", "this list; every command takes --json"),
    "info": (_info, "info", "who, what, how it is"),
    "join": (_join, "join [again]", "join the network now, or anew"),
    "measure": (_measure, "measure", "read the sensors now"),
    "link": (_link, "link [N]", "signal; N: link checks"),
    "config": (_config, "config [NAME [VALUE]]", "show or change settings"),
    "log": (_log, "log [N]", "the last lines"),
    "lamp": (_lamp, "lamp [PCT [MIN] | auto | safe]", "hold the lamp at a level; safe: on"),
    "reboot": (_reboot, "reboot", "start anew"),
}
"""name -> (async function(node, words) -> facts, usage, meaning)."""


def _number(words, default, low, high):
    if not words:
        return default
    try:
        value = int(words[0])
    except ValueError:
        value = low - 1
    if not low <= value <= high:
        raise ConsoleError("%s is no number from %d to %d" % (words[0], low, high), "type help")
    return value


def _text(value):
    """A value for people."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(["%s %s" % (name, _text(one)) for name, one in value.items()])
    return str(value)


def human(name: str, facts: dict) -> list:
    """Lines for a person."""
    if "lines" in facts:
        return facts["lines"]
    if name == "help":
        return list(facts.values())
    if "values" in facts:
        facts = facts["values"]
    return ["%-15s %s" % (fact, _text(value)) for fact, value in facts.items()]


async def run_line(node, line: str) -> list:
    """Carry out one line; the lines to print."""
    words = line.split()
    as_json = "--json" in words
    words = [word for word in words if word != "--json"]
    if not words:
        return []
    name = words.pop(0)
    try:
        if name not in TABLE:
            raise ConsoleError("%s: unknown command" % name, "type help")
        facts = await TABLE[name][0](node, words)
    except ConsoleError as error:
        return _failed(name, as_json, error.args[0], error.args[1])
    except ConfigError as error:
        return _failed(name, as_json, str(error), "type config for the settings")
    except OSError as error:
        return _failed(name, as_json, str(error), "check the wiring against /board.py")
    if as_json:
        answer = {"cmd": name, "ok": True}
        answer.update(facts)
        return [json.dumps(answer)]
    return human(name, facts)


def _failed(name, as_json, sentence, what_next):
    if as_json:
        return [json.dumps({"cmd": name, "ok": False, "error": sentence, "next": what_next})]
    return ["error: " + sentence, "next:  " + what_next]


class Console:
    """Reads the port byte by byte, so that nothing ever blocks the node."""

    def __init__(self, node, port, stdin=None):
        self._node = node
        self._port = port
        self._stdin = stdin or asyncio.StreamReader(sys.stdin.buffer)
        self._more = select.poll()
        self._more.register(sys.stdin, select.POLLIN)
        self._line = ""
        self._last = 0

    async def run(self) -> None:
        """For ever."""
        self._port.write("> ")
        while True:
            data = await self._stdin.read(1)
            if data:
                await self._take(data[0])

    async def _take(self, byte):
        """One byte typed."""
        before, self._last = self._last, byte
        if byte == 10 and before == 13:
            return
        if byte in (10, 13):
            self._port.write("\r\n")
            line, self._line = self._line, ""
            await self._carry_out(line)
            self._port.write("> ")
        elif byte in (8, 127):
            if self._line:
                self._line = self._line[:-1]
                self._port.write("\x08 \x08")
        elif 32 <= byte < 127:
            self._line += chr(byte)
            if len(self._line) <= _LONGEST:
                self._port.write(chr(byte))

    async def _carry_out(self, line):
        if len(line) > _LONGEST:
            self._port.line("error: the line is longer than %d characters" % _LONGEST)
            return
        for one in await run_line(self._node, line):
            self._port.line(one)

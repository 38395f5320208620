"""What a lamp is commanded: `dim` of the network server, `lamp` of the console. Loaded on demand.

node: a `node.app.Node` whose profile is a `node.profiles.lamp.Profile`.
"""

import asyncio

from micropython import const
from unload import unload

from node.errors import Refused
from node.lamp import SAFETY

_POLL_MS = const(100)
_HOLD_MIN = const(10)


def facts(node) -> list:
    """For `info`: the level at the pin."""
    return [("lamp_level", node.profile.lamp.level)]


def applied(node, name: str) -> dict:
    """For a repeated `dim`: the level that the first one left behind."""
    return {"level": node.profile.lamp.level} if name == "dim" else {}


async def obey(node, name: str, values: dict) -> None:
    """`dim`: the operator's level. Raises Refused.

    Answered when the pin has reached what the rules set, or when another `dim` comes before: with
    the level at the pin. Until then the same command, sent again, changes nothing.
    """
    if name != "dim":
        raise Refused("unsupported")
    lamp = node.profile.lamp
    now_s = node.clock.uptime_s()
    above = lamp.rules.held(now_s)
    if above is not None:
        raise Refused("safety" if above == SAFETY else "manual")
    if lamp.token == values["token"]:
        return
    lamp.token = values["token"]
    lamp.rules.command(values["level"], now_s, values["hold"], bool(values["over_presence"]))
    lamp.changed(values["ramp"])
    asyncio.create_task(_answer(node, values))


async def _answer(node, values):
    lamp = node.profile.lamp
    token = values["token"]
    ramp_s = values["ramp"]
    if ramp_s is None:
        ramp_s = node.config["ramp_s"]
    while lamp.token == token and not lamp.settled():
        await asyncio.sleep_ms(_POLL_MS)
    await node.gap()
    from node.commands import Commands

    unload("node.commands")
    shown = {"level": lamp.level, "ramp": ramp_s, "hold": values["hold"]}
    await Commands(node).end("dim", token, "applied", "ok", shown)
    if lamp.token == token:
        lamp.token = None
    node.wake.set()


async def _hold(node, words):
    """A level for some minutes; `auto` ends it; `safe` stands above all other rules."""
    from wire.readings.lamp import WHY

    from node.answer import number

    unload("wire.readings.lamp")
    lamp = node.profile.lamp
    if words == ["auto"]:
        lamp.rules.manual(None, 0)
        lamp.rules.safety = False
    elif words == ["safe"]:
        lamp.rules.safety = True
    elif words:
        level = number(words, 0, 0, 100)
        minutes = number(words[1:], _HOLD_MIN, 1, 1440)
        lamp.rules.manual(level, node.clock.uptime_s() + minutes * 60)
    if words:
        lamp.changed()
    level, why = lamp.rules.decide(node.clock.uptime_s(), node.clock.unix())
    return [("level", level), ("why", WHY[why]), ("pin", lamp.level)]


async def _safe(node, _words):
    """Full light, above all other rules."""
    return await _hold(node, ["safe"])


TABLE = (("lamp", _hold), ("safe", _safe))
"""Rows for the table of `node.shell`."""

"""What a lamp is commanded: `dim` of the network server, `lamp` of the console. Loaded on demand.

node: a `node.app.Node` whose profile is a `node.profiles.lamp.Profile`.
"""

import asyncio

from micropython import const
from unload import unload

from node.errors import Refused
from node.lamp import SAFETY

_SETTLE_MS = const(10000)
_HOLD_MIN = const(10)


def facts(node) -> list:
    """For `info`: the level at the pin."""
    return [("lamp_level", node.profile.lamp.level)]


def applied(node, name: str) -> dict:
    """For a repeated `dim`: the level that the first one left behind."""
    return {"level": node.profile.lamp.level} if name == "dim" else {}


async def obey(node, name: str, values: dict) -> dict:
    """`dim`: the operator's level; applied when the pin has it. Raises Refused."""
    if name != "dim":
        raise Refused("unsupported")
    lamp = node.profile.lamp
    ramp_s = values["ramp"]
    now_s = node.clock.uptime_s()
    above = lamp.rules.held(now_s)
    if above is not None:
        raise Refused("safety" if above == SAFETY else "manual")
    lamp.rules.command(values["level"], now_s, values["hold"], bool(values["over_presence"]))
    lamp.changed(ramp_s)
    waited_ms = 0
    while waited_ms < _SETTLE_MS:
        await asyncio.sleep_ms(100)
        waited_ms += 100
        if lamp.settled():
            break
    if ramp_s is None:
        ramp_s = node.config["ramp_s"]
    return {"level": values["level"], "ramp": ramp_s, "hold": values["hold"]}


async def _hold(node, words):
    """A level for some minutes; `auto` ends it; `safe` stands above all other rules."""
    from wire.words import WHY

    from node.answer import number

    unload("wire.words")
    words = [word.lower() for word in words]
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


TABLE = (("lamp", _hold),)
"""Rows for the table of `node.shell`."""

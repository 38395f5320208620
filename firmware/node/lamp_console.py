"""What a person at a lamp's console asks: `lamp` and `safe`. Loaded on demand.

node: a `node.app.Node` whose profile is a `node.profiles.lamp.Profile`.
"""

from micropython import const
from unload import unload

_HOLD_MIN = const(10)


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

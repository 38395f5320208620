"""A bin's own command, `calib empty`: its bottom is measured, and what cannot be is refused.

node: a `node.app.Node` whose profile is a `node.profiles.bin.Profile`.
"""

from micropython import const
from unload import unload

from node.errors import ConsoleError

_ROUNDS = const(3)
_VALID = const(5)  # as a reading that is not suspect
_SPREAD_MM = const(15)  # likewise
_ABOVE_MM = const(500)  # no lid is half a metre above the mark; farther, the sensor looks past it


async def _calib(node, words):
    """The distance to the empty bottom becomes `empty_mm`. Raises ConsoleError."""
    if words != ["empty"]:
        raise ConsoleError("calib")
    from node.shell import measure

    unload("node.shell.measure")
    found = []
    async with node.sensing:
        for _ in range(_ROUNDS):
            found.append(await _echo(node, measure))
    found.sort()
    spread = found[-1] - found[0]
    if spread > _SPREAD_MM:
        raise ConsoleError("unsteady", spread)
    empty_mm = found[_ROUNDS // 2]
    height_mm = node.config["height_mm"]
    if empty_mm < height_mm:
        raise ConsoleError("low", empty_mm, height_mm, empty_mm)
    if empty_mm > height_mm + _ABOVE_MM:
        raise ConsoleError("far", empty_mm, height_mm)
    async with node.lock:
        node.config.update({"empty_mm": empty_mm})
    node.report_soon()
    return [("empty_mm", empty_mm), ("height_mm", height_mm), ("spread", spread)]


async def _echo(node, measure):
    measure.fitted(node, "distance").most_mm = 1 << 13  # the bottom is not known yet
    echo = await measure.sensed(node, "distance")
    if echo["obstructed"]:
        raise ConsoleError("blocked", echo["distance"])
    if echo["valid"] < _VALID:
        raise ConsoleError("noecho", echo["valid"])
    if echo["spread"] > _SPREAD_MM:
        raise ConsoleError("unsteady", echo["spread"])
    return echo["distance"]


TABLE = (("calib", _calib),)
"""Rows for the table of `node.shell`."""

"""A bay's own command, `calib empty`: the field of the vacant bay, refused while it moves.

node: a `node.app.Node` whose profile is a `node.profiles.parking.Profile`.
"""

import asyncio

from micropython import const
from unload import unload

from node.errors import ConsoleError

_ROUNDS = const(15)
_EACH_MS = const(2000)  # the bay is still for 30 s
_SPREAD_NT = const(2500)  # noise of 0.3 uT RMS an axis spreads by 1.2 uT; a car that rolls by more


async def _calib(node, words):
    """The field of the vacant bay is what the judgement begins with. Raises ConsoleError."""
    if words != ["empty"]:
        raise ConsoleError("vacant")
    from node.shell import measure

    unload("node.shell.measure")
    found = []
    for _ in range(_ROUNDS):
        async with node.sensing:
            field = await measure.sensed(node, "field")
        found.append((field["x"], field["y"], field["z"]))
        await asyncio.sleep_ms(_EACH_MS)
    vacant = []
    spread = 0
    for axis in (0, 1, 2):
        column = sorted([one[axis] for one in found])
        spread = max(spread, column[-1] - column[0])
        vacant.append(sum(column) // _ROUNDS)
    if spread > _SPREAD_NT:
        raise ConsoleError("stirred", spread)
    node.profile.calibrate(*vacant)
    async with node.lock:
        node.profile.save()
    node.report_soon()
    return [("x", vacant[0]), ("y", vacant[1]), ("z", vacant[2]), ("stir", spread)]


TABLE = (("calib", _calib),)
"""Rows for the table of `node.shell`."""

"""`sim`: for some minutes a sensor says what the technician says, to see what the node does then.

A simulated distance has no valid echo, so that the reading is `suspect`. It ends by itself, by
`sim off` and by a restart; `save` gives no certificate meanwhile.
"""

import asyncio

from node.answer import number
from node.errors import ConsoleError

_VALUES = {
    "distance": {"distance": None, "valid": 0, "spread": 0, "obstructed": 0},
    "light": {"lux": None, "saturated": 0},
    "motion": {"presence": 0},
}
"""role -> values of a sensor that does not answer."""
_MOST = 100000


class Simulated:
    """Stands in for a driver: its values, but those of `simulates`."""

    def __init__(self, driver, role, simulates):
        self.driver = driver
        self.simulates = simulates
        self._values = _VALUES.get(role, {})
        self.moved = getattr(driver, "moved", None)

    async def read(self, clock):
        """As a driver's."""
        values = dict(self._values)
        values.update(await self.driver.read(clock) or {})
        values.update(self.simulates)
        if "distance" in self.simulates:
            values["valid"] = 0
        if self.moved and self.simulates.get("presence"):
            self.moved.set()
        return values

    def sleep(self):
        """As a driver's."""
        self.driver.sleep()


async def run(node, words):
    """Simulate one value for some minutes, end it, or say what is simulated."""
    if words == ["off"]:
        end(node)
    elif words:
        value = number(words[1:2], 0, 0, _MOST)
        minutes = number(words[2:], 10, 1, 60)
        _start(node, words[0], value)
        asyncio.create_task(_end_later(node, minutes))
        node.report_soon()
    found = {}
    for driver in node.sensors.values():
        found.update(getattr(driver, "simulates", {}))
    return [("simulated", found or None)]


def _start(node, name, value):
    for role in node.sensors:
        known = node.sensed.get(role) or _VALUES.get(role, {})
        if name in known:
            end(node, role)
            node.sensors[role] = Simulated(node.sensors[role], role, {name: value})
            return
    raise ConsoleError("nosim", name)


def end(node, *roles) -> None:
    """The drivers again, of these roles or of all."""
    for role in roles or list(node.sensors):
        driver = node.sensors[role]
        if hasattr(driver, "simulates"):
            node.sensors[role] = driver.driver


async def _end_later(node, minutes):
    await asyncio.sleep(minutes * 60)
    end(node)

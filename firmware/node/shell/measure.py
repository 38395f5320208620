"""`measure`: read the sensors now, once or several times, and report."""

from node.answer import number
from node.errors import ConsoleError


async def run(node, words):
    """The payload's fields; of several rounds also each value of those that differ."""
    rounds = []
    for _ in range(number(words, 1, 1, 10)):
        rounds.append(await once(node))
    node.report_soon()
    values = rounds[-1]
    if len(rounds) == 1:
        return [("values", values)]
    facts = sorted(values.items())
    for name in sorted(values):
        each = [one[name] for one in rounds]
        if [one for one in each if one != each[0]]:
            facts.append((name + ".each", each))
    return facts + [("rounds", len(rounds))]


async def once(node) -> dict:
    """One measurement. Raises ConsoleError where a sensor is missing or does not answer."""
    if not node.profile or len(node.sensors) < len(node.profile.roles):
        raise ConsoleError("unready", node.problem)
    values = await node.measure()
    for role, sensed in node.sensed.items():
        if sensed is None:
            raise ConsoleError("sensor", *node.silence(role))
    return values


def fitted(node, role: str):
    """The driver of a role, which says what is there. Raises ConsoleError."""
    driver = node.sensors.get(role)
    if not driver:
        raise ConsoleError("unready", node.problem)
    if hasattr(driver, "simulates"):
        raise ConsoleError("simulated")
    return driver


async def sensed(node, role: str) -> dict:
    """The values of one sensor alone, for a calibration, which holds `sensing` meanwhile.

    Raises ConsoleError where it is missing, simulated or silent.
    """
    driver = fitted(node, role)
    values = await driver.read(node.clock)
    driver.sleep()
    if values is None:
        raise ConsoleError("sensor", *node.silence(role))
    return values

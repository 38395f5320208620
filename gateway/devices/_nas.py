"""What frames of the NAS luminaire controllers are made of: addresses, drivers, usage.

Source: NAS, LCU payloads, firmware 1.0 and 1.1, and NAS's codec of it. Integers have the least
significant byte first.
"""

from gateway.devices import Reading
from gateway.devices._cursor import Cursor
from gateway.errors import Lost
from gateway.events import Value

FAILURES = (
    "driverError",
    "lampFailure",
    "lampOn",
    "limitError",
    "fadeRunning",
    "resetState",
    "missingShortAddress",
    "powerFailure",
)
"""Bits of the status of a DALI driver, from the lowest. Source: IEC 62386-102, QUERY STATUS."""
INTERNAL = "internal"
"""The controller's own metering, as an address."""
UNKNOWN = 255
_USAGE = (
    ("activeEnergy", "W.h", "<I", 1),
    ("activePower", "W", "<H", 1),
    ("loadEnergy", "W.h", "<I", 1),
    ("loadPower", "W", "<H", 1),
    ("powerFactor", "1", "B", 100),
    ("mainsVoltage", "V", "B", 1),
    ("driverOperatingTime", "s", "<I", 1),
    ("lampOnTime", "s", "<I", 1),
)
"""(property, UCUM unit, format, divisor) by the bit that says that it follows."""


def bits(raw: int, names: dict[int, str]) -> list[Value]:
    """A value of 0 or 1 for each named bit."""
    return [Value(name, raw >> bit & 1, "1") for bit, name in names.items()]


def address(raw: int) -> str:
    """What of the controller: analog, all DALI drivers, one, or a group."""
    fixed = {1: "analog", 254: "dali", 255: INTERNAL}
    if raw in fixed:
        return fixed[raw]
    if raw & 1:
        raise Lost(f"there is no address {raw}")
    return f"dali group {raw >> 1 & 15}" if raw & 128 else f"dali {raw >> 1 & 63}"


def driver(cursor: Cursor, where: int, reason: str, level: int) -> Reading:
    """The level of one driver and why; what fails there."""
    values = [Value("driverAddress", address(where), "1"), Value("dimmingReason", reason, "1")]
    if level != UNKNOWN:
        values.append(Value("dimmingLevel", level / 100, "1"))
    return Reading(values=(*values, *failures(cursor.take("B"))))


def failures(status: int) -> list[Value]:
    """The status of a DALI driver; nothing where it is unknown, as with its relay off."""
    return [] if status == UNKNOWN else bits(status, dict(enumerate(FAILURES)))


def usage(cursor: Cursor) -> list[Reading]:
    """Energy, power and hours, a reading for each driver."""
    found: list[Reading] = []
    while cursor.left:
        values = [Value("driverAddress", address(cursor.take("B")), "1")]
        follow = cursor.take("B")
        for bit, (name, unit, layout, over) in enumerate(_USAGE):
            if follow >> bit & 1:
                raw = cursor.take(layout)
                absent = name == "powerFactor" and raw == UNKNOWN
                number = raw if over == 1 else raw / over
                values.append(
                    Value(name, None, unit, ("suspect",)) if absent else Value(name, number, unit)
                )
        found.append(Reading(values=tuple(values)))
    return found

"""What frames of the NAS luminaire controllers are made of: addresses, drivers, usage.

Source: NAS, LCU payloads, firmware 1.0 and 1.1, and NAS's codec of it. Integers have the least
significant byte first.
"""

from gateway.devices import Reading
from gateway.devices._cursor import Cursor
from gateway.devices._fields import Number
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
    Number("activeEnergy", "W.h", "<I"),
    Number("activePower", "W", "<H"),
    Number("loadEnergy", "W.h", "<I"),
    Number("loadPower", "W", "<H"),
    Number("powerFactor", "1", "B", over=100, absent=(UNKNOWN,)),
    Number("mainsVoltage", "V", "B"),
    Number("driverOperatingTime", "s", "<I"),
    Number("lampOnTime", "s", "<I"),
)
"""By the bit that says that it follows."""


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


def driver(where: int, reason: str, level: int) -> list[Value]:
    """The level of one driver and why."""
    values = [Value("driverAddress", address(where), "1"), Value("dimmingReason", reason, "1")]
    return values if level == UNKNOWN else [*values, Value("dimmingLevel", level / 100, "1")]


def failures(status: int) -> list[Value]:
    """The status of a DALI driver; nothing where it is unknown, as with its relay off."""
    return [] if status == UNKNOWN else bits(status, dict(enumerate(FAILURES)))


def usage(cursor: Cursor) -> list[Reading]:
    """Energy, power and hours, a reading for each driver."""
    found: list[Reading] = []
    while cursor.left:
        values = [Value("driverAddress", address(cursor.take("B")), "1")]
        follow = cursor.take("B")
        for bit, field in enumerate(_USAGE):
            if follow >> bit & 1:
                values += field.values(cursor.bytes(field.size))
        found.append(Reading(values=tuple(values)))
    return found

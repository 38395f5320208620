"""Alerts, starts and refusals of the NAS luminaire controllers. Source: as `_nas`."""

import struct

from gateway.devices import Applied, Boot, Reading, Report, Status
from gateway.devices._cursor import Cursor
from gateway.devices._nas import address, bits, failures
from gateway.devices._position import position
from gateway.errors import Lost
from gateway.events import Value
from gateway.model import Device
from gateway.notices import Uplink

COMMANDS = 60
"""The FPort of commands."""
REASONS = {0x02: "unknown FPort", 0x09: "it lacks the feature", 0x0C: "no such driver"}
"""Why it refuses a downlink, where it is of use; the rest are faults of its bytes."""
RESETS = {0x02: "watchdog", 0x04: "reboot"}


def packet(cursor: Cursor, *known: int) -> int:
    """The packet type, the first byte. Raises Lost for one that is not known."""
    kind = cursor.take("B")
    if kind not in known:
        raise Lost(f"there is no packet type {kind:02x} on this FPort")
    return kind


def alerts(_device: Device, uplink: Uplink) -> list[Report]:
    cursor = Cursor(uplink.data)
    kind = packet(cursor, *_ALERTS)
    return _ALERTS[kind](cursor, cursor.take("B"))


def _input(cursor: Cursor, told: int) -> list[Report]:
    layout = {2: "<H", 4: "<I"}.get(told >> 4)
    if layout is None:
        raise Lost(f"an event of the input has {told >> 4} bytes")
    on = [Value("digitalInput", told & 1, "1")] if layout == "<I" else []
    return [Reading(values=(*on, Value("digitalInputCount", cursor.take(layout), "1")))]


def _light(cursor: Cursor, _told: int) -> list[Report]:
    on = Value("lightInputOn", cursor.take("B") & 1, "1")
    return [Reading(values=(on, Value("lightInput", cursor.take("B"), "1")))]


def _drivers(cursor: Cursor, _told: int) -> list[Report]:
    found: list[Report] = []
    while cursor.left:
        where = Value("driverAddress", address(cursor.take("B")), "1")
        found.append(Reading(values=(where, *failures(cursor.take("B")))))
    return found


def _light_step(_cursor: Cursor, told: int) -> list[Report]:
    return [Reading(values=(Value("lightStep", told, "1"),))]


def _location(cursor: Cursor, told: int) -> list[Report]:
    """Degrees where it has a fix; 1: none; 2 and 255: its receiver fails."""
    if told:
        return [Status(values=(Value("positionFix", {1: "none"}.get(told, "failed"), "1"),))]
    latitude, longitude = struct.unpack("<ff", cursor.bytes(8))
    fix = Value("positionFix", "good", "1")
    return [Status(values=(fix, *position(latitude, longitude)))]


def _metering(cursor: Cursor, told: int) -> list[Report]:
    alarms = ("lampFailure", "overCurrent", "underVoltage", "overVoltage", "lowPowerFactor")
    power, voltage = cursor.take("<H"), cursor.take("<H")
    return [
        Reading(
            values=(
                *bits(told, dict(enumerate(alarms))),
                Value("activePower", power, "W"),
                Value("mainsVoltage", voltage, "V"),
                Value("powerFactor", cursor.take("B") / 100, "1"),
            )
        )
    ]


_ALERTS = {
    0x80: _input,
    0x81: _light,
    0x83: _drivers,
    0x84: _metering,
    0x85: _light_step,
    0x86: _location,
}


def system(_device: Device, uplink: Uplink) -> list[Report]:
    cursor = Cursor(uplink.data)
    if packet(cursor, 0x00, 0x13) == 0x13:
        fport, reason = cursor.take("B"), cursor.take("B")
        why = REASONS.get(reason, f"reason {reason:02x}")
        if fport != COMMANDS:
            return [Status(values=(Value("refusedDownlink", f"FPort {fport}: {why}", "1"),))]
        said = f"the controller refuses it ({why}); the operator compares its firmware"
        return [Applied(name="dim", values={}, result="refused", reason=said)]
    serial = cursor.take("<I")
    version = ".".join(str(cursor.take("B")) for _ in range(3))
    cursor.bytes(7)  # time, configuration, features, DALI supply
    drivers = cursor.take("B")
    cause = cursor.take("B") if cursor.left else 0
    words = [word for bit, word in RESETS.items() if cause & bit]
    return [
        Boot(
            values=(
                Value("serialNumber", f"{serial:08x}", "1"),
                Value("firmwareVersion", version, "1"),
                Value("driverCount", drivers & 127, "1"),
                Value("driverWithoutAddress", drivers >> 7, "1"),
                Value("bootCause", " ".join(words) or "power on", "1"),
            )
        )
    ]

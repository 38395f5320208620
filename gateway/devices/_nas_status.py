"""Status frames of the NAS luminaire controllers, firmware 1.0 and 1.1. Source: as `_nas`."""

from gateway.devices import Reading, Report
from gateway.devices._cursor import Cursor
from gateway.devices._fields import Number
from gateway.devices._nas import UNKNOWN, bits, driver, failures
from gateway.devices._nas_alerts import packet
from gateway.events import Value
from gateway.model import Device
from gateway.notices import Uplink

ALARMS = {4: "voltageAlarm", 5: "lampAlarm", 6: "powerAlarm", 7: "powerFactorAlarm"}
"""In the last 24 hours, by bit."""
OF_1_0 = {
    0: "daliExternalError",
    1: "daliConnectionError",
    2: "lightInputOn",
    4: "digitalInput",
    5: "hardwareError",
    7: "relayClosed",
}
OF_1_1 = {1: "daliConnectionError", 5: "meteringError", 6: "clockWarning", 7: "relayClosed"}
INPUTS = {2: "lightInputOn", 4: "digitalInput"}
REASONS = {
    0x21: "calendar day",
    0x22: "calendar night",
    0x70: "input inactive",
    0x71: "input active",
    245: "relay off",
    246: "driver not found",
    250: "light input",
    252: "input",
    253: "manual",
}
REASONS_1_1 = REASONS | {248: "fallback"}
REASONS_1_0 = REASONS | {
    247: "calendar",
    248: "start",
    249: "profile not active",
    254: "value differs",
}
STEPS = {0x30: "calendar dawn step", 0x50: "calendar dusk step"}
ANGLE = Number("tiltAngle", "deg", "B", absent=(UNKNOWN,))
DARKEST = 0.001
"""The light sensor's 0, lx; each 4000 steps are ten times as much."""


def status_1_1(_device: Device, uplink: Uplink) -> list[Report]:
    """FPort 23; from 1.1.4 on, type 1, with its sensors."""
    cursor = Cursor(uplink.data)
    newer = packet(cursor, 0, 1) == 1
    cursor.take("<I")  # its clock
    flags = cursor.take("B")
    values = bits(flags, OF_1_1 if newer else OF_1_1 | INPUTS)
    if newer:
        values += bits(cursor.take("B"), {2: "drainOn"})
    values += _link(cursor)
    if newer:
        values += bits(cursor.take("B"), ALARMS)
        values += _sensors(Cursor(cursor.bytes(cursor.take("B"))))
    else:
        values += _inputs(cursor)
    found: list[Report] = [Reading(values=tuple(values))]
    while cursor.left:
        where, reason, level = (cursor.take("B") for _ in range(3))
        of_driver = driver(where, _reason(reason), level)
        found.append(Reading(values=(*of_driver, *failures(cursor.take("B")))))
    return found


def _inputs(cursor: Cursor) -> list[Value]:
    sent = cursor.take("B")
    values = bits(sent, {2: "drainOn"})
    if sent & 2:
        values.append(Value("lightInput", cursor.take("B"), "1"))
    return values + (bits(cursor.take("B"), ALARMS) if sent & 16 else [])


def _link(cursor: Cursor) -> list[Value]:
    return [
        Value("downlinkRssi", -cursor.take("B"), "dB[mW]"),
        Value("downlinkSnr", cursor.take("b"), "dB"),
        Value("temperature", cursor.take("b"), "Cel"),
    ]


def _sensors(cursor: Cursor) -> list[Value]:
    """What it knows of its sensors; behind one that is not known here nothing can be read."""
    values: list[Value] = []
    while cursor.left:
        kind = cursor.take("B")
        if kind == 1:
            values.append(Value("lightInput", cursor.take("B"), "1"))
        elif kind in (2, 3):
            name = "illuminance" if kind == 2 else "driverIlluminance"
            values.append(_light(name, cursor.take("<H")))
        elif kind == 4:
            values.append(Value("digitalInput", cursor.take("B") & 1, "1"))
        elif kind == 8:
            values += ANGLE.values(cursor.bytes(1))
        else:
            break
    return values


def _light(name: str, raw: int) -> Value:
    if raw == 0xFFFF:
        return Value(name, None, "lx", ("suspect",))
    return Value(name, round(DARKEST * 10 ** ((raw & 0x7FFF) / 4000), 3), "lx")


def _reason(raw: int) -> str:
    if raw < 8:
        return f"profile {raw}"
    for first, name in STEPS.items():
        if first <= raw < first + 16:
            return f"{name} {raw - first}"
    if 0x80 <= raw < 0x88:
        return f"light step {raw - 0x80}"
    return REASONS_1_1.get(raw, f"code {raw}")


def status_1_0(_device: Device, uplink: Uplink) -> list[Report]:
    """FPort 24: with its profiles."""
    cursor = Cursor(uplink.data)
    cursor.take("<I")  # its clock
    values = bits(cursor.take("B"), OF_1_0) + _link(cursor)
    sent = cursor.take("B")
    values += bits(sent, {2: "drainOn"} | ALARMS)
    if sent & 2:
        values.append(Value("lightInput", cursor.take("B"), "1"))
    found: list[Report] = [Reading(values=tuple(values))]
    while cursor.left:
        _, version, where, _, level = (cursor.take("B") for _ in range(5))
        why = REASONS_1_0.get(version, f"profile version {version}")
        found.append(Reading(values=tuple(driver(where, why, level))))
    return found

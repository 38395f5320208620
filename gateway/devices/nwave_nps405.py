"""Nwave NPS405 (SM and FM): whether a parking bay is occupied, how long it was not, tags of users.

How long the state before lasted is compressed to 7 bits: exact below 90 minutes, then in steps of
5 and of 60; `previousStateError` is how much longer it may have been. From 660 minutes on it is
flagged `saturated`.
Source: TheThingsNetwork/lorawan-devices, vendor/nwave: nps405 (ports, causes, scales) in the form
whose state is bit 0, which is that of its examples. The frame on port 6 is made.
"""

from gateway.devices import Boot, Field, Reading, Report, Status, UplinkExample
from gateway.devices._channels import Channel, by_size, open_ended
from gateway.devices._fields import Bits, Dotted, Number, Skip, Word
from gateway.devices._table import Table, by_port
from gateway.errors import Lost
from gateway.events import Value
from gateway.model import Device
from gateway.notices import Uplink

OCCUPIED = Bits(1, (("occupied", 0, 1),))
HEARTBEAT = (
    Bits(1, (("occupied", 0, 1), ("hardwareStatus", 1, 7))),
    Number("batteryVoltage", "V", "B", over=1000, times=4, plus=625),  # 2.5 V + 4 mV a step
    Number("temperature", "Cel", "b", over=2, plus=20),
)
CAUSES = {
    0: "joining again",
    1: "watchdog",
    2: "power on",
    3: "user request",
    6: "brown-out",
    7: "other",
}
START = (Dotted("firmwareVersion", 3), Word("bootCause", CAUSES), OCCUPIED)
OVERFLOW = 127


def _before(compressed: int) -> tuple[Value, ...]:
    if compressed == OVERFLOW:
        return (Value("previousStateDuration", 660, "min", ("saturated",)),)
    for first, step, minutes in ((120, 60, 240), (90, 5, 90), (0, 1, 0)):
        if compressed >= first:
            lasted = minutes + (compressed - first) * step
            return (
                Value("previousStateDuration", lasted, "min"),
                Value("previousStateError", step - 1, "min"),
            )
    raise AssertionError  # 7 bits are not below 0


def _state(state: int) -> tuple[Value, ...]:
    return (Value("occupied", state & 1, "1"), *_before(state >> 1))


def _parking(_device: Device, uplink: Uplink) -> list[Report]:
    if len(uplink.data) != 1:
        raise Lost(f"the frame: {len(uplink.data)} bytes instead of 1")
    return [Reading(values=_state(uplink.data[0]))]


def _registration(_device: Device, uplink: Uplink) -> list[Report]:
    """A user's tag; with its battery in the longer form."""
    data = uplink.data
    if len(data) not in (5, 6):
        raise Lost(f"the frame: {len(data)} bytes instead of 5 or 6")
    values = _state(data[0]) if data[0] & 1 else ()
    if len(data) == 6:
        values += (Value("tagBatteryVoltage", (data[1] & 63) / 10, "V"),)
    return [Reading(values=(*values, Value("tagId", data[-4:].hex(), "1")))]


decode = by_port(
    {
        1: _parking,
        2: Table({"": by_size(HEARTBEAT, (*HEARTBEAT, Skip(3)))}).decode,
        3: Table({"": Channel(START, "boot")}).decode,
        6: Table({"": open_ended("debug")}).decode,
        10: _registration,
    }
)
encode = None
TAKES: dict[str, tuple[Field, ...]] = {}

_PARKED = (
    Value("occupied", 1, "1"),
    Value("previousStateDuration", 74, "min"),
    Value("previousStateError", 0, "min"),
)
_REGISTERED = (
    Value("occupied", 1, "1"),
    Value("previousStateDuration", 160, "min"),
    Value("previousStateError", 4, "min"),
    Value("tagBatteryVoltage", 3.2, "V"),
    Value("tagId", "1f345678", "1"),
)
_HEART = (
    Value("occupied", 0, "1"),
    Value("hardwareStatus", 0, "1"),
    Value("batteryVoltage", 3.344, "V"),
    Value("temperature", -10.0, "Cel"),
)
_STARTED = (
    Value("firmwareVersion", "2.4.9", "1"),
    Value("bootCause", "power on", "1"),
    Value("occupied", 0, "1"),
)
UPLINKS = (
    UplinkExample(1, "95", (Reading(values=_PARKED),)),
    UplinkExample(10, "D1 20 1F345678", (Reading(values=_REGISTERED),)),
    UplinkExample(2, "00 D3 D8 00590B", (Reading(values=_HEART),)),
    UplinkExample(3, "020409 02 00", (Boot(values=_STARTED),)),
    UplinkExample(6, "0a0b", (Status(values=(Value("debug", "0a0b", "1"),)),)),
)
DOWNLINKS = ()

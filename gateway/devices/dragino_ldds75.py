"""Dragino LDDS75: ultrasonic distance sensor for levels, with a temperature probe.

A distance below 280 mm, which it sends as 20, is none: it is too near, or no echo came. 0 means
that the sensor is not there. Both leave the distance without a value, flagged `suspect`; so does
a frame that ends before the distance's interrupt byte.
Source: Dragino, LDDS75 User Manual, 2.3 (payload); TheThingsNetwork/lorawan-devices,
vendor/dragino: ldds75 (port, frame without a sensor). The manual is
quoted from memory; the examples are made after both.
"""

from gateway.devices import Field, Reading, Report, UplinkExample
from gateway.devices._channels import Channel, Choice
from gateway.devices._fields import Bits, Number, Skip
from gateway.devices._table import Table, by_port
from gateway.events import Value
from gateway.model import Device
from gateway.notices import Uplink

NEAREST_MM = 280
BATTERY = Bits(2, (("battery", 0, 14),))
HEAD = (BATTERY, Number("distance", "mm", ">H"))
INTERRUPT = Number("interrupt", "1", "B")
PROBE = (Number("temperature", "Cel", ">h", over=10), Number("sensorPresent", "1", "B"))
LAYOUTS = {
    4: Channel((BATTERY, Skip(2))),
    5: Channel((*HEAD, INTERRUPT)),
    8: Channel((*HEAD, INTERRUPT, *PROBE)),
}
TABLE = Table({"": Choice(LAYOUTS)})
NO_DISTANCE = Value("distance", None, "mm", ("suspect",))


def _frame(device: Device, uplink: Uplink) -> list[Report]:
    found: list[Report] = []
    for report in TABLE.decode(device, uplink):
        if isinstance(report, Reading):
            values = [_value(one) for one in report.values]
            if len(uplink.data) == min(LAYOUTS):
                values.append(NO_DISTANCE)
            found.append(Reading(values=tuple(values)))
    return found


def _value(one: Value) -> Value:
    if one.property == "battery" and isinstance(one.value, int):
        return Value("batteryVoltage", one.value / 1000, "V")
    near = isinstance(one.value, int) and one.value < NEAREST_MM
    return NO_DISTANCE if one.property == "distance" and near else one


decode = by_port({2: _frame})
encode = None
TAKES: dict[str, tuple[Field, ...]] = {}

_BATTERY = Value("batteryVoltage", 2.885, "V")
_SEEN = (
    _BATTERY,
    Value("distance", 2821, "mm"),
    Value("interrupt", 0, "1"),
    Value("temperature", 26.1, "Cel"),
    Value("sensorPresent", 1, "1"),
)
_COLD = (
    _BATTERY,
    NO_DISTANCE,
    Value("interrupt", 1, "1"),
    Value("temperature", -19.3, "Cel"),
    Value("sensorPresent", 1, "1"),
)
UPLINKS = (
    UplinkExample(2, "0B45 0B05 00 0105 01", (Reading(values=_SEEN),)),
    UplinkExample(2, "0B45 0014 01 FF3F 01", (Reading(values=_COLD),)),
    UplinkExample(2, "0B45 0B05 00", (Reading(values=_SEEN[:3]),)),
    UplinkExample(
        2, "0E1C 0B05", (Reading(values=(Value("batteryVoltage", 3.612, "V"), NO_DISTANCE)),)
    ),
)
DOWNLINKS = ()

"""Dragino LDDS75: ultrasonic distance sensor for levels, with a temperature probe.

A distance below 280 mm, which it sends as 20, is none: it is too near, or no echo came. 0 means
that the sensor is not there. Both leave the distance without a value, flagged `suspect`; so does
a frame that ends before the distance's interrupt byte.
Source: Dragino, LDDS75 User Manual, 2.3 (payload); TheThingsNetwork/lorawan-devices,
vendor/dragino: ldds75 (port, frame without a sensor). The manual is
quoted from memory; the examples are made after both.
"""

from gateway.devices import Field, Reading, UplinkExample
from gateway.devices._channels import by_size
from gateway.devices._fields import Number
from gateway.devices._table import Table, by_port
from gateway.events import Value

NEAREST_MM = 280
BATTERY = Number("batteryVoltage", "V", ">H", over=1000, mask=0x3FFF)
UNSURE = Number("distance", "mm", ">H", absent=range(1 << 16))
DISTANCE = Number("distance", "mm", ">H", absent=range(NEAREST_MM))
INTERRUPT = Number("interrupt", "1", "B")
PROBE = (Number("temperature", "Cel", ">h", over=10), Number("sensorPresent", "1", "B"))
LAYOUTS = by_size(
    (BATTERY, UNSURE),
    (BATTERY, DISTANCE, INTERRUPT),
    (BATTERY, DISTANCE, INTERRUPT, *PROBE),
)

decode = by_port({2: Table({"": LAYOUTS}).decode})
encode = None
TAKES: dict[str, tuple[Field, ...]] = {}

_NO_DISTANCE = Value("distance", None, "mm", ("suspect",))
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
    _NO_DISTANCE,
    Value("interrupt", 1, "1"),
    Value("temperature", -19.3, "Cel"),
    Value("sensorPresent", 1, "1"),
)
UPLINKS = (
    UplinkExample(2, "0B45 0B05 00 0105 01", (Reading(values=_SEEN),)),
    UplinkExample(2, "0B45 0014 01 FF3F 01", (Reading(values=_COLD),)),
    UplinkExample(2, "0B45 0B05 00", (Reading(values=_SEEN[:3]),)),
    UplinkExample(
        2, "0E1C 0B05", (Reading(values=(Value("batteryVoltage", 3.612, "V"), _NO_DISTANCE)),)
    ),
)
DOWNLINKS = ()

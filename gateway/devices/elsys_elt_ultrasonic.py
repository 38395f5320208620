"""ELSYS ELT Ultrasonic: distance for levels, with temperature, humidity, acceleration, pressure.

Source: TheThingsNetwork/lorawan-devices, vendor/elsys: elsys (types, scales) and the examples of
ELT Ultrasonic, changed in part; the second is made after it, of a battery.
"""

from gateway.devices import Field, Reading, UplinkExample
from gateway.devices._elsys import TABLE
from gateway.events import Value

decode = TABLE.decode
encode = None
TAKES: dict[str, tuple[Field, ...]] = {}

_SEEN = (
    Value("temperature", 22.6, "Cel"),
    Value("relativeHumidity", 0.41, "1"),
    Value("accelerationX", 1 / 63, "[g]"),
    Value("accelerationY", 39 / 63, "[g]"),
    Value("accelerationZ", -63 / 63, "[g]"),
    Value("airPressure", 1013.25, "hPa"),
    Value("distance", 8977, "mm"),
)
_COLD = (Value("externalTemperature", -10.1, "Cel"), Value("batteryVoltage", 3.6, "V"))
UPLINKS = (
    UplinkExample(5, "0100E2 0229 030127C1 14000F7602 0E2311", (Reading(values=_SEEN),)),
    UplinkExample(5, "0CFF9B 070E10", (Reading(values=_COLD),)),
)
DOWNLINKS = ()

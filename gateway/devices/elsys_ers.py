"""ELSYS ERS: illuminance, motion, temperature and humidity.

Source: TheThingsNetwork/lorawan-devices, vendor/elsys: elsys (types, scales) and the example of
ERS; the second is made after it.
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
    Value("illuminance", 39, "lx"),
    Value("motionCount", 6, "1"),
)
_SEEN_MORE = (Value("batteryVoltage", 3.6, "V"), Value("occupancyState", 2, "1"))
UPLINKS = (
    UplinkExample(5, "0100E2 0229 040027 0506", (Reading(values=_SEEN),)),
    UplinkExample(5, "070E10 1102", (Reading(values=_SEEN_MORE),)),
)
DOWNLINKS = ()

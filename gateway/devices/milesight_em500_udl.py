"""Milesight EM500-UDL: ultrasonic distance sensor for levels, that keeps what it could not send.

Source: Milesight-IoT/SensorDecoders, em-series/em500-udl: README (channels, example), decoder
(tenths of a millimetre in an alarm; answers to commands), encoder (ranges). None was at hand: the
other examples are made after those.
"""

from gateway.devices import Applied, Reading, UplinkExample
from gateway.devices._channels import Channel
from gateway.devices._fields import Number, Since, Word
from gateway.devices._milesight import BATTERY, DISTANCE, table
from gateway.devices._milesight_em500 import ANSWERS, SETTINGS
from gateway.devices._milesight_examples import downlinks
from gateway.events import Value

ALARM = (
    Number("distance", "mm", "<H", over=10),
    Number("distanceChange", "mm", "<H", over=10),
    Word("distanceAlarmKind", {0: "over", 1: "threshold", 2: "change"}),
)
CHANNELS = {
    "01 75": BATTERY,
    "03 82": Channel((DISTANCE,)),
    "83 e9": Channel(ALARM),
    "20 ce": Channel((Since("<I"), DISTANCE)),
}

TABLE = table(CHANNELS, SETTINGS, ANSWERS)
decode = TABLE.decode
encode = TABLE.encode
TAKES = TABLE.takes

_PERIODIC = (Value("batteryLevel", 1.0, "1"), Value("distance", 30, "mm"))
_ALARM = (
    Value("distance", 120.0, "mm"),
    Value("distanceChange", 50.5, "mm"),
    Value("distanceAlarmKind", "change", "1"),
)
_LATE = (Value("distance", 30, "mm", ("ok", "delayed")),)
_INTERVAL = {"report_s": 1200}

UPLINKS = (
    UplinkExample(85, "017564 03821E00", (Reading(values=_PERIODIC),)),
    UplinkExample(85, "83e9b004f90102", (Reading(values=_ALARM),)),
    UplinkExample(85, "20ce1033066b1e00", (Reading(values=_LATE, age_s=3600),)),
    UplinkExample(85, "ff03b004", (Applied(name="interval", values=_INTERVAL),)),
)
DOWNLINKS = downlinks(_INTERVAL, "ff03b004")

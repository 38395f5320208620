"""Frames of EM400-MUD and EM400-TLD and what they mean.

The READMEs of both have the same readings; the rest is made.
"""

from gateway.devices import Applied, Reading, Status, UplinkExample
from gateway.devices._milesight_examples import REBOOTED, downlinks
from gateway.events import Value

_PERIODIC = (
    Value("batteryLevel", 0.92, "1"),
    Value("temperature", 25.7, "Cel"),
    Value("distance", 2116, "mm"),
    Value("tilted", 1, "1"),
)
_ALARMS = (
    Value("temperature", 23.2, "Cel"),
    Value("temperatureAlarm", 1, "1"),
    Value("distance", 1601, "mm"),
    Value("distanceAlarm", 1, "1"),
)
_INTERVAL = {"report_s": 1200, "sample_s": 300}

UPLINKS = (
    UplinkExample(85, "01755C 03670101 04824408 050001", (Reading(values=_PERIODIC),)),
    UplinkExample(85, "8367e80001 8482410601", (Reading(values=_ALARMS),)),
    UplinkExample(
        85,
        "ff166749d19054690031",
        (Status(values=(Value("serialNumber", "6749d19054690031", "1"),)),),
    ),
    UplinkExample(85, "fe03b004 fe022c01", (Applied(name="interval", values=_INTERVAL),)),
    REBOOTED,
)
DOWNLINKS = downlinks(_INTERVAL, "ff03b004 ff022c01")

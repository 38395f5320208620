"""Milesight EM400-UDL: ultrasonic distance sensor for bins and tanks, with tilt and temperature.

Source: EM400-UDL User Guide, 5 (payload, port, examples); for what it answers to a command and the
ranges of settings, Milesight-IoT/SensorDecoders, EM400-UDL. None was at hand: the examples are the
maker's, but for the answers to commands, which are made after that source.
"""

from gateway.devices import Applied, Boot, Reading, Status, UplinkExample
from gateway.devices._milesight_em400 import TABLE
from gateway.devices._milesight_examples import REBOOTED, downlinks
from gateway.events import Value

decode = TABLE.decode
encode = TABLE.encode
TAKES = TABLE.takes

_ALARM = Value("distanceAlarm", 1, "1")
_FACTS = (
    Value("serialNumber", "6329c42903640033", "1"),
    Value("firmwareVersion", "1.1", "1"),
)
_PERIODIC = (
    Value("batteryLevel", 1.0, "1"),
    Value("temperature", 24.8, "Cel"),
    Value("distance", 257, "mm"),
    Value("tilted", 1, "1"),
)
_INTERVAL = {"report_s": 1200}

UPLINKS = (
    UplinkExample(85, "017564 0367f800 04820101 050001", (Reading(values=_PERIODIC),)),
    UplinkExample(85, "8482330701", (Reading(values=(Value("distance", 1843, "mm"), _ALARM)),)),
    UplinkExample(
        85,
        "8367220101",
        (Reading(values=(Value("temperature", 29.0, "Cel"), Value("temperatureAlarm", 1, "1"))),),
    ),
    UplinkExample(
        85, "ff0bff ff0101 ff166329c42903640033 ff090100 ff0a0101 ff0f00", (Boot(values=_FACTS),)
    ),
    UplinkExample(85, "ff166329c42903640033 ff0a0101", (Status(values=_FACTS),)),
    UplinkExample(85, "fe03b004", (Applied(name="interval", values=_INTERVAL),)),
    REBOOTED,
)
DOWNLINKS = downlinks(_INTERVAL, "ff03b004")

"""Milesight EM400-TLD: time-of-flight distance sensor for bins and tanks, with tilt, temperature.

Source: Milesight-IoT/SensorDecoders, em-series/em400-tld: README (channels, examples), decoder
(answers to commands), encoder (ranges). None was at hand: the answers and downlinks are made after
those.
"""

from gateway.devices import Applied, DownlinkExample, Reading, Status, UplinkExample
from gateway.devices._milesight_em400 import TABLE
from gateway.events import Value
from gateway.model import Command

decode = TABLE.decode
encode = TABLE.encode
TAKES = TABLE.takes

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
    UplinkExample(85, "ff10ff", (Applied(name="reboot", values={}),)),
)
DOWNLINKS = (
    DownlinkExample(
        Command(id="", dev_eui="", name="interval", values=_INTERVAL, token=1),
        85,
        "ff03b004 ff022c01",
    ),
    DownlinkExample(Command(id="", dev_eui="", name="reboot", values={}, token=1), 85, "ff10ff"),
)

"""Milesight EM500-UDL: ultrasonic distance sensor for levels, that keeps what it could not send.

Source: Milesight-IoT/SensorDecoders, em-series/em500-udl: README (channels, example), decoder
(tenths of a millimetre in an alarm; answers to commands), encoder (ranges). None was at hand: the
other examples are made after those.
"""

from gateway.devices import Applied, DownlinkExample, Reading, UplinkExample
from gateway.devices._channels import Channel
from gateway.devices._fields import Number, Since, Word
from gateway.devices._milesight import (
    BATTERY,
    DISTANCE,
    EM500_ANSWERS,
    REPORT,
    SAMPLE,
    nothing,
    table,
)
from gateway.devices._settings import Setting
from gateway.events import Value
from gateway.model import Command

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
ANSWERS = {
    "02": SAMPLE,
    "03": REPORT,
    **{kind: nothing(size) for kind, size in EM500_ANSWERS.items()},
}
SETTINGS = (
    Setting("report_s", "ff 03", "<H", 60, 64_800),
    Setting("sample_s", "ff 02", "<H", 60, 64_800),
)

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
DOWNLINKS = (
    DownlinkExample(
        Command(id="", dev_eui="", name="interval", values=_INTERVAL, token=1), 85, "ff03b004"
    ),
    DownlinkExample(Command(id="", dev_eui="", name="reboot", values={}, token=1), 85, "ff10ff"),
)

"""Milesight EM400-UDL: ultrasonic distance sensor for bins and tanks, with tilt and temperature.

Source: EM400-UDL User Guide, 5 (payload, port, examples); for what it answers to a command and the
ranges of settings, Milesight-IoT/SensorDecoders, EM400-UDL. None was at hand: the examples are the
maker's, but for the answers to commands, which are made after that source.
"""

from gateway.devices import Applied, Boot, DownlinkExample, Reading, Status, UplinkExample
from gateway.devices._fields import Channel, Digits, Number, Setting, Skip
from gateway.devices._table import Table
from gateway.events import Value
from gateway.model import Command

BATTERY = Number("batteryLevel", "1", "B", over=100, high=100)
TEMPERATURE = Number("temperature", "Cel", "<h", over=10)
DISTANCE = Number("distance", "mm", "<H")
TILTED = Number("tilted", "1", "B", high=1)
TEMPERATURE_ALARM = Number("temperatureAlarm", "1", "B", high=1)
DISTANCE_ALARM = Number("distanceAlarm", "1", "B", high=1)
REPORT = Number("report_s", "s", "<H")
SAMPLE = Number("sample_s", "s", "<H")

CHANNELS = {
    "01 75": Channel((BATTERY,)),
    "03 67": Channel((TEMPERATURE,)),
    "04 82": Channel((DISTANCE,)),
    "05 00": Channel((TILTED,)),  # 1: by 20 degrees or more
    "83 67": Channel((TEMPERATURE, TEMPERATURE_ALARM)),  # a change of more than 5 degrees
    "84 82": Channel((DISTANCE, DISTANCE_ALARM)),  # 0: it is over
    "ff 0b": Channel((Skip(1),), "boot"),
    "ff 01": Channel((Skip(1),), "status"),  # version of the protocol
    "ff 09": Channel((Skip(2),), "status"),  # of the hardware
    "ff 0a": Channel((Digits("firmwareVersion", 2, dot=2),), "status"),
    "ff 0f": Channel((Skip(1),), "status"),  # class of LoRaWAN
    "ff 16": Channel((Digits("serialNumber", 8),), "status"),
}
ANSWERS = {
    "02": Channel((SAMPLE,), "applied", "interval"),
    "03": Channel((REPORT,), "applied", "interval"),
    "10": Channel((Skip(1),), "applied", "reboot"),
}
"""An answer to a command comes on channel fe or ff."""
COMMANDS = {
    "interval": (
        Setting("report_s", "ff 03", "<H", 60, 64_800),
        Setting("sample_s", "ff 02", "<H", 60, 64_800),
    ),
    "reboot": ("ff 10 ff",),
}
ON_BOTH = {f"{channel} {kind}": one for channel in ("fe", "ff") for kind, one in ANSWERS.items()}

TABLE = Table(CHANNELS | ON_BOTH, COMMANDS, fport=85)
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
_INTERVAL = Command(id="", dev_eui="", name="interval", values={"report_s": 1200}, token=1)
_REBOOT = Command(id="", dev_eui="", name="reboot", values={}, token=1)

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
    UplinkExample(85, "fe03b004", (Applied(name="interval", values={"report_s": 1200}),)),
    UplinkExample(85, "ff10ff", (Applied(name="reboot", values={}),)),
)
DOWNLINKS = (
    DownlinkExample(_INTERVAL, 85, "ff03b004"),
    DownlinkExample(_REBOOT, 85, "ff10ff"),
)

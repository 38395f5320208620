"""Milesight EM310-UDL: ultrasonic distance sensor for bins and parking, with tilt.

Source: Milesight-IoT/SensorDecoders, em-series/em310-udl: README (channels, example), decoder
(answers to commands), encoder (ranges). None was at hand: the answers and downlinks are made after
those.
"""

from gateway.devices import Applied, Reading, UplinkExample
from gateway.devices._channels import Channel
from gateway.devices._milesight import BATTERY, DISTANCE, REPORT, SAMPLE, TILTED, nothing, table
from gateway.devices._milesight_examples import REBOOTED, downlinks
from gateway.devices._settings import Setting
from gateway.events import Value

CHANNELS = {
    "01 75": BATTERY,
    "03 82": Channel((DISTANCE,)),
    "04 00": Channel((TILTED,)),
}
ANSWERS = {"02": SAMPLE, "03": REPORT, "06": nothing(9)}
SETTINGS = (
    Setting("report_s", "ff 03", "<H", 1, 65_535),
    Setting("sample_s", "ff 02", "<H", 10, 60),
)

TABLE = table(CHANNELS, SETTINGS, ANSWERS)
decode = TABLE.decode
encode = TABLE.encode
TAKES = TABLE.takes

_PERIODIC = (
    Value("batteryLevel", 0.92, "1"),
    Value("distance", 2116, "mm"),
    Value("tilted", 1, "1"),
)
_INTERVAL = {"report_s": 600, "sample_s": 30}

UPLINKS = (
    UplinkExample(85, "01755C 03824408 040001", (Reading(values=_PERIODIC),)),
    UplinkExample(85, "fe035802 fe021e00", (Applied(name="interval", values=_INTERVAL),)),
    REBOOTED,
)
DOWNLINKS = downlinks(_INTERVAL, "ff035802 ff021e00")

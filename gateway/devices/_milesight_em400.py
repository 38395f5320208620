"""What the three products EM400 share. Source: as `_milesight`."""

from gateway.devices._channels import Channel
from gateway.devices._milesight import (
    BATTERY,
    DISTANCE,
    DISTANCE_ALARM,
    REPORT,
    SAMPLE,
    TEMPERATURE,
    TEMPERATURE_ALARM,
    TILTED,
    nothing,
    table,
)
from gateway.devices._settings import Setting

CHANNELS = {
    "01 75": BATTERY,
    "03 67": Channel((TEMPERATURE,)),
    "04 82": Channel((DISTANCE,)),
    "05 00": Channel((TILTED,)),  # 1: by 20 degrees or more
    "83 67": Channel((TEMPERATURE, TEMPERATURE_ALARM)),  # 0: it is over
    "84 82": Channel((DISTANCE, DISTANCE_ALARM)),
}
ANSWERS = {
    "02": SAMPLE,
    "03": REPORT,
    "06": nothing(9),
    "13": nothing(1),
    "1c": nothing(2),
    "28": nothing(1),
    "3e": nothing(1),
    "4a": nothing(1),
    "56": nothing(1),
    "70": nothing(2),
    "71": nothing(1),
    "77": nothing(2),
}
SETTINGS = (
    Setting("report_s", "ff 03", "<H", 60, 64_800),
    Setting("sample_s", "ff 02", "<H", 60, 64_800),
)
TABLE = table(CHANNELS, SETTINGS, ANSWERS)

"""Milesight EM500-LGT: illuminance sensor for outdoors, that keeps what it could not send.

Source: Milesight-IoT/SensorDecoders, em-series/em500-lgt: README (channels, example), decoder
(answers to commands), encoder (ranges). None was at hand: the other examples are made after those.
"""

from gateway.devices import Applied, Reading, UplinkExample
from gateway.devices._channels import Channel
from gateway.devices._fields import Number, Since
from gateway.devices._milesight import BATTERY, table
from gateway.devices._milesight_em500 import ANSWERS, SETTINGS
from gateway.devices._milesight_examples import downlinks
from gateway.events import Value

ILLUMINANCE = Number("illuminance", "lx", "<I")
CHANNELS = {
    "01 75": BATTERY,
    "03 94": Channel((ILLUMINANCE,)),
    "20 ce": Channel((Since("<I"), ILLUMINANCE)),
}

TABLE = table(CHANNELS, SETTINGS, ANSWERS)
decode = TABLE.decode
encode = TABLE.encode
TAKES = TABLE.takes

_PERIODIC = (Value("batteryLevel", 1.0, "1"), Value("illuminance", 80, "lx"))
_LATE = (Value("illuminance", 100_000, "lx", ("ok", "delayed")),)
_INTERVAL = {"sample_s": 60}

UPLINKS = (
    UplinkExample(85, "017564 039450000000", (Reading(values=_PERIODIC),)),
    UplinkExample(85, "20ce1033066ba0860100", (Reading(values=_LATE, age_s=3600),)),
    UplinkExample(85, "fe023c00", (Applied(name="interval", values=_INTERVAL),)),
)
DOWNLINKS = downlinks(_INTERVAL, "ff023c00")

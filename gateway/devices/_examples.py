"""Frames of our own devices and what they mean: the examples of `gateway.devices.lamplighter`."""

from msgspec.structs import replace

from gateway.devices import Applied, DownlinkExample, Reading, UplinkExample
from gateway.events import Value
from gateway.model import Command

_FILL = Value("fillingLevel", 0.73, "1")
_REST = (Value("distance", 412, "mm"), Value("batteryVoltage", 3.3, "V"))
_SET = {"config_version": 7, "level": 40, "ramp": 1}
_DIM = Command(id="", dev_eui="", name="dim", values={"level": 40, "ramp": 1}, token=513)

_NO_ECHO = tuple(
    Value(name, None, unit, ("suspect",))
    for name, unit in (("fillingLevel", "1"), ("distance", "mm"))
)
_BATCH = (
    Reading(seq=100, age_s=1200, values=(Value("fillingLevel", 0.5, "1", ("ok", "delayed")),)),
    Reading(seq=101, age_s=600, values=_NO_ECHO),
    Reading(seq=102, values=(Value("fillingLevel", 0.53, "1"),)),
)
"""Three fills, 10 minutes apart, the second without an echo."""

UPLINKS = (
    UplinkExample(10, "0a 000100009219c700d043", (Reading(seq=1, values=(_FILL, *_REST)),)),
    UplinkExample(50, "0066114cb9976ffe43", _BATCH),
    UplinkExample(21, "0e 02010000075003ffffffffffffff", (Applied(token=513, values=_SET),)),
)
DOWNLINKS = (
    DownlinkExample(replace(_DIM, expires_at_ms=1_795_572_000_000), 30, "02016b0641205003ffff"),
)

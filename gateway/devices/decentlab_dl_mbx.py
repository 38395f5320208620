"""Decentlab DL-MBX: ultrasonic distance sensor for levels.

A bit of the flags says whether its sensor, and then whether its battery, follows.
Source: TheThingsNetwork/lorawan-devices, vendor/decentlab: dl-mbx (layout, examples; the one
without a valid sample is made after it).
"""

from msgspec.structs import replace

from gateway.devices import Field, Reading, Report, UplinkExample
from gateway.devices._channels import Channel, Choice
from gateway.devices._fields import Number, Skip
from gateway.devices._table import Table
from gateway.events import Value
from gateway.model import Device
from gateway.notices import Uplink

HEAD = Skip(4)  # number of the device, flags
SENSOR = (Number("distance", "mm", ">H"), Number("validSamples", "1", ">H"))
BATTERY = Number("batteryVoltage", "V", ">H", over=1000)
LAYOUTS = {
    0: Channel((HEAD,)),
    1: Channel((HEAD, *SENSOR)),
    2: Channel((HEAD, BATTERY)),
    3: Channel((HEAD, *SENSOR, BATTERY)),
}

TABLE = Table({"02": Choice(LAYOUTS, at=3)})
NO_SAMPLE = Value("validSamples", 0, "1")


def decode(device: Device, uplink: Uplink) -> list[Report]:
    """See gateway.devices; a distance of no valid sample is `suspect`."""
    return [
        Reading(
            values=tuple(
                replace(value, quality=("suspect",))
                if value.property == "distance" and NO_SAMPLE in one.values
                else value
                for value in one.values
            )
        )
        for one in TABLE.decode(device, uplink)
        if isinstance(one, Reading)
    ]


encode = None
TAKES: dict[str, tuple[Field, ...]] = {}

_BATTERY = Value("batteryVoltage", 2.993, "V")
UPLINKS = (
    UplinkExample(
        1,
        "02 012f 0003 04d2 0001 0bb1",
        (
            Reading(
                values=(Value("distance", 1234, "mm"), Value("validSamples", 1, "1"), _BATTERY)
            ),
        ),
    ),
    UplinkExample(
        1,
        "02 012f 0001 0000 0000",
        (Reading(values=(Value("distance", 0, "mm", ("suspect",)), NO_SAMPLE)),),
    ),
    UplinkExample(1, "02 012f 0002 0bb1", (Reading(values=(_BATTERY,)),)),
)
DOWNLINKS = ()

"""IMBuildings People Counter: passages in both directions, by infrared, on battery.

Counter A is inbound, counter B outbound; which way that is depends on how it hangs. Totals have 16
bits. With its header a frame names type, variant and device; without it, its FPort does.
Source: TheThingsNetwork/lorawan-devices, vendor/imbuildings: codec (ports, variants, example);
the frames on ports 26 and 27 are made after it.
"""

from gateway.devices import Field, Reading, Report, Status, UplinkExample
from gateway.devices._channels import Channel, by_size
from gateway.devices._fields import AnyField, Digits, Number
from gateway.devices._table import Table
from gateway.events import Value
from gateway.model import Device
from gateway.notices import Uplink

DEVICE = (Number("deviceStatus", "1", "B"), Number("batteryVoltage", "V", ">H", over=100))
COUNTS = (Number("inboundIntervalCount", "1", ">H"), Number("outboundIntervalCount", "1", ">H"))
SENSOR = (Number("sensorStatus", "1", "B"),)
TOTALS = (Number("inboundCount", "1", ">H"), Number("outboundCount", "1", ">H"))
NUMBER = (Number("payloadCounter", "1", "B"),)
VARIANTS: dict[int, tuple[AnyField, ...]] = {
    5: (*DEVICE, *COUNTS, *SENSOR, *NUMBER),
    6: (*DEVICE, *COUNTS, *SENSOR, *TOTALS, *NUMBER),
    7: (*SENSOR, *TOTALS),
    8: (*DEVICE, *SENSOR),
}
"""Of the people counter, type 2."""
LONGER = {7: (*DEVICE, *SENSOR, *TOTALS)}
"""What else a variant may be behind the header."""
PORTS = {26: 6, 27: 7, 28: 8}
"""FPort -> variant, of frames without a header."""


WITHOUT = {port: Table({"": Channel(VARIANTS[variant])}) for port, variant in PORTS.items()}
HEADER = Digits("serialNumber", 8)
HEADED = Table(
    {
        f"02 {variant:02x}": by_size((HEADER, *fields), (HEADER, *LONGER.get(variant, fields)))
        for variant, fields in VARIANTS.items()
    }
)
SERIAL = "serialNumber"


def decode(device: Device, uplink: Uplink) -> list[Report]:
    """See gateway.devices; the serial number is a fact of the device, no reading."""
    variant = PORTS.get(uplink.fport)
    if variant and len(uplink.data) == sum(one.size for one in VARIANTS[variant]):
        return WITHOUT[uplink.fport].decode(device, uplink)
    found: list[Report] = []
    for report in HEADED.decode(device, uplink):
        if isinstance(report, Reading):
            facts = tuple(one for one in report.values if one.property == SERIAL)
            found.append(Status(values=facts))
            values = tuple(one for one in report.values if one.property != SERIAL)
            found.append(Reading(values=values))
    return found


encode = None
TAKES: dict[str, tuple[Field, ...]] = {}

_COUNTED = (
    Value("deviceStatus", 0, "1"),
    Value("batteryVoltage", 2.56, "V"),
    Value("inboundIntervalCount", 0, "1"),
    Value("outboundIntervalCount", 0, "1"),
    Value("sensorStatus", 32, "1"),
    Value("inboundCount", 13, "1"),
    Value("outboundCount", 10, "1"),
    Value("payloadCounter", 106, "1"),
)
UPLINKS = (
    UplinkExample(
        1,
        "0206 0004a30b00f0d40e 00 0100 0000 0000 20 000d 000a 6a",
        (
            Status(values=(Value("serialNumber", "0004a30b00f0d40e", "1"),)),
            Reading(values=_COUNTED),
        ),
    ),
    UplinkExample(26, "00 0100 0000 0000 20 000d 000a 6a", (Reading(values=_COUNTED),)),
    UplinkExample(27, "20 000d 000a", (Reading(values=_COUNTED[4:7]),)),
)
DOWNLINKS = ()

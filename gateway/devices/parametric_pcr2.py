"""Parametric PCR2: radar people counter, left to right and right to left, also on solar power.

Left to right is inbound, the other way outbound. Totals have 16 bits and begin at 0 with the
power. Its default, short frame has counts and its temperature alone.
Source: TheThingsNetwork/lorawan-devices, vendor/parametric: pcr2 (layouts, ports, examples); the
short frame is made after its layout.
"""

from gateway.devices import Field, Reading, Status, UplinkExample
from gateway.devices._channels import Channel, Choice, by_size
from gateway.devices._fields import AnyField, Dotted, Number
from gateway.devices._table import Table, by_port
from gateway.events import Value


def _bytes(*names: str) -> tuple[AnyField, ...]:
    return tuple(Number(name, "1", "B") for name in names)


def _period(name: str, unit: str = "min") -> Number:
    return Number(name, unit, ">H")


INBOUND = Number("inboundIntervalCount", "1", ">H")
OUTBOUND = Number("outboundIntervalCount", "1", ">H")
TEMPERATURE = Number("temperature", "Cel", ">h", over=10)
COUNTS = (
    INBOUND,
    OUTBOUND,
    Number("inboundCount", "1", ">H"),
    Number("outboundCount", "1", ">H"),
)
SOLAR = Number("solarPower", "W", ">H", over=1000)
READINGS = Table(
    {
        "0a": Channel((INBOUND,)),
        "16": Channel((OUTBOUND,)),
        "01": Channel((TEMPERATURE,)),
        "be 01 03": Channel(
            (*COUNTS, Number("batteryLevel", "1", "B", over=100), SOLAR, TEMPERATURE)
        ),
        "be 01 04": Channel(
            (*COUNTS, Number("batteryVoltage", "V", ">H", over=1000), SOLAR, TEMPERATURE)
        ),
    }
)

BEGIN = (*_bytes("deviceType"), Dotted("firmwareVersion", 3))
MODE = _bytes("operationMode", "payloadType")
UPLINK = (
    *_bytes("deviceClass", "uplinkType"),
    _period("uplinkInterval"),
    _period("linkCheckInterval"),
    Number("capacityLimit", "1", ">H"),
    _period("holdoffTime", "s"),
)
VIEW = (Number("nearestDistance", "cm", ">H"), Number("farthestDistance", "cm", ">H"))
SPEEDS = _bytes("slowestSpeed", "fastestSpeed")
TO_V4 = (
    *BEGIN,
    *MODE,
    *UPLINK,
    _period("inactivityTimeout"),
    *_bytes("mountingDirection", "mountingTilt", "detectionAngle"),
    *VIEW,
    *SPEEDS,
    *_bytes("radarSensitivity"),
)
TO_V5 = (
    *BEGIN,
    *MODE,
    *UPLINK,
    _period("inactivityTimeout"),
    *_bytes("radarOn", "beamAngle"),
    *VIEW,
    *SPEEDS,
    *_bytes("radarAutotune", "radarSensitivity"),
    Dotted("chargerFirmwareVersion", 3),
)
OLDEST = (
    *BEGIN,
    *MODE,
    *_bytes("uplinkType"),
    _period("uplinkInterval"),
    _period("linkCheckInterval"),
    _period("holdoffTime", "s"),
    *_bytes("radarSensitivity"),
)
FACTS: dict[str, Channel | Choice] = {
    "be 01 03": Channel((*BEGIN, *MODE, *UPLINK, *_bytes("radarSensitivity")), "status"),
    "be 01 04": Channel(TO_V4, "status"),
    "be 01 05": Channel(TO_V5, "status"),
    "be 01 06": Channel((*TO_V5, *_bytes("radarChannel")), "status"),
    "": by_size(OLDEST, kind="status"),
}
decode = by_port({14: READINGS.decode, 190: Table(FACTS).decode})
encode = None
TAKES: dict[str, tuple[Field, ...]] = {}

_V4 = (
    Value("inboundIntervalCount", 1, "1"),
    Value("outboundIntervalCount", 2, "1"),
    Value("inboundCount", 3, "1"),
    Value("outboundCount", 4, "1"),
    Value("batteryVoltage", 7.2, "V"),
    Value("solarPower", 3.3, "W"),
    Value("temperature", 31.3, "Cel"),
)
_SHORT = (*_V4[:2], _V4[-1])
_FACTS = (
    Value("deviceType", 1, "1"),
    Value("firmwareVersion", "3.10.0", "1"),
    Value("operationMode", 0, "1"),
    Value("payloadType", 2, "1"),
    Value("deviceClass", 0, "1"),
    Value("uplinkType", 1, "1"),
    Value("uplinkInterval", 10, "min"),
    Value("linkCheckInterval", 1440, "min"),
    Value("capacityLimit", 0, "1"),
    Value("holdoffTime", 0, "s"),
    Value("inactivityTimeout", 120, "min"),
    Value("radarOn", 1, "1"),
    Value("beamAngle", 40, "1"),
    Value("nearestDistance", 50, "cm"),
    Value("farthestDistance", 200, "cm"),
    Value("slowestSpeed", 1, "1"),
    Value("fastestSpeed", 7, "1"),
    Value("radarAutotune", 0, "1"),
    Value("radarSensitivity", 60, "1"),
    Value("chargerFirmwareVersion", "4.1.1", "1"),
)
UPLINKS = (
    UplinkExample(14, "be0104 0001 0002 0003 0004 1c20 0ce4 0139", (Reading(values=_V4),)),
    UplinkExample(14, "0a0001 160002 010139", (Reading(values=_SHORT),)),
    UplinkExample(
        190,
        "be0105 01 030a00 00 02 00 01 000a 05a0 0000 0000 0078 01 28 0032 00c8 01 07 00 3c 040101",
        (Status(values=_FACTS),),
    ),
)
DOWNLINKS = ()
